"""The events that the API server holds now: what filters, templates and routes are tried on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kube_wecom_eventer.errors import ApiError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.event_list import all_events

MOST = 100_000
"""Events that are read, 1 KB each; a cluster that has more of them in an hour shows enough with these."""


@dataclass(slots=True)
class Recent:
    """``events`` of the last ``seconds``, oldest first. ``complete``: these are all of them. ``trouble``: why some
    could not be read."""

    seconds: float
    events: list[Event] = field(default_factory=list)
    complete: bool = True
    trouble: ApiError | None = None

    def within(self, seconds: float, now: datetime) -> Recent:
        """Return those of the last ``seconds`` only."""
        earliest = now - timedelta(seconds=seconds)
        events = [event for event in self.events if (event.happened_at or now) >= earliest]
        return replace(self, seconds=seconds, events=events)

    @property
    def reasons(self) -> Counter[str]:
        """How many events there are of each reason."""
        return Counter(event.reason for event in self.events if event.reason)

    @property
    def namespaces(self) -> Counter[str]:
        """How many events there are about objects of each namespace."""
        return Counter(event.involved_object.namespace for event in self.events if event.involved_object.namespace)


async def read_recent(client: ApiClient, namespaces: Sequence[str], *, now: datetime, seconds: float) -> Recent:
    """Read the events of these namespaces (none: of all) that happened in the last ``seconds``."""
    recent = Recent(seconds)
    earliest = now - timedelta(seconds=seconds)
    for namespace in namespaces or ("",):
        try:
            async for event in all_events(client, namespace):
                happened = event.happened_at
                if happened is None or happened < earliest:
                    continue
                if len(recent.events) >= MOST:
                    recent.complete = False
                    break
                recent.events.append(event)
        except ApiError as error:
            recent.trouble = error
    recent.events.sort(key=lambda event: event.happened_at or now)
    return recent
