"""The reading side of a pipeline: its streams of events, and what waited of them when the checkpoint was written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import structlog

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.checkpoint import Checkpoint, StreamPosition, Unsettled
from kube_wecom_eventer.kube.event_stream import EventStream, Start
from kube_wecom_eventer.kube.resumption import Resumption
from kube_wecom_eventer.routing import Way
from kube_wecom_eventer.surroundings import Surroundings

EXPIRED, ROUTE_REMOVED, NO_CHECKPOINT = "expired", "route_removed", "no_checkpoint"
"""Why what waited is told in no message: the metric's label."""

log = structlog.get_logger()

Offer = Callable[[Event, Way, float], None]
"""Takes an event, a way that it is for, and when it was read, in seconds on the loop's clock."""


class Reading:
    """Reads events and offers them to their ways.

    ``lose`` counts what is told in no message: a route's name, a number, a reason, and why in words. ``changed`` hears
    of positions that should be written.
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        checkpoint: Checkpoint | None,
        offer: Offer,
        lose: Callable[[str, int, str, str], None],
        changed: Callable[[], None],
    ) -> None:
        self._around = around
        self._offer = offer
        self._lose = lose
        self._changed = changed
        ways = around.routes.ways
        waiting = checkpoint.routes if checkpoint else {}
        self._resumption = Resumption(waiting, routes={name: way.route.takes for name, way in ways.items()})
        for route, count in self._resumption.removed.items():
            lose(route, count, ROUTE_REMOVED, "no route has this name any more")
        # A stream that is new begins where the others are: versions are counted for the whole cluster.
        known = checkpoint.streams if checkpoint else {}
        newest = max(known.values(), key=lambda position: position.seen, default=None)
        self._streams = {name: self._stream(name, known.get(name, newest)) for name in around.settings.watched or ("",)}
        self._to_list = set(self._streams) if self._resumption else set()

    @property
    def synced(self) -> bool:
        """Whether each stream has had its first answer."""
        return all(stream.synced.is_set() for stream in self._streams.values())

    @property
    def trouble(self) -> str:
        """What is wrong with the streams now; empty where nothing is."""
        return "; ".join(dict.fromkeys(stream.trouble for stream in self._streams.values() if stream.trouble))

    def last_contact(self) -> datetime | None:
        """Return when the API server was last heard of."""
        return max((at for stream in self._streams.values() if (at := stream.last_contact())), default=None)

    def last_heard(self) -> datetime | None:
        """Return when the stream that has heard nothing for longest last did; None where one never has."""
        heard = [stream.heard_at for stream in self._streams.values()]
        return None if None in heard else min(at for at in heard if at is not None)

    def positions(self) -> dict[str, StreamPosition]:
        """Return how far each stream has come that has begun."""
        now = self._around.now()
        return {
            name: StreamPosition(seen=stream.position, alive_at=(stream.last_contact() or now).timestamp())
            for name, stream in self._streams.items()
            if stream.position is not None
        }

    def unsettled(self) -> Iterator[tuple[str, Unsettled]]:
        """Yield routes with what waited when the checkpoint was written, and has not been found again so far."""
        return self._resumption.unsettled()

    async def run(self) -> None:
        """Read, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for stream in self._streams.values():
                tasks.create_task(self._follow(stream))

    def _stream(self, namespace: str, position: StreamPosition | None) -> EventStream:
        around = self._around
        return EventStream(
            client=around.client,
            metrics=around.metrics,
            now=around.now,
            namespace=namespace,
            warnings_only=self._warnings_only(),
            start=self._start(position),
            listing=_Listing(self, namespace),
            rng=around.rng,
        )

    def _warnings_only(self) -> bool:
        settings = self._around.settings
        if settings.event_metrics or settings.declared_routes:
            return False
        return all(sink.filter.level == "Warning" for sink in settings.sinks)

    def _start(self, position: StreamPosition | None) -> Start:
        if position is None:
            since = self._around.settings.since
            return Start(since=self._around.now() - timedelta(seconds=since) if since else None)
        return Start(
            position=position.seen,
            alive_at=datetime.fromtimestamp(position.alive_at, UTC),
            lists=bool(self._resumption),
        )

    async def _follow(self, stream: EventStream) -> None:
        loop = asyncio.get_running_loop()
        prepared = stream.position is not None
        if prepared:
            await self._around.prepared()
        async for event in stream.follow():
            received_at = loop.time()
            if not prepared:
                # Only now: the stream has its position, so nothing is lost while we wait.
                await self._around.prepared()
                prepared = True
            for way in self._around.routes.ways_of(event):
                self._offer(event, way, received_at)
            if self._around.settings.event_metrics:
                self._around.event_metrics.event(
                    level=event.type,
                    reason=event.reason,
                    namespace=event.involved_object.namespace,
                    kind=event.involved_object.kind,
                    milliseconds=(loop.time() - received_at) * 1000,
                )

    def listed(self, event: Event, *, new: bool) -> None:
        """Offer a listed event, that is not new, to the routes for which it waited when the checkpoint was written."""
        for identity in self._resumption.listed(event, new=new):
            if way := self._around.routes.ways.get(identity):
                self._offer(event, way, asyncio.get_running_loop().time())

    def positioned(self, namespace: str) -> None:
        """Have the new position written. After the last first list: count what waited and is no longer there."""
        self._to_list.discard(namespace)
        if not self._to_list:
            for identity, count in self._resumption.finish().items():
                way = self._around.routes.ways.get(identity)
                self._lose(
                    way.route.name if way else identity,
                    count,
                    EXPIRED,
                    "they are gone, or their route no longer selects them",
                )
        self._changed()


class _Listing:
    """Hears of one stream's lists."""

    def __init__(self, reading: Reading, namespace: str) -> None:
        self._reading = reading
        self._namespace = namespace

    def listed(self, event: Event, *, new: bool) -> None:
        """See `Listing.listed`."""
        self._reading.listed(event, new=new)

    def positioned(self) -> None:
        """See `Listing.positioned`."""
        self._reading.positioned(self._namespace)
