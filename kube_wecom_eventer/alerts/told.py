"""Which alerts each route has told: Prometheus posts a firing alert each minute, Alertmanager a group as a whole.

What was told is not told again when it is posted again; that it is over is told once. Times are seconds since 1970.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from kube_wecom_eventer.alert import Alert

CAPACITY = 20_000
"""Alerts of all routes that are remembered; what was not posted for longest is forgotten first, and is told again if it
comes."""

_EARLY = 30.0
"""Seconds by which a repetition may come early: Alertmanager repeats by its own clock, from before we were told."""

_LATECOMERS = 300.0
"""Seconds after an end in which the same firing is taken for a latecomer's: of a second Prometheus, of a retry."""


@dataclass(slots=True)
class _Known:
    """``until``: when it may be taken for over, at the earliest, as its sender said. ``over_at``: 0 while it fires."""

    starts_at: int
    told_at: int
    until: int = 0
    over_at: int = 0


Entry = tuple[int, int, int, int]
"""As it is kept across restarts: identity, start, when it was told, end (0: it fires)."""


class ToldAlerts:
    """The memory of all routes. They are named by their identities, alerts by `Alert.identity`."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, int], _Known] = OrderedDict()

    def is_news(self, route: str, identity: int, alert: Alert, *, listed: bool, repeat: float, now: float) -> bool:
        """Return whether the route is to tell it. ``listed``: it came in Prometheus' own list. ``repeat``: seconds
        after which what goes on firing is told again; 0: never."""
        known = self._known.get((route, identity))
        if known is None:
            # Alertmanager says that something is over only where it has said that it began; Prometheus says it again
            # and again, for a quarter of an hour.
            return not (alert.resolved and listed)
        self._known.move_to_end((route, identity))
        starts_at, ends_at = _times(alert, now)
        if alert.resolved:
            if known.over_at:
                return starts_at > known.over_at and not listed
            return ends_at >= known.starts_at
        if known.over_at:
            return starts_at > known.over_at or now - known.told_at >= _LATECOMERS
        # A second Prometheus, or a restarted one, gives it another start, while it goes on.
        anew = starts_at > known.starts_at and starts_at >= known.until
        known.until = max(known.until, ends_at)
        return anew or (repeat > 0 and now - known.told_at >= max(repeat - _EARLY, repeat / 2))

    def note(self, route: str, identity: int, alert: Alert, *, now: float) -> None:
        """Remember that the route tells it."""
        starts_at, ends_at = _times(alert, now)
        key = (route, identity)
        self._known[key] = _Known(
            starts_at=starts_at,
            told_at=int(now),
            until=0 if alert.resolved else ends_at,
            over_at=ends_at if alert.resolved else 0,
        )
        self._known.move_to_end(key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def entries(self, most: int) -> Iterator[tuple[str, Entry]]:
        """Yield the newest, with their routes, the newest first."""
        for (route, identity), known in islice(reversed(self._known.items()), most):
            yield route, (identity, known.starts_at, known.told_at, known.over_at)

    def restore(self, route: str, entry: Entry) -> None:
        """Remember what an earlier process did; to be called for the newest first."""
        identity, starts_at, told_at, over_at = entry
        # How long it would fire at least is not kept: a second Prometheus' start is near the first one's.
        until = 0 if over_at else told_at + int(_LATECOMERS)
        self._known[route, identity] = _Known(starts_at=starts_at, told_at=told_at, until=until, over_at=over_at)
        self._known.move_to_end((route, identity), last=False)


def _times(alert: Alert, now: float) -> tuple[int, int]:
    """Return the start and the end; of one that fires, until when it is said to; 0: not said."""
    ends_at = alert.ends_at.timestamp() if alert.ends_at else now if alert.resolved else 0
    return int(alert.starts_at.timestamp()), int(ends_at)
