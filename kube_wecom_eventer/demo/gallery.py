"""Every built-in message as a WeCom group shows it, made by the program's own renderer.

Owns the events that the samples are about. The page's gallery and the pictures in the docs show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kube_wecom_eventer.demo.feed import message_entry
from kube_wecom_eventer.demo.ledger import stands_for
from kube_wecom_eventer.demo.records import Told
from kube_wecom_eventer.demo.wecom import Received
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import ChatWording, Merged, Renderer, Style, Templates

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
DELAY = 0.008  # seconds; what a quiet daemon takes

_KINDS = ("text", "markdown", "markdown_v2", "template_card")
_LANGS = ("zh", "en")
_MENTIONED = {"text": ("wangqing", "@all"), "markdown": ("wangqing", "lina")}
_DIGESTS = ("text", "markdown", "markdown_v2")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One message: of which type, in which language, in which case (single, mentions, digest), and its body."""

    kind: str
    lang: str
    case: str
    body: Any

    @property
    def name(self) -> str:
        """Unique, and fit for an address."""
        return f"{self.kind}-{self.case}-{self.lang}"


def samples() -> Iterator[Sample]:
    """All built-in messages, by type, case and language."""
    for kind in _KINDS:
        for case in ("single", "mentions", "digest"):
            for lang in _LANGS:
                style = Style(msgtype=kind, lang=lang, cluster="prod-1")
                if case == "single":
                    yield Sample(kind=kind, lang=lang, case=case, body=_body([_single()], style))
                elif case == "mentions" and kind in _MENTIONED:
                    style = replace(style, mentioned_list=_MENTIONED[kind])
                    yield Sample(kind=kind, lang=lang, case=case, body=_body([_single()], style))
                elif case == "digest" and kind in _DIGESTS:
                    yield Sample(kind=kind, lang=lang, case=case, body=_body(_many(), style))


def gallery() -> bytes:
    """The samples as JSON, each as the page's stream would bring it."""
    entries = []
    for number, sample in enumerate(samples()):
        received = Received(at=AT, key="", body=sample.body, errcode=0, errmsg="ok", accepted=True)
        count = stands_for(received)
        told = Told(received=received, group=0, stands_for=count, delay=DELAY if count == 1 else None)
        named = {"name": sample.name, "kind": sample.kind, "lang": sample.lang, "case": sample.case}
        entries.append({**named, "message": {**message_entry(told), "id": number}})
    return msgspec.json.encode(entries)


def _body(items: list[Merged], style: Style) -> Any:
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=ZONE)
    message = ChatWording(renderer=renderer, template=None, style=style).message(items)
    return msgspec.json.decode(message.body)


def _single() -> Merged:
    return Merged(
        _event("BackOff", "Pod", "payments", "checkout-7d9f", "Back-off restarting failed container", count=3)
    )


def _many() -> list[Merged]:
    image = 'Back-off pulling image "registry.example.com/shop/cart:v1.56"'
    probe = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    memory = "Memory cgroup out of memory: Killed process 28714 (java)"
    return [
        Merged(
            _event("BackOff", "Pod", "payments", "checkout-7d9f", "Back-off restarting failed container"),
            24,
            "checkout",
        ),
        Merged(_event("BackOff", "Pod", "shop", "cart-5c8d", image), 6, "cart"),
        Merged(_event("Unhealthy", "Pod", "search", "query-0", probe), 2),
        Merged(_event("OOMKilling", "Node", "", "node-gz-01", memory)),
    ]


def _event(reason: str, kind: str, namespace: str, name: str, message: str, *, count: int = 1) -> Event:
    involved = {"kind": kind, "namespace": namespace, "name": name}
    if kind == "Pod":
        involved["fieldPath"] = "spec.containers{web}"
    content = {
        "metadata": {"name": f"{name}.1", "namespace": namespace or "default"},
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": count,
        "lastTimestamp": AT.isoformat(),
        "source": {"component": "kubelet", "host": "node-1"},
    }
    return msgspec.convert(content, Event)
