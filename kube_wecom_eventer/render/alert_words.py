"""What the built-in messages say of an alert: that it fires or is over, for how long, and what its labels tell."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from kube_wecom_eventer.alert import OBJECT_LABELS, SEVERITY, Alert, AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.labels import Labels
from kube_wecom_eventer.render.local_time import in_zone

_FIRES, _OVER = "🔥", "✅"
_SIGNS = {"Warning": "⚠️", "Normal": "ℹ️"}
_OTHER_SIGN = "🔔"
_COLOURS = {"Warning": "warning", "Normal": "info"}
_OTHER_COLOUR = "comment"

_SHOWN = frozenset({"alertname", "namespace", "cluster", SEVERITY, *OBJECT_LABELS})
"""Labels that have a place of their own in a message."""

_RUNBOOK = "runbook_url"
_LONGEST_LINK = 1024
"""Bytes."""


def sign_of(event: Event) -> str:
    """Return the sign that a message, or a line of a digest, begins with."""
    if isinstance(event, AlertEvent):
        return _OVER if event.alert.resolved else _FIRES
    return _SIGNS.get(event.type, _OTHER_SIGN)


def colour_of(event: Event) -> str:
    """Return the name of WeCom's colour: green is for what is well, so an alert that fires is never green."""
    if isinstance(event, AlertEvent):
        if event.alert.resolved:
            return "info"
        return "warning" if event.type == "Warning" else _OTHER_COLOUR
    return _COLOURS.get(event.type, _OTHER_COLOUR)


def status_of(event: Event, words: Labels, *, merged: int = 1) -> str:
    """Return the words before an alert's name, with a space behind them; nothing for an event. ``merged``: how many
    alerts are meant, which need not have lasted equally long."""
    if not isinstance(event, AlertEvent):
        return ""
    if not event.alert.resolved:
        return f"{words.firing} "
    lasted = event.alert.lasted if merged == 1 else None
    return f"{words.resolved} {f'({words.lasted.format(time=lasting(lasted))}) ' if lasted is not None else ''}"


def rows_of(alert: Alert, words: Labels, zone: tzinfo, *, cluster: str) -> tuple[tuple[str, str], ...]:
    """Return labels with values, not yet made harmless, some of them empty. ``cluster``: as the sink calls it."""
    over = in_zone(alert.ends_at, zone).strftime(_TIME) if alert.resolved and alert.ends_at else ""
    others = words.comma.join(f"{name}={alert.labels[name]}" for name in sorted(alert.labels) if name not in _SHOWN)
    return (
        (words.severity, alert.labels.get(SEVERITY, "")),
        (words.began, in_zone(alert.starts_at, zone).strftime(_TIME)),
        (words.ended, over),
        (words.cluster, cluster or alert.labels.get("cluster", "")),
        (words.others, others),
        (words.runbook, _link(alert.annotations.get(_RUNBOOK, ""))),
    )


_TIME = "%Y-%m-%d %H:%M:%S %Z"


def link_of(event: Event) -> str:
    """Return where an alert comes from, a URL; nothing for an event, or where there is none that can be used."""
    if not isinstance(event, AlertEvent):
        return ""
    return _link(event.alert.generator_url) or _link(event.alert.group.external_url)


def _link(url: str) -> str:
    fits = len(url.encode(errors="replace")) <= _LONGEST_LINK and not any(sign.isspace() for sign in url)
    return url if fits and url.startswith(("http://", "https://")) else ""


def lasting(time: timedelta) -> str:
    """Return a duration as one says it: its two largest units, as ``12m``, ``1h5m``, ``2d3h``."""
    seconds = int(time.total_seconds())
    parts = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("m", seconds // 60 % 60), ("s", seconds % 60))
    first = next((place for place, (_, number) in enumerate(parts) if number), len(parts) - 1)
    # Seconds are for what lasted less than ten minutes.
    kept = parts[first : first + 2] if first < 2 or seconds < 600 else parts[first : first + 1]
    return "".join(f"{number}{unit}" for unit, number in kept if number) or "0s"
