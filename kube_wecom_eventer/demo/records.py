"""What happens in the demo, as those hear of it who show it: the terminal and the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kube_wecom_eventer.demo.log_lines import LogLine
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.wecom import Received

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of the cluster, as it is shown; ``count``: its own. ``group``: whose route takes it, None for none.

    ``one_of_many``: too many came at once for a terminal to show each.
    """

    type: str
    reason: str
    kind: str
    namespace: str
    name: str
    count: int
    message: str
    at: datetime
    group: int | None
    one_of_many: bool = False

    @classmethod
    def of(cls, event: JsonObject, *, at: datetime, group: int | None, one_of_many: bool = False) -> Happened:
        """Read an event of the API server, which leaves out what is empty."""
        about = event["involvedObject"]
        series = event.get("series") or {}
        return cls(
            type=event.get("type", ""),
            reason=event.get("reason", ""),
            kind=about.get("kind", ""),
            namespace=about.get("namespace", ""),
            name=about.get("name", ""),
            count=series.get("count") or event.get("count") or 1,
            message=event.get("message", ""),
            at=at,
            group=group,
            one_of_many=one_of_many,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message that came to a WeCom group's robot, accepted or not.

    ``stands_for``: versions of events. ``delay``: seconds since its event, None where it is not about a single one.
    ``repeat``: that event was held back on purpose, as the object's trouble had been told before.
    """

    received: Received
    group: int
    stands_for: int
    delay: float | None
    repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence of the demo itself: the name of one of the Texts, and what is filled in."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)


class Viewer(Protocol):
    """Who shows what happens. None of these may wait."""

    def happened(self, happened: Happened) -> None:
        """An event of the cluster."""

    def told(self, told: Told) -> None:
        """A message, accepted or refused."""

    def warned(self, line: LogLine) -> None:
        """A line of the daemon's log that a person should see."""

    def said(self, note: Note) -> None:
        """A sentence of the demo's."""


class Viewers:
    """All of them as one."""

    def __init__(self, viewers: Sequence[Viewer]) -> None:
        self._viewers = tuple(viewers)

    def happened(self, happened: Happened) -> None:
        """See `Viewer.happened`."""
        for viewer in self._viewers:
            viewer.happened(happened)

    def told(self, told: Told) -> None:
        """See `Viewer.told`."""
        for viewer in self._viewers:
            viewer.told(told)

    def warned(self, line: LogLine) -> None:
        """See `Viewer.warned`."""
        for viewer in self._viewers:
            viewer.warned(line)

    def said(self, note: Note) -> None:
        """See `Viewer.said`."""
        for viewer in self._viewers:
            viewer.said(note)
