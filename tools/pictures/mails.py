"""The HTML of some built-in mails, made by the program's own renderer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert, AlertEvent, alert_event
from kube_wecom_eventer.apprise_library import MAIL
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import ChatWording, Merged, Renderer, Style, Templates, notice_bodies
from kube_wecom_eventer.render.samples import sample_events

_AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


def mails(lang: str) -> Iterator[tuple[str, str]]:
    """Yield names with pages: of one event, of one alert, and of several alerts."""
    events = sample_events(_AT)
    over = _alert("KubePodCrashLooping", "cart", "warning", "cart restarts again and again", lasted=12)
    fires = _alert("HighLatency", "checkout", "critical", "p99 of checkout is 2.5 s")
    mild = _alert("KubeHpaMaxedOut", "search", "info", "search runs at its largest")
    cases = {
        "single": [Merged(events["failed-scheduling"], 3)],
        "alert": [Merged(fires)],
        "alerts": [Merged(fires), Merged(over, 3), Merged(mild)],
    }
    renderer = Renderer(
        templates=Templates(metrics=Metrics()), zone=ZoneInfo("Asia/Shanghai"), bodies=notice_bodies(MAIL)
    )
    style = Style(msgtype="html", lang=lang, cluster="prod-1")
    for name, items in cases.items():
        body = json.loads(ChatWording(renderer=renderer, template=None, style=style).message(items).body)
        yield name, body["html"]["content"]


def _alert(name: str, deployment: str, severity: str, summary: str, *, lasted: int | None = None) -> AlertEvent:
    runbook = {"runbook_url": f"https://runbooks.example.com/{name}"}
    return alert_event(
        Alert(
            status=FIRING if lasted is None else RESOLVED,
            labels={"alertname": name, "severity": severity, "namespace": "payments", "deployment": deployment},
            annotations={"summary": summary, **runbook},
            starts_at=_AT,
            ends_at=None if lasted is None else _AT + timedelta(minutes=lasted),
            generator_url="https://prometheus.example.com/graph",
        )
    )
