"""The way of the events while this process tells them: from the checkpoint's position to the destinations.

One pipeline lives from the moment when the process begins to tell until it stops, or another one takes over.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from kube_wecom_eventer.checkpointing import Checkpointing, Snapshot
from kube_wecom_eventer.config import RobotTarget, Settings
from kube_wecom_eventer.errors import NewerWriter
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.kube.checkpoint import FORMAT, Checkpoint, StreamPosition, Unsettled, encode
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.event_stream import EventStream, Start, answers
from kube_wecom_eventer.kube.resumption import Resumption
from kube_wecom_eventer.match import Route, Silences
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
    Permitted,
    RecordedPace,
    notification,
)
from kube_wecom_eventer.render import Wording
from kube_wecom_eventer.sinks import Sink

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
class Way:
    """All that an event meets: which it is for, in which words, by which sink. ``identity``: in the checkpoint."""

    route: Route
    identity: str
    wording: Wording
    sink: Sink
    repeat_interval: float
    group_wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What outlives a pipeline. ``writer`` names the process in the checkpoint. ``may_start_until``: seconds on the
    loop's clock, when the last request may start. ``prepared`` returns when events may be rendered."""

    settings: Settings
    client: ApiClient
    metrics: Metrics
    event_metrics: EventerMetrics
    ways: Sequence[Way]
    silences: Silences
    writer: str
    may_start_until: Callable[[], float]
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
        self._ways = {way.identity: way for way in around.ways}
        self._resumption = Resumption({}, routes={})
        self._dispatchers: dict[str, Dispatcher] = {}
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
        return {name: dispatcher.trouble for name, dispatcher in self._dispatchers.items() if dispatcher.trouble}

    async def run(self) -> None:
        """Tell events, until another process writes the checkpoint: then ``superseded_by`` says who.

        ``took_over``: it has been ours in between.
        """
        self._begin(await self._checkpointing.load())
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(dispatcher.run()) for dispatcher in self._dispatchers.values()]
            self._reading = tasks.create_task(self._read())
            try:
                await self._checkpointing.run(partial(self._snapshot, clean=False))
            except NewerWriter as error:
                self.superseded_by = error.writer
            finally:
                for task in (self._reading, *others):
                    task.cancel()
                for name in self._dispatchers:
                    self._around.metrics.pending.labels(destination=name).set(0)

    async def drain(self) -> None:
        """Stop reading, and send what waits while the pace and the time allow."""
        if self._reading:
            self._reading.cancel()
        log.info("daemon_stopping", waiting=self._waiting())
        try:
            async with asyncio.timeout(GRACE):
                if not await self._still_ours():
                    return
                await asyncio.gather(*(dispatcher.drained() for dispatcher in self._dispatchers.values()))
        except TimeoutError:
            left = self._waiting()
            kept = "the next start tells them" if self._checkpointing.kept else "they are lost"
            log.error("events_left_at_stop", left=left, grace_seconds=GRACE, detail=kept)

    async def _still_ours(self) -> bool:
        """Write the checkpoint: in a rollout the next pod may have taken it over already, and tells what waits."""
        try:
            async with asyncio.timeout(_CLOSING):
                await self._checkpointing.write(self._snapshot(clean=False))
        except NewerWriter as error:
            self.superseded_by = error.writer
            log.info("left_to_the_next", writer=error.writer, waiting=self._waiting())
            return False
        except TimeoutError:
            pass
        return True

    async def close(self) -> None:
        """Write the last checkpoint; to be called when `run` has ended, and nothing is sent any more."""
        with contextlib.suppress(NewerWriter):
            try:
                async with asyncio.timeout(_CLOSING):
                    await self._checkpointing.write(self._snapshot(clean=True))
            except TimeoutError:
                log.warning("checkpoint_unwritable", error=f"no answer within {_CLOSING:g} s")

    def _waiting(self) -> int:
        return sum(dispatcher.waiting for dispatcher in self._dispatchers.values())

    def _begin(self, checkpoint: Checkpoint | None) -> None:
        around = self._around
        position = checkpoint.streams.get(_ALL_NAMESPACES) if checkpoint else None
        if position:
            takes = {identity: way.route.takes for identity, way in self._ways.items()}
            self._resumption = Resumption(position.routes, routes=takes)
            for route, count in self._resumption.removed.items():
                self._lose(route, count, ROUTE_REMOVED, "no route has this name any more")
        start = self._start(position)
        self._stream = EventStream(
            client=around.client,
            metrics=around.metrics,
            now=around.now,
            warnings_only=not around.settings.event_metrics
            and all(sink.filter.level == "Warning" for sink in around.settings.sinks),
            start=start,
            listing=self,
            rng=around.rng,
        )
        self._build_dispatchers(checkpoint)
        if position:
            log.info(
                "checkpoint_read",
                resource_version=position.seen,
                waiting=sum(e.count for e in position.routes.values()),
            )
            # At once: from here on the checkpoint is ours.
            self._checkpointing.changed()

    def _start(self, position: StreamPosition | None) -> Start:
        if position is None:
            since = self._around.settings.since
            return Start(since=self._around.now() - timedelta(seconds=since) if since else None)
        return Start(
            position=position.seen,
            alive_at=datetime.fromtimestamp(position.alive_at, UTC),
            lists=bool(self._resumption),
        )

    def _build_dispatchers(self, checkpoint: Checkpoint | None) -> None:
        around, settings = self._around, self._around.settings
        for sink in settings.sinks:
            target = sink.target
            name = target.destination
            if name in self._dispatchers:
                continue
            chat = isinstance(target, RobotTarget)
            self._dispatchers[name] = Dispatcher(
                destination=name,
                pending=MergingPending(max_groups=settings.max_groups) if chat else OneByOne(),
                metrics=around.metrics,
                pace=Permitted(self._pace(name, checkpoint) if chat else NoPace(), until=around.may_start_until),
                told=partial(around.event_metrics.told, name.partition("-")[0]),
                settled=self._checkpointing.changed,
                max_age=settings.max_age,
                rng=around.rng,
            )

    def _pace(self, destination: str, checkpoint: Checkpoint | None) -> Pace:
        if not self._checkpointing.kept:
            return Pace()
        now, wall = asyncio.get_running_loop().time(), self._around.now().timestamp()
        answered = []
        if checkpoint:
            past = checkpoint.attempts.get(destination, [])
            answered = [now + min(at - wall, LONGEST_ATTEMPT) for at in past if at + WINDOW > wall]
            if not checkpoint.clean:
                answered += [now] * UNRECORDED
        pace = self._paces[destination] = RecordedPace(answered=sorted(answered))
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
            for way in self._ways.values():
                if way.route.takes(event):
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
        self._dispatchers[way.route.destination].offer(
            notification(
                event,
                route=route,
                wording=way.wording,
                sink=way.sink,
                received_at=received_at,
                repeat_interval=way.repeat_interval,
                group_wait=way.group_wait,
            )
        )

    def listed(self, event: Event, *, new: bool) -> None:
        """Offer a listed event, that is not new, to the routes for which it waited when the checkpoint was written."""
        for identity in self._resumption.listed(event, new=new):
            self._offer(event, self._ways[identity], asyncio.get_running_loop().time())

    def positioned(self) -> None:
        """Have the new position written. After the first list: count what waited and is no longer there."""
        for identity, count in self._resumption.finish().items():
            self._lose(
                self._ways[identity].route.name,
                count,
                EXPIRED,
                "the API server no longer has them, or their route no longer selects them",
            )
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
        identities = {way.route.name: identity for identity, way in self._ways.items()}
        for dispatcher in self._dispatchers.values():
            for route, versions in dispatcher.versions():
                identity = identities[route]
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

    def _unrecordable(self, for_good: bool) -> None:
        for pace in self._paces.values():
            pace.unrecordable(for_good=for_good)
