"""An event that waits to be told by a route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render import Wording
from kube_wecom_eventer.render.text import cut_bytes
from kube_wecom_eventer.sinks import Sink

_LONGEST_MESSAGE = 8192
"""Bytes of an event's message that are kept: no WeCom message holds more than 4096."""

_LONGEST_REASON = 256
"""Bytes; the API server keeps a longer one, but no component writes it."""

_LONGEST_NAME = 256
"""Bytes of each other text, where they are long: what the API server checks has at most 253."""

_LONGEST_NOTES = 4096
"""Characters of all labels and annotations together; more of them are left out."""


_Part = TypeVar("_Part", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a route tells. ``route``: its name. ``sink``: its way to the destination, which other routes may
    reach by other ways.

    ``repeat_interval``: seconds in which the same is told once; 0 tells each version. ``group_wait``: seconds that an
    event waits so that more join it.
    """

    route: str
    wording: Wording
    sink: Sink
    repeat_interval: float = 0.0
    group_wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Notification:
    """``received_at``: seconds on the loop's clock when the event's watch line was read.

    ``count``: how many versions it stands for; ``several``: of several objects: what an earlier process has merged.
    """

    event: Event
    terms: Terms
    received_at: float
    count: int = 1
    several: bool = False


def notification(
    event: Event, terms: Terms, *, received_at: float, count: int = 1, several: bool = False
) -> Notification:
    """Make a notification whose memory is bounded, whatever the event's message holds."""
    return Notification(_bounded(event), terms, received_at, count, several)


def _bounded(event: Event) -> Event:
    if len(event.message) > _LONGEST_MESSAGE // 4:
        event = msgspec.structs.replace(event, message=cut_bytes(event.message, _LONGEST_MESSAGE))
    if len(event.reason) > _LONGEST_REASON // 4:
        event = msgspec.structs.replace(event, reason=cut_bytes(event.reason, _LONGEST_REASON))
    if sum(map(len, _names(event))) > 4 * _LONGEST_NAME:
        event = _with_short_names(event)
    if isinstance(event, AlertEvent):
        # Whoever reads alerts has bounded their labels already, and the alert holds the same ones.
        return event
    about = event.metadata
    notes = [table for table in (about.labels, about.annotations) if table]
    if notes and sum(len(name) + len(value) for table in notes for name, value in table.items()) > _LONGEST_NOTES:
        event = msgspec.structs.replace(event, metadata=msgspec.structs.replace(about, labels=None, annotations=None))
    return event


def _names(event: Event) -> Iterator[str]:
    """Yield the texts that the API server takes from whoever writes events, however long they are."""
    about, source, related = event.involved_object, event.source, event.related
    yield from (about.kind, about.namespace, about.name, about.uid, about.api_version)
    yield from (about.resource_version, about.field_path, source.component, source.host)
    yield from (event.action, event.reporting_component, event.reporting_instance)
    if related:
        yield from (related.kind, related.namespace, related.name, related.uid, related.api_version)
        yield from (related.resource_version, related.field_path)


def _with_short_names(event: Event) -> Event:
    return msgspec.structs.replace(
        _cut(event, "action", "reporting_component", "reporting_instance"),
        involved_object=_cut(event.involved_object),
        source=_cut(event.source),
        related=_cut(event.related) if event.related else None,
    )


def _cut(part: _Part, *names: str) -> _Part:
    """Return a part whose texts, or those called ``names``, are short."""
    texts = {name: getattr(part, name) for name in names or part.__struct_fields__}
    return msgspec.structs.replace(part, **{name: cut_bytes(text, _LONGEST_NAME) for name, text in texts.items()})
