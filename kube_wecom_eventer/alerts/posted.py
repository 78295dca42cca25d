"""What was posted becomes alerts: Alertmanager's webhook, or the list that Prometheus posts to an Alertmanager.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config and
https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert, AlertGroup, identity_of
from kube_wecom_eventer.render.text import cut_bytes

MOST_ALERTS = 5_000
"""Alerts of one request; Prometheus posts 64 at once, Alertmanager a whole group."""

_MOST_NAMES = 64
"""Labels, and annotations, of an alert that are kept; of more the first ones by name."""

_LONGEST_LABEL, _LONGEST_ANNOTATION, _LONGEST_URL = 1024, 4096, 2048
"""Bytes of a value that are kept."""

_LONGEST_NAME = 128
"""Bytes of a label's or annotation's name that are kept."""

_LONGEST_TOGETHER = 8192
"""Bytes of all values of an alert's labels, and of its annotations; what is beyond is cut off the longest ones."""

_MOST_PROBLEMS = 5
_MOST_LEFT_OUT = 1_000_000
_NAMELESS = "the name of a label or annotation"
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)


class NoAlerts(ValueError):
    """What was posted is no alerts; in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """``problems``: a line for each that could not be taken. ``left_out``: how many Alertmanager did not send, because
    of its max_alerts. ``listed``: they came as Prometheus' list, which repeats what is over for a while."""

    alerts: tuple[Alert, ...]
    problems: tuple[str, ...] = ()
    left_out: int = 0
    listed: bool = False


class _Webhook(msgspec.Struct, rename="camel"):
    alerts: list[msgspec.Raw]
    receiver: str = ""
    group_labels: dict[str, str] | None = None
    external_url: str = msgspec.field(default="", name="externalURL")
    truncated_alerts: int = 0


class _Alert(msgspec.Struct, rename="camel"):
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    status: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(default="", name="generatorURL")
    fingerprint: str = ""


_webhook = msgspec.json.Decoder(_Webhook)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_alert = msgspec.json.Decoder(_Alert)


def read_posted(body: bytes, *, now: datetime) -> Posted:
    """Read a request's body; alerts that are none are told in ``problems`` and leave the others alone.

    Raises:
        NoAlerts: it is neither a webhook of Alertmanager nor a list, or holds more than MOST_ALERTS.
    """
    listed = body.lstrip()[:1] == b"["
    try:
        webhook = _Webhook(alerts=_list.decode(body)) if listed else _webhook.decode(body)
    except _UNREADABLE as error:
        what = "a list of alerts" if listed else "a webhook of Alertmanager, an object with a list 'alerts',"
        raise NoAlerts(f"the body is not {what} in JSON: {error}") from None
    if len(webhook.alerts) > MOST_ALERTS:
        raise NoAlerts(f"{len(webhook.alerts)} alerts in one request; at most {MOST_ALERTS} are taken, see group_by")
    group = AlertGroup(
        receiver=cut_bytes(webhook.receiver, _LONGEST_LABEL, mark="…"),
        labels=_kept(webhook.group_labels or {}, _LONGEST_LABEL),
        external_url=_url(webhook.external_url),
    )
    alerts: list[Alert] = []
    problems: list[str] = []
    for number, raw in enumerate(webhook.alerts):
        try:
            alerts.append(_read(_alert.decode(raw), group, now=now))
        except _UNREADABLE as error:
            problems.append(f"alerts[{number}]: {error}")
    more = len(problems) - _MOST_PROBLEMS
    if more > 0:
        problems[_MOST_PROBLEMS:] = [f"and {more} more"]
    left_out = min(max(0, webhook.truncated_alerts), _MOST_LEFT_OUT)
    return Posted(alerts=tuple(alerts), problems=tuple(problems), left_out=left_out, listed=listed)


def _read(written: _Alert, group: AlertGroup, *, now: datetime) -> Alert:
    labels = {name: value for name, value in written.labels.items() if value}
    if not labels:
        raise ValueError("it has no labels")
    if "" in labels or "" in (written.annotations or {}):
        raise ValueError(f"{_NAMELESS} is empty")
    ends_at = _time(written.ends_at)
    starts_at = _time(written.starts_at) or ends_at or now
    status = written.status
    if status not in (FIRING, RESOLVED):
        status = RESOLVED if ends_at and ends_at <= now else FIRING
    if status == RESOLVED and ends_at is None:
        ends_at = now
    kept = _kept(labels, _LONGEST_LABEL)
    return Alert(
        status=status,
        labels=kept,
        # Alerts that differ only in what is cut off are different ones all the same.
        whole=0 if kept == labels else identity_of(labels),
        annotations=_kept(written.annotations or {}, _LONGEST_ANNOTATION),
        starts_at=starts_at,
        ends_at=ends_at,
        generator_url=_url(written.generator_url),
        fingerprint=written.fingerprint[:32],
        group=group,
    )


def _time(written: datetime | None) -> datetime | None:
    """Return a time that a calendar can show in any zone, and a checkpoint hold; None for Go's zero time, and for what
    no clock says."""
    if written is None or not 1970 < written.year < 9000:
        return None
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def _kept(written: dict[str, str], longest: int) -> dict[str, str]:
    """Return labels or annotations as they are kept; the same object where nothing is cut. ``longest``: of a value."""
    together = sum(map(len, written.values()))
    fits = all(len(name) <= _LONGEST_NAME // 4 and len(value) <= longest // 4 for name, value in written.items())
    if fits and len(written) <= _MOST_NAMES and together <= _LONGEST_TOGETHER // 4:
        return written
    names = sorted(written)[:_MOST_NAMES]
    sizes = [len(written[name].encode(errors="replace")) for name in names]
    while sum(min(size, longest) for size in sizes) > _LONGEST_TOGETHER:
        longest //= 2
    return {cut_bytes(name, _LONGEST_NAME, mark="…"): cut_bytes(written[name], longest, mark="…") for name in names}


def _url(text: str) -> str:
    """Return a URL; one that is too long leads nowhere once it is cut."""
    return text if len(text) <= _LONGEST_URL else ""
