"""The way of an event: a filter and a destination."""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match.filter import EventFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``name`` stands in logs and metrics, ``destination`` names a dispatcher."""

    name: str
    filter: EventFilter
    destination: str

    def takes(self, event: Event) -> bool:
        """Return whether the route selects this event."""
        return self.filter.takes(event)

    def seen(self, event: Event) -> Event:
        """Return an event at the level that it has for this route."""
        return self.filter.seen(event)
