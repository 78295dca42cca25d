"""The way of the events while this process tells them: from the checkpoint's position to the destinations.

One pipeline lives from the moment when the process begins to tell until it stops, or another one takes over.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain

import structlog
from prometheus_client import Counter

from kube_wecom_eventer.alert_intake import AlertIntake
from kube_wecom_eventer.checkpointing import Checkpointing, Snapshot
from kube_wecom_eventer.errors import NewerWriter
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.checkpoint import FORMAT, Checkpoint, Unsettled, encode
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore
from kube_wecom_eventer.kube.event_stream import Probe
from kube_wecom_eventer.kube.stored_alerts import StoredAlerts
from kube_wecom_eventer.notify import Batch, Dispatcher, MergingPending, OneByOne, notification
from kube_wecom_eventer.paces import Paces
from kube_wecom_eventer.reading import NO_CHECKPOINT, ROUTE_REMOVED, Reading
from kube_wecom_eventer.render import Merged
from kube_wecom_eventer.routing import Way
from kube_wecom_eventer.surroundings import Surroundings

GRACE = 20.0
"""Seconds that a stopping daemon goes on sending what waits; a pod is killed after 30."""

_CLOSING = 4.0
"""Seconds for the last write of the checkpoint."""

_NAMED = 10
"""Routes that a line of the log names."""

log = structlog.get_logger()


class Pipeline:
    """Events from the API server to the destinations. Made inside the loop that runs it."""

    def __init__(self, around: Surroundings, *, store: CheckpointStore) -> None:
        self._around = around
        self._checkpointing = Checkpointing(
            store=store,
            metrics=around.metrics,
            failed=lambda for_good: self._paces.unrecordable(for_good=for_good),
            readable=Probe(around.client, *around.settings.watched[:1]).readable,
        )
        self._paces = Paces(around, kept=lambda: self._checkpointing.kept, changed=self._checkpointing.changed)
        self._routes = around.routes
        self._checkpoint: Checkpoint | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._reader: Reading | None = None
        self._alerts: AlertIntake | None = None
        self._telling: dict[str, tuple[Dispatcher, asyncio.Task[None]]] = {}
        self._retired: list[tuple[Dispatcher, asyncio.Task[None]]] = []
        # The library takes 2 µs to find a counter by its labels.
        self._matched: dict[str, Counter] = {}
        self._reading: asyncio.Task[None] | None = None
        self.superseded_by = ""
        self.took_over = False

    @property
    def reading(self) -> Reading | None:
        """The reading side; None before the checkpoint has been read."""
        return self._reader

    @property
    def intake(self) -> AlertIntake | None:
        """Who takes alerts; None where what is taken now might not be told: before all is read, and at the end."""
        alerts, now = self._alerts, asyncio.get_running_loop().time()
        tells = alerts and alerts.is_open and not self.superseded_by and now <= self._around.may_start_until()
        return alerts if tells else None

    @property
    def checkpoint_trouble(self) -> str:
        """What is wrong with the checkpoint now; empty where nothing is."""
        return self._checkpointing.trouble

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong with destinations now, by their names."""
        return {name: dispatcher.trouble for name, dispatcher in self.dispatchers.items() if dispatcher.trouble}

    @property
    def dispatchers(self) -> Mapping[str, Dispatcher]:
        """Who tells, by the destination's name."""
        return {name: dispatcher for name, (dispatcher, _) in self._telling.items()}

    async def run(self) -> None:
        """Tell events, until another process writes the checkpoint: then ``superseded_by`` says who.

        ``took_over``: it has been ours in between.
        """
        self._checkpoint = await self._checkpointing.load()
        self._paces.resume(self._checkpoint)
        await self._around.routes_known()
        reader = self._reader = self._begin()
        # Before anything is written: what waits in the checkpoint must stay there.
        self._alerts = self._intake_of_alerts()
        unlisten = self._routes.listen(self._route_changed)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for way in self._routes.ways.values():
                self._look_after(way)
            self._reading = tasks.create_task(reader.run())
            opening = tasks.create_task(self._alerts.open_when(self._around.prepared))
            try:
                await self._checkpointing.run(partial(self._snapshot, clean=False))
            except NewerWriter as error:
                self.superseded_by = error.writer
            finally:
                unlisten()
                self._around.attempts.update(self._paces.attempts())
                self._reading.cancel()
                for task in (opening, *(task for _, task in (*self._retired, *self._telling.values()))):
                    task.cancel()

    def _intake_of_alerts(self) -> AlertIntake:
        return AlertIntake(
            self._around,
            selects=self._selects,
            dispatcher=self._dispatcher,
            lose=partial(self._lose, reason=ROUTE_REMOVED, detail="no route has this name any more"),
            changed=self._checkpointing.changed,
            stored=self._checkpoint.alerts if self._checkpoint else StoredAlerts(),
        )

    async def drain(self) -> None:
        """Stop reading, and send what waits while the pace and the time allow."""
        if self._reading:
            self._reading.cancel()
        log.info("daemon_stopping", waiting=self._waiting())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                if not await self._still_ours():
                    return
                # What is not accepted where no route goes any more comes back to where its route goes now.
                await asyncio.gather(*(dispatcher.drained() for dispatcher in self._finishing()))
                # A broken destination is probed once a minute or less: who comes next does that, if it will know.
                kept = self._checkpointing.kept
                telling = [each for each in self.dispatchers.values() if not (kept and each.broken)]
                await asyncio.gather(*(dispatcher.drained() for dispatcher in telling))
        if left := self._waiting():
            kept_or_lost = "the next start tells them" if self._checkpointing.kept else "they are lost"
            log.error("events_left_at_stop", left=left, grace_seconds=GRACE, detail=kept_or_lost)

    async def _still_ours(self) -> bool:
        """Write the checkpoint: in a rollout the next pod may have taken it over already, and tells what waits."""
        try:
            async with asyncio.timeout(_CLOSING):
                await self._checkpointing.write(self._snapshot(clean=False))
        except NewerWriter as error:
            self.superseded_by = error.writer
            log.info("left_to_the_next", writer=error.writer, waiting=self._waiting())
            self.count_lost()
            return False
        except TimeoutError:
            pass
        return True

    def count_lost(self) -> None:
        """Count what waits when another process leads, and no checkpoint knows of: nobody does any more."""
        if self._checkpointing.kept:
            for route, count in (self._alerts.unsaved(self._waiting_alerts()) if self._alerts else {}).items():
                self._lose(route, count, NO_CHECKPOINT, "another process leads now, and does not know of these alerts")
            return
        for dispatcher in self._busy():
            for route, count in dispatcher.counts().items():
                self._lose(route, count, NO_CHECKPOINT, "another process leads now, and there is no checkpoint")

    async def close(self) -> None:
        """Write the last checkpoint; to be called when `run` has ended, and nothing is sent any more."""
        with contextlib.suppress(NewerWriter):
            try:
                async with asyncio.timeout(_CLOSING):
                    await self._checkpointing.write(self._snapshot(clean=True))
            except TimeoutError:
                log.warning(
                    "checkpoint_unwritable",
                    checkpoint=self._checkpointing.described,
                    error=f"no answer within {_CLOSING:g} s",
                    detail="the next start may tell again what this one told last",
                )

    def _waiting(self) -> int:
        return sum(dispatcher.waiting for dispatcher in self._busy())

    def _busy(self) -> list[Dispatcher]:
        return [*self.dispatchers.values(), *self._finishing()]

    def _finishing(self) -> list[Dispatcher]:
        """Return who still tells a last batch, to a destination that no route has any more."""
        return [dispatcher for dispatcher, _ in self._retired if dispatcher.waiting]

    def _begin(self) -> Reading:
        checkpoint = self._checkpoint
        if checkpoint:
            log.info(
                "checkpoint_read",
                resource_version=max((stream.seen for stream in checkpoint.streams.values()), default=0),
                waiting=sum(route.count for route in checkpoint.routes.values()) + checkpoint.alerts.count,
            )
            # At once: from here on the checkpoint is ours.
            self._checkpointing.changed()
        return Reading(
            self._around,
            checkpoint=checkpoint,
            offer=self._offer,
            lose=self._lose,
            changed=self._checkpointing.changed,
        )

    def _dispatcher(self, way: Way) -> Dispatcher:
        """Return the dispatcher of a way's destination, which starts to work where it is the first way there."""
        around, name = self._around, way.route.destination
        if name not in self._telling:
            dispatcher = Dispatcher(
                destination=name,
                pending=MergingPending(max_groups=around.settings.max_groups) if way.merges else OneByOne(),
                metrics=around.metrics,
                pace=self._paces.of(name, way.terms.sink.account) or self._paces.free(),
                pace_of=partial(self._paces.of, name),
                returned=self._returned,
                told=partial(self._told, name.partition("-")[0]),
                settled=self._checkpointing.changed,
                routes=partial(self._routes_to, name),
                max_age=around.settings.max_age,
                rng=around.rng,
            )
            if self._tasks is None:
                raise RuntimeError("a dispatcher was asked for before there was a task group")
            self._telling[name] = dispatcher, self._tasks.create_task(dispatcher.run())
        return self._telling[name][0]

    def _look_after(self, way: Way) -> Dispatcher:
        """Return the dispatcher of a way that is new or has changed; whether its key can be read is known soon."""
        dispatcher = self._dispatcher(way)
        dispatcher.look_after(way.terms.sink)
        return dispatcher

    def _routes_to(self, destination: str) -> list[str]:
        names = sorted(way.route.name for way in self._routes.ways.values() if way.route.destination == destination)
        return names[:_NAMED]

    def _told(self, kind: str, route: str, seconds: float) -> None:
        self._around.event_metrics.told(kind, seconds)
        self._around.departures.last_told[route] = self._around.now()

    def _route_changed(self, old: Way | None, new: Way | None) -> None:
        """Follow a change of the routes: what waits goes with its route, or is counted where there is none any more."""
        self._matched.clear()
        left = self._dispatcher(old).withdraw(old.route.name) if old else None
        if new:
            dispatcher = self._look_after(new)
            if left and not dispatcher.adopt(new.terms, left):
                self._lose(new.route.name, left.count, ROUTE_REMOVED, "the route goes to another kind of destination")
        elif old and left and left.count:
            self._lose(old.route.name, left.count, ROUTE_REMOVED, "the route was removed")
        used = {way.route.destination for way in self._routes.ways.values()}
        for name in self._telling.keys() - used:
            dispatcher, task = self._telling.pop(name)
            dispatcher.retire()
            self._retired = [each for each in (*self._retired, (dispatcher, task)) if not each[1].done()]
        self._checkpointing.changed()

    def _returned(self, batch: Batch) -> None:
        """Tell what a withdrawn route could not, by the way that the route has now, if it has one."""
        way = next((way for way in self._routes.ways.values() if way.route.name == batch.route), None)
        if way:
            self._dispatcher(way).take_back(way.terms, batch)
        else:
            self._lose(batch.route, batch.count, ROUTE_REMOVED, "the route was removed")

    def _selects(self, event: Event, way: Way) -> bool:
        """Count an event that a way takes; return whether it is to be told."""
        route = way.route.name
        counter = self._matched.get(route)
        if counter is None:
            counter = self._matched[route] = self._around.metrics.matched.labels(route=route)
        counter.inc()
        return not self._around.silences.take(event, route=route)

    def _offer(self, event: Event, way: Way, received_at: float) -> None:
        if not self._selects(event, way):
            return
        self._dispatcher(way).offer(notification(event, way.terms, received_at=received_at))

    def _lose(self, route: str, count: int, reason: str, detail: str) -> None:
        self._around.departures.count_for(route)
        self._around.metrics.dropped.labels(route=route, reason=reason).inc(count)
        log.error("event_dropped", reason=reason, detail=detail, route=route, count=count)

    def _snapshot(self, *, clean: bool) -> Snapshot | None:
        positions = self._reader.positions() if self._reader else {}
        alerts = self._alerts.stored(self._waiting_alerts()) if self._alerts else StoredAlerts()
        if not positions and not alerts:
            return None
        now, wall = asyncio.get_running_loop().time(), self._around.now().timestamp()
        self._paces.forget_unused()
        checkpoint = Checkpoint(
            format=FORMAT,
            writer=self._around.writer,
            written_at=wall,
            clean=clean,
            streams=positions,
            attempts={
                name: [wall + at - now for at in attempts]
                for name, attempts in self._paces.attempts().items()
                if attempts
            },
            alerts=alerts,
        )
        started = self._paces.started()

        def written() -> None:
            self.took_over = True
            if self._alerts:
                self._alerts.saved()
            self._paces.recorded(started)

        seen = sum(position.seen for position in positions.values())
        return Snapshot(encode(checkpoint, self._unsettled()), mark=(seen, self._waiting()), written=written)

    def _unsettled(self) -> dict[str, Unsettled]:
        objects: dict[str, dict[int, int]] = {}
        beyond: dict[str, list[tuple[int, int, int]]] = {}
        found = self._reader.unsettled() if self._reader else ()
        for identity, part in chain(self._waiting_here(), found):
            newest = objects.setdefault(identity, {})
            for each, version in part.objects.items():
                newest[each] = max(version, newest.get(each, 0))
            beyond.setdefault(identity, []).extend(part.beyond)
        return {
            identity: Unsettled(newest, beyond.get(identity, ()))
            for identity, newest in objects.items()
            if newest or beyond.get(identity)
        }

    def _waiting_alerts(self) -> Iterator[tuple[str, Merged]]:
        """Yield routes with the alerts that wait at a dispatcher."""
        return chain.from_iterable(dispatcher.alerts() for dispatcher in self._busy())

    def _waiting_here(self) -> Iterator[tuple[str, Unsettled]]:
        """Yield routes' identities with what of them waits at a dispatcher; one may come more than once."""
        identities = {way.route.name: identity for identity, way in self._routes.ways.items()}
        for dispatcher in self._busy():
            for route, versions in dispatcher.versions():
                # None: it was removed while its last message is under way.
                if identity := identities.get(route):
                    more = versions.beyond
                    beyond = [(more.lowest, more.highest, more.count)] if more else []
                    yield identity, Unsettled(dict(versions.items()), beyond)
