"""The way of the events while this process tells them: from the checkpoint's position to the destinations.

One pipeline lives from the moment when the process begins to tell until it stops, or another one takes over.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from kube_wecom_eventer.checkpointing import Checkpointing, Snapshot
from kube_wecom_eventer.config import Settings
from kube_wecom_eventer.errors import NewerWriter
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.kube.checkpoint import FORMAT, Checkpoint, StreamPosition, Unsettled, encode
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.event_stream import EventStream, Start, answers
from kube_wecom_eventer.kube.resumption import Resumption
from kube_wecom_eventer.match import Silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import (
    LONGEST_ATTEMPT,
    UNRECORDED,
    WINDOW,
    Dispatcher,
    MergingPending,
    NoPace,
    OneByOne,
    Pace,
    Pacing,
    Permitted,
    RecordedPace,
    notification,
)
from kube_wecom_eventer.routing import RouteTable, Way

GRACE = 20.0
"""Seconds that a stopping daemon goes on sending what waits; a pod is killed after 30."""

_CLOSING = 4.0
"""Seconds for the last write of the checkpoint."""

EXPIRED, ROUTE_REMOVED = "expired", "route_removed"
"""Why what waited when the checkpoint was written is told in no message: the metric's label."""

_ALL_NAMESPACES = ""
"""Names the one stream in the checkpoint."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What outlives a pipeline. ``writer`` names the process in the checkpoint. ``may_start_until``: seconds on the
    loop's clock, when the last request may start. ``routes_known`` returns when all routes have been read, ``prepared``
    when events may be rendered."""

    settings: Settings
    client: ApiClient
    metrics: Metrics
    event_metrics: EventerMetrics
    routes: RouteTable
    silences: Silences
    writer: str
    may_start_until: Callable[[], float]
    routes_known: Callable[[], Awaitable[None]]
    prepared: Callable[[], Awaitable[None]]
    now: Callable[[], datetime]
    rng: random.Random


