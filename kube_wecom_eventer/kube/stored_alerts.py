"""Alerts in a checkpoint: no API server keeps them, so what waits is stored itself, and what was told is remembered.

Owns the stored form and its size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from kube_wecom_eventer.alert import SEVERITY, Alert

ROOM = 96 * 1024
"""Bytes for alerts that wait; of what is beyond only the sums are stored."""

MOST_SUMS = 200
ROOM_FOR_SUMS = 48 * 1024
"""Sums by route, namespace, name and status, and their bytes; beyond them there is one for each route and status."""

MOST_TOLD = 1500
"""Alerts that were told, the newest; about 40 bytes each."""

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Entry = tuple[_Number, _Number, _Number, _Number]


class WaitingAlert(msgspec.Struct, omit_defaults=True):
    """``route``: its identity. ``count``: how many it stands for; ``several``: of several objects."""

    route: str
    alert: Alert
    count: _Number = 1
    several: bool = False


class StoredAlerts(msgspec.Struct, omit_defaults=True):
    """``told``: by route, the newest first; see `kube_wecom_eventer.alerts.told.Entry`."""

    waiting: tuple[WaitingAlert, ...] = ()
    told: dict[str, list[_Entry]] = {}

    @property
    def count(self) -> int:
        """How many wait."""
        return sum(each.count for each in self.waiting)

    def __bool__(self) -> bool:
        return bool(self.waiting or self.told)


def stored_alerts(waiting: Iterable[WaitingAlert], told: Iterable[tuple[str, _Entry]]) -> StoredAlerts:
    """Return what is stored: each alert while there is room, then sums. ``told``: the newest first."""
    whole: list[WaitingAlert] = []
    sums: dict[tuple[str, ...], WaitingAlert] = {}
    room, room_for_sums = ROOM, ROOM_FOR_SUMS
    for each in waiting:
        if room > 0 and (room := room - len(msgspec.json.encode(each))) >= 0:
            whole.append(each)
        else:
            room_for_sums -= _add(sums, each, room_for_sums)
    by_route: dict[str, list[_Entry]] = {}
    for route, entry in told:
        by_route.setdefault(route, []).append(entry)
    return StoredAlerts(waiting=(*whole, *sums.values()), told=by_route)


def _add(sums: dict[tuple[str, ...], WaitingAlert], more: WaitingAlert, room: int) -> int:
    """Add an alert to its sum; return the bytes of a new one, which are within ``room`` where it is not the last
    resort."""
    alert = more.alert
    kept = {name: alert.labels[name] for name in ("alertname", "namespace", SEVERITY) if name in alert.labels}
    key: tuple[str, ...] = (more.route, alert.status, *kept.values())
    if key not in sums:
        sum_ = _sum(more, kept)
        size = len(msgspec.json.encode(sum_))
        if len(sums) < MOST_SUMS and size <= room:
            sums[key] = sum_
            return size
        key = (more.route, alert.status)
    if key not in sums:
        sums[key] = _sum(more, {"alertname": "…"})
        return 0
    sums[key].count += more.count
    sums[key].several = True
    return 0


def _sum(first: WaitingAlert, labels: dict[str, str]) -> WaitingAlert:
    alert = first.alert
    reduced = Alert(
        status=alert.status, labels=labels, annotations={}, starts_at=alert.starts_at, ends_at=alert.ends_at
    )
    return WaitingAlert(route=first.route, alert=reduced, count=first.count, several=first.several)
