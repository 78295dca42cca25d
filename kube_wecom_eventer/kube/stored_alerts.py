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
"""Sums by route, namespace, name and status; beyond them there is one for each route and status."""

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
    room = ROOM
    for each in waiting:
        if room > 0 and (room := room - len(msgspec.json.encode(each))) >= 0:
            whole.append(each)
        else:
            _add(sums, each)
    by_route: dict[str, list[_Entry]] = {}
    for route, entry in told:
        by_route.setdefault(route, []).append(entry)
    return StoredAlerts(waiting=(*whole, *sums.values()), told=by_route)


def _add(sums: dict[tuple[str, ...], WaitingAlert], more: WaitingAlert) -> None:
    alert = more.alert
    kept = {name: alert.labels[name] for name in ("alertname", "namespace", SEVERITY) if name in alert.labels}
    key: tuple[str, ...] = (more.route, alert.status, *kept.values())
    if key not in sums and len(sums) >= MOST_SUMS:
        key, kept = (more.route, alert.status), {"alertname": "…"}
    if found := sums.get(key):
        found.count += more.count
        found.several = True
        return
    reduced = Alert(status=alert.status, labels=kept, annotations={}, starts_at=alert.starts_at, ends_at=alert.ends_at)
    sums[key] = WaitingAlert(route=more.route, alert=reduced, count=more.count, several=more.several)