class Pipeline:
    """Events from the API server to the destinations. Made inside the loop that runs it."""

    def __init__(self, around: Surroundings, *, store: CheckpointStore) -> None:
        self._around = around
        self._paces: dict[str, RecordedPace] = {}
        self._checkpointing = Checkpointing(
            store=store,
            metrics=around.metrics,
            failed=self._unrecordable,
            readable=partial(answers, around.client),
        )
        self._routes = around.routes
        self._checkpoint: Checkpoint | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._resumption = Resumption({}, routes={})
        self._telling: dict[str, tuple[Dispatcher, asyncio.Task[None]]] = {}
        self._stream: EventStream | None = None
        self._reading: asyncio.Task[None] | None = None
        self.superseded_by = ""
        self.took_over = False

    @property
    def stream(self) -> EventStream | None:
        """The stream of events; None before the checkpoint has been read."""
        return self._stream

    @property
    def checkpoint_trouble(self) -> str:
        """What is wrong with the checkpoint now; empty where nothing is."""
        return self._checkpointing.trouble

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong with destinations now, by their names."""
        return {name: dispatcher.trouble for name, (dispatcher, _) in self._telling.items() if dispatcher.trouble}

    async def run(self) -> None:
        """Tell events, until another process writes the checkpoint: then ``superseded_by`` says who.

        ``took_over``: it has been ours in between.
        """
        self._checkpoint = await self._checkpointing.load()
        await self._around.routes_known()
        self._begin()
        unlisten = self._routes.listen(self._route_changed)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for way in self._routes.ways.values():
                self._dispatcher(way)
            self._reading = tasks.create_task(self._read())
            try:
                await self._checkpointing.run(partial(self._snapshot, clean=False))
            except NewerWriter as error:
                self.superseded_by = error.writer
            finally:
                unlisten()
                self._reading.cancel()
                for name, (_, task) in self._telling.items():
                    task.cancel()
                    self._around.metrics.pending.labels(destination=name).set(0)

    async def drain(self) -> None:
        """Stop reading, and send what waits while the pace and the time allow."""
        if self._reading:
            self._reading.cancel()
        log.info("daemon_stopping", waiting=self._waiting())
        try:
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*(dispatcher.drained() for dispatcher in self._dispatchers))
        except TimeoutError:
            left = self._waiting()
            kept = "the next start tells them" if self._checkpointing.kept else "they are lost"
            log.error("events_left_at_stop", left=left, grace_seconds=GRACE, detail=kept)

    async def close(self) -> None:
        """Write the last checkpoint; to be called when `run` has ended, and nothing is sent any more."""
        with contextlib.suppress(NewerWriter):
            try:
                async with asyncio.timeout(_CLOSING):
                    await self._checkpointing.write(self._snapshot(clean=True))
            except TimeoutError:
                log.warning("checkpoint_unwritable", error=f"no answer within {_CLOSING:g} s")

    @property
    def _dispatchers(self) -> list[Dispatcher]:
        return [dispatcher for dispatcher, _ in self._telling.values()]

    def _waiting(self) -> int:
        return sum(dispatcher.waiting for dispatcher in self._dispatchers)

    def _begin(self) -> None:
        around, checkpoint = self._around, self._checkpoint
        position = checkpoint.streams.get(_ALL_NAMESPACES) if checkpoint else None
        if position:
            takes = {identity: way.route.takes for identity, way in self._routes.ways.items()}
            self._resumption = Resumption(position.routes, routes=takes)
            for route, count in self._resumption.removed.items():
                self._lose(route, count, ROUTE_REMOVED, "no route has this name any more")
        start = self._start(position)
        self._stream = EventStream(
            client=around.client,
            metrics=around.metrics,
            now=around.now,
            warnings_only=self._warnings_only(),
            start=start,
            listing=self,
            rng=around.rng,
        )
        if position:
            log.info(
                "checkpoint_read",
                resource_version=position.seen,
                waiting=sum(e.count for e in position.routes.values()),
            )
            # At once: from here on the checkpoint is ours.
            self._checkpointing.changed()

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

    def _dispatcher(self, way: Way) -> Dispatcher:
        """Return the dispatcher of a way's destination, which starts to work where it is the first way there."""
        around, name = self._around, way.route.destination
        if name not in self._telling:
            dispatcher = Dispatcher(
                destination=name,
                pending=MergingPending(max_groups=around.settings.max_groups) if way.merges else OneByOne(),
                metrics=around.metrics,
                pace=self._pace_of(way.terms.sink.account) or Permitted(NoPace(), until=around.may_start_until),
                pace_of=self._pace_of,
                told=partial(around.event_metrics.told, name.partition("-")[0]),
                settled=self._checkpointing.changed,
                max_age=around.settings.max_age,
                rng=around.rng,
            )
            if self._tasks is None:
                raise RuntimeError("a dispatcher was asked for before there was a task group")
            self._telling[name] = dispatcher, self._tasks.create_task(dispatcher.run())
        return self._telling[name][0]

    def _route_changed(self, old: Way | None, new: Way | None) -> None:
        """Follow a change of the routes: what waits goes with its route, or is counted where there is none any more."""
        left = self._dispatcher(old).withdraw(old.route.name) if old else None
        if new:
            dispatcher = self._dispatcher(new)
            if left and not dispatcher.adopt(new.terms, left):
                self._lose(new.route.name, left.count, ROUTE_REMOVED, "the route goes to another kind of destination")
        elif old and left and left.count:
            self._lose(old.route.name, left.count, ROUTE_REMOVED, "the route was removed")
        used = {way.route.destination for way in self._routes.ways.values()}
        for name in self._telling.keys() - used:
            self._telling.pop(name)[0].retire()
        self._checkpointing.changed()

    def _pace_of(self, account: str) -> Pacing | None:
        """Return the pace of a robot's key, whichever destinations send with it; None for what has none."""
        if not account:
            return None
        return Permitted(self._paces.get(account) or self._new_pace(account), until=self._around.may_start_until)

    def _new_pace(self, account: str) -> Pace:
        now, wall = asyncio.get_running_loop().time(), self._around.now().timestamp()
        answered = []
        if checkpoint := self._checkpoint:
            past = checkpoint.attempts.get(account, [])
            answered = [now + min(at - wall, LONGEST_ATTEMPT) for at in past if at + WINDOW > wall]
            if not checkpoint.clean:
                answered += [now] * UNRECORDED
        pace = self._paces[account] = RecordedPace(answered=sorted(answered))
        if not self._checkpointing.kept:
            pace.unrecordable()
        # Nothing leaves before a checkpoint says that this pace is ours.
        self._checkpointing.changed()
        return pace

    async def _read(self) -> None:
        if self._stream is None:
            raise RuntimeError("read before it began")
        loop = asyncio.get_running_loop()
        prepared = self._stream.position is not None
        if prepared:
            await self._around.prepared()
        async for event in self._stream.follow():
            received_at = loop.time()
            if not prepared:
                # Only now: the stream has its position, so nothing is lost while we wait.
                await self._around.prepared()
                prepared = True
            for way in self._routes.ways_of(event):
                self._offer(event, way, received_at)
            if self._around.settings.event_metrics:
                self._around.event_metrics.event(
                    level=event.type,
                    reason=event.reason,
                    namespace=event.involved_object.namespace,
                    kind=event.involved_object.kind,
                    milliseconds=(loop.time() - received_at) * 1000,
                )

    def _offer(self, event: Event, way: Way, received_at: float) -> None:
        route = way.route.name
        self._around.metrics.matched.labels(route=route).inc()
        if self._around.silences.take(event, route=route):
            return
        self._dispatcher(way).offer(notification(event, way.terms, received_at=received_at))

    def listed(self, event: Event, *, new: bool) -> None:
        """Offer a listed event, that is not new, to the routes for which it waited when the checkpoint was written."""
        for identity in self._resumption.listed(event, new=new):
            self._offer(event, self._routes.ways[identity], asyncio.get_running_loop().time())

    def positioned(self) -> None:
        """Have the new position written. After the first list: count what waited and is no longer there."""
        for identity, count in self._resumption.finish().items():
            way = self._routes.ways.get(identity)
            self._lose(way.route.name if way else identity, count, EXPIRED, "the API server no longer has them")
        self._checkpointing.changed()

    def _lose(self, route: str, count: int, reason: str, detail: str) -> None:
        self._around.metrics.dropped.labels(route=route, reason=reason).inc(count)
        log.error("event_dropped", reason=reason, detail=detail, route=route, count=count)

    def _snapshot(self, *, clean: bool) -> Snapshot | None:
        stream = self._stream
        if stream is None or stream.position is None:
            return None
        now, around = asyncio.get_running_loop().time(), self._around
        wall = around.now().timestamp()
        alive_at = stream.last_contact()
        checkpoint = Checkpoint(
            format=FORMAT,
            writer=around.writer,
            written_at=wall,
            clean=clean,
            streams={
                _ALL_NAMESPACES: StreamPosition(
                    seen=stream.position, alive_at=alive_at.timestamp() if alive_at else wall, routes={}
                )
            },
            attempts={name: [wall + at - now for at in pace.attempts(now)] for name, pace in self._paces.items()},
        )
        started = {name: pace.started for name, pace in self._paces.items()}

        def written() -> None:
            self.took_over = True
            for name, number in started.items():
                self._paces[name].recorded(number)

        data = encode(checkpoint, {_ALL_NAMESPACES: self._unsettled()})
        return Snapshot(data, mark=(stream.position, self._waiting()), written=written)

    def _unsettled(self) -> dict[str, Unsettled]:
        objects: dict[str, dict[int, int]] = {}
        beyond: dict[str, list[tuple[int, int, int]]] = {}
        identities = {way.route.name: identity for identity, way in self._routes.ways.items()}
        for dispatcher in self._dispatchers:
            for route, versions in dispatcher.versions():
                if not (identity := identities.get(route)):
                    continue  # removed while its last message is under way
                newest = objects.setdefault(identity, {})
                for each, version in versions.items():
                    newest[each] = max(version, newest.get(each, 0))
                if more := versions.beyond:
                    beyond.setdefault(identity, []).append((more.lowest, more.highest, more.count))
        for identity, left in self._resumption.unsettled():
            newest = objects.setdefault(identity, {})
            for each, version in left.objects.items():
                newest[each] = max(version, newest.get(each, 0))
            beyond.setdefault(identity, []).extend(left.beyond)
        return {
            identity: Unsettled(newest, beyond.get(identity, ()))
            for identity, newest in objects.items()
            if newest or beyond.get(identity)
        }

    def _unrecordable(self) -> None:
        for pace in self._paces.values():
            pace.unrecordable()
