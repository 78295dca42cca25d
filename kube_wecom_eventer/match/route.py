"""The way of an event: a filter, a destination, and the template for its words."""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match.filter import EventFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``name`` stands in logs and metrics, ``destination`` names a dispatcher, ``template`` a ConfigMap (None: the
    built-in body)."""

    name: str
    filter: EventFilter
    destination: str
    template: str | None = None

    def takes(self, event: Event) -> bool:
        """Return whether the route selects this event."""
        return self.filter.takes(event)
