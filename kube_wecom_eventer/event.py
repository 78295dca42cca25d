"""The core/v1 Event as the rest of the program sees it: the fields that we use, tolerant of all others.

Owns the shape of an event and the question of when it happened. Knows nothing of HTTP, routes or messages.
Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

import msgspec


class ObjectReference(msgspec.Struct, rename="camel", frozen=True):
    """The object that an event is about (``involvedObject``), or one related to it."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    resource_version: str = ""
    field_path: str = ""


class EventSource(msgspec.Struct, rename="camel", frozen=True):
    """The component that reported the event, and the node it runs on."""

    component: str = ""
    host: str = ""


class EventSeries(msgspec.Struct, rename="camel", frozen=True):
    """How often an event of events.k8s.io repeated, and when last."""

    count: int = 0
    last_observed_time: datetime | None = None


class ObjectMeta(msgspec.Struct, rename="camel", frozen=True):
    """The part of ``metadata`` that we use."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Event(msgspec.Struct, rename="camel", frozen=True):
    """One version of a core/v1 Event.

    Timestamps are timezone-aware or None. An event written through events.k8s.io has neither
    ``first_timestamp`` nor ``last_timestamp``; ask ``happened_at`` for the time to show.
    """

    kind: str = ""
    api_version: str = ""
    metadata: ObjectMeta = ObjectMeta()
    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    source: EventSource = EventSource()
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    count: int = 0
    type: str = ""
    event_time: datetime | None = None
    series: EventSeries | None = None
    action: str = ""
    related: ObjectReference | None = None
    reporting_component: str = ""
    reporting_instance: str = ""

    @property
    def version(self) -> int:
        """The resourceVersion, etcd's 64-bit revision; 0 where it is none."""
        return revision(self.metadata.resource_version)

    @property
    def identity(self) -> int:
        """48 bits that tell event objects apart, the same in every process; versions of one object share them."""
        about = self.metadata
        name = about.uid or f"{about.namespace}/{about.name}"
        return int.from_bytes(blake2b(name.encode(errors="replace"), digest_size=6).digest())

    @property
    def occurrences(self) -> int:
        """How often it happened, by the event's own count; at least 1."""
        return max(1, self.count, self.series.count if self.series else 0)

    @property
    def happened_at(self) -> datetime | None:
        """When this version of the event last happened; None only where the server gave no time at all.

        kube-eventer asks lastTimestamp, then eventTime, then takes the present. A series' own time is
        newer than both, and a creation time is truer than the present.
        """
        candidates = (
            self.series.last_observed_time if self.series else None,
            self.last_timestamp,
            self.event_time,
            self.first_timestamp,
            self.metadata.creation_timestamp,
        )
        return next((time for time in candidates if time is not None and time.year > 1), None)


def revision(text: str) -> int:
    """Return a resourceVersion as a number; 0 for a text that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
