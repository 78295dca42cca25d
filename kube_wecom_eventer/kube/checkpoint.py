"""How far each route has come, as it is kept across restarts.

Owns the stored form, its versions and its size. Where it is kept: checkpoint_store.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import msgspec

from kube_wecom_eventer.errors import EventerError
from kube_wecom_eventer.kube.client import UNREADABLE
from kube_wecom_eventer.kube.stored_alerts import StoredAlerts

FORMAT = 1
"""Of the stored form; a program that reads an older one must not touch what a newer one wrote."""

LIMIT = 256 * 1024
"""Bytes. etcd takes 1.5 MB; a ConfigMap that is written each second should be small."""

MAX_RANGES = 64
"""Ranges of versions for a route of which too much waits to be noted exactly."""

_EXACTNESS = ((1000, MAX_RANGES), (200, MAX_RANGES), (50, 16), (0, 4), (0, 1))
"""Objects noted one by one for a route, and ranges where they are more: the first that keeps within the limit."""

_Range = tuple[int, int]
_Time = Annotated[float, msgspec.Meta(ge=0, le=250_000_000_000)]
"""Seconds since 1970, up to the year 9892: what a datetime can hold in every zone."""
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class UnusableCheckpoint(EventerError):
    """What is stored is no checkpoint, or one of a future version."""


class Waiting(msgspec.Struct, omit_defaults=True):
    """What of a route was seen, and waited to be told.

    ``objects``: `Event.identity` and the version that waits, where they are few; else ``ranges`` of versions, lowest
    and highest, in which they lie: others that lie there are told twice.
    """

    count: _Number
    objects: tuple[tuple[int, int], ...] = ()
    ranges: tuple[_Range, ...] = ()


class StreamPosition(msgspec.Struct, rename="camel"):
    """The position of one event stream. ``seen``: the last resourceVersion that reached all routes.

    ``alive_at``: seconds since 1970, when the API server was last heard of.
    """

    seen: _Number
    alive_at: _Time


class Checkpoint(msgspec.Struct, rename="camel"):
    """All that the next process needs to go on.

    ``writer``: the process that wrote it. ``clean``: it had stopped sending. ``streams`` by what they watch, "" for
    all namespaces. ``routes``: what waits, by their identities. ``attempts`` by destination: when attempts of the last
    minute were answered, seconds since 1970. ``alerts``: those that wait, and those that were told.
    """

    format: int
    writer: str
    written_at: _Time
    clean: bool
    streams: dict[str, StreamPosition]
    routes: dict[str, Waiting] = msgspec.field(default_factory=dict)
    attempts: dict[str, list[float]] = msgspec.field(default_factory=dict)
    alerts: StoredAlerts = msgspec.field(default_factory=StoredAlerts)


class _Format(msgspec.Struct):
    format: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What waits of one route: versions by `Event.identity`, and ranges (lowest, highest, number) beyond those."""

    objects: Mapping[int, int]
    beyond: Sequence[tuple[int, int, int]] = ()

    def noted(self, *, exactly: int, ranges: int) -> Waiting:
        """Return it in its stored form: up to ``exactly`` objects one by one, else at most ``ranges`` ranges."""
        count = len(self.objects) + sum(number for _, _, number in self.beyond)
        if not self.beyond and count <= exactly:
            return Waiting(count=count, objects=tuple(sorted(self.objects.items(), key=lambda item: item[1])))
        lone = ((version, version) for version in self.objects.values())
        wide = ((lowest, highest) for lowest, highest, _ in self.beyond)
        return Waiting(count=count, ranges=_closest_joined([*lone, *wide], ranges))


def encode(checkpoint: Checkpoint, unsettled: Mapping[str, Unsettled]) -> bytes:
    """Return the stored form, with what waits of each route as exactly as the limit allows."""
    text = b""
    for exactly, ranges in _EXACTNESS:
        checkpoint.routes = {route: each.noted(exactly=exactly, ranges=ranges) for route, each in unsettled.items()}
        text = msgspec.json.encode(checkpoint)
        if len(text) <= LIMIT:
            break
    return text


def decode(text: bytes) -> Checkpoint:
    """Read the stored form.

    Raises:
        UnusableCheckpoint: it is none, or one that a newer program wrote.
    """
    try:
        number = msgspec.json.decode(text, type=_Format).format
        if number != FORMAT:
            raise UnusableCheckpoint(f"it has format {number}, and this program reads {FORMAT}")
        return msgspec.json.decode(text, type=Checkpoint)
    except UNREADABLE as error:
        raise UnusableCheckpoint(f"it can't be read: {error}") from None


def _closest_joined(ranges: Iterable[_Range], most: int) -> tuple[_Range, ...]:
    """Return at most ``most`` ranges that hold all of these: the smallest gaps are given up."""
    joined: list[_Range] = []
    for lowest, highest in sorted(ranges):
        if joined and lowest <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], highest))
        else:
            joined.append((lowest, highest))
    gaps = sorted(range(1, len(joined)), key=lambda index: joined[index - 1][1] - joined[index][0])
    cuts = [0, *sorted(gaps[: most - 1]), len(joined)]
    return tuple((joined[start][0], joined[end - 1][1]) for start, end in pairwise(cuts) if end > start)
