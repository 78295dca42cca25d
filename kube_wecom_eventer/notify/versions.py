"""Which versions of events wait together: what a checkpoint has to note of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event

NOTED = 1000
"""Objects whose waiting version is noted exactly; of those beyond only the range of versions and their number."""


@dataclass(frozen=True, slots=True)
class VersionRange:
    """``count`` versions, all of them from ``lowest`` to ``highest``."""

    lowest: int
    highest: int
    count: int


class Versions:
    """The newest waiting version of each event object.

    Waiting belongs to the object: a newer version takes the place of the one before, as in the API server.
    """

    __slots__ = ("_capacity", "_newest", "beyond")

    def __init__(self, *, capacity: int = NOTED) -> None:
        self._capacity = capacity
        self._newest: dict[int, int] = {}
        self.beyond: VersionRange | None = None

    def __bool__(self) -> bool:
        return bool(self._newest) or self.beyond is not None

    def add(self, event: Event) -> None:
        """Note that this version waits; an alert has none."""
        if not isinstance(event, AlertEvent):
            self._add(event.identity, event.version)

    def update(self, other: Versions) -> None:
        """Note all that another one holds."""
        for identity, version in other.items():
            self._add(identity, version)
        if other.beyond:
            self._widen(other.beyond)

    def items(self) -> Iterator[tuple[int, int]]:
        """Yield `Event.identity` and the version of each object that is noted exactly."""
        yield from self._newest.items()

    def _add(self, identity: int, version: int) -> None:
        known = self._newest.get(identity)
        if known is not None:
            self._newest[identity] = max(known, version)
        elif len(self._newest) < self._capacity:
            self._newest[identity] = version
        else:
            self._widen(VersionRange(version, version, 1))

    def _widen(self, more: VersionRange) -> None:
        now = self.beyond or VersionRange(more.lowest, more.highest, 0)
        self.beyond = VersionRange(min(now.lowest, more.lowest), max(now.highest, more.highest), now.count + more.count)
