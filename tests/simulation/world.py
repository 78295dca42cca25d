"""A cluster, a WeCom group and daemons between them, in one process on a virtual clock, played after a plan."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal
from unittest import mock

import structlog

from kube_wecom_eventer.config import load_settings
from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.store import Key, ObjectStore
from kube_wecom_eventer.kube import event_stream
from kube_wecom_eventer.notify import pending
from kube_wecom_eventer.virtual_time import VirtualLoop
from tests.simulation.alerts import Alertmanager, Taken
from tests.simulation.chats import Chats
from tests.simulation.faults import Faults, restorable
from tests.simulation.history import History
from tests.simulation.instance import Instance
from tests.simulation.observe import Ledger, Version, observed
from tests.simulation.plan import EPOCH, NAMESPACES, EventPlan, FaultPlan, Plan, stream
from tests.simulation.threads import threaded
from tests.simulation.transport import Peer

_NOISE = Key("configmaps", "default", "noise")
HEALS_WITHIN = 2400.0
"""Seconds that the daemons get to finish once all is well: a robot is probed every 15 minutes at least."""


@dataclass(slots=True, kw_only=True)
class Written:
    """A version of an event as the API server stored it. ``undone``: a restore took it back."""

    version: Version
    plan: EventPlan
    at: float
    routes: tuple[str, ...]
    undone: bool = False
    unseen: bool = False
    """Written after a restore that the daemon had not noticed yet: no resourceVersion tells that it is new."""


@dataclass(kw_only=True)
class World:
    """One run. What happened in it is in ``written``, ``ledger`` and ``instances``; ``trace`` says it in lines."""

    plan: Plan
    say: Callable[[str], None] = lambda _line: None
    written: list[Written] = field(default_factory=list)
    newest: dict[str, Written] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    restored_at: list[float] = field(default_factory=list)
    ends: list[asyncio.Task[None]] = field(default_factory=list)
    began: float = 1000.0
    expired: int = 0
    unbalanced: list[str] = field(default_factory=list)
    overfull: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Play the plan to its end."""
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.get_loop()
            self._build()
            logs = _quiet_logs(self.said if self.verbose else None)
            calls = threaded(self, stream(self.plan.seed, "calls"))
            with observed(self.ledger), logs, calls, _small(self.plan):
                runner.run(self._play())

    @property
    def verbose(self) -> bool:
        """Whether somebody listens."""
        return self.say is not World.say

    @property
    def running(self) -> list[Instance]:
        """The daemons that live."""
        return [instance for instance in self.instances if instance.running]

    @property
    def leading(self) -> list[Instance]:
        """Those of them that tell; all where none does."""
        return [instance for instance in self.running if instance.synced] or self.running

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return asyncio.get_running_loop().time() - self.began

    @property
    def selectable(self) -> list[Written | Taken]:
        """All versions of events and alerts that daemons could have seen."""
        return [*self.written, *self.alertmanager.taken.values()]

    def wall(self) -> datetime:
        """What clocks on walls show."""
        return EPOCH + timedelta(seconds=self._loop_time())

    def said(self, line: str) -> None:
        """Note what happened."""
        if self.verbose:
            self.say(f"{self._loop_time() - self.began:9.3f}  {line}")

    def _build(self) -> None:
        seed = self.plan.seed
        self.ledger = Ledger(said=self.said)
        self.store = ObjectStore(clock=self.wall, random=stream(seed, "store"))
        self.api = ApiServer(store=self.store, random=stream(seed, "server"))
        for name in NAMESPACES:
            key = Key("namespaces", "", name)
            self.store.create(key, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
        self.store.create(
            _NOISE, {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "noise", "namespace": "default"}}
        )
        self._restored = False
        self.chats = Chats(clock=self.wall, reached=self.ledger.reached)
        self.api_peer = Peer(name="API server", app=self.api)
        self.wecom_peer = Peer(name="WeCom", app=self.chats)
        self.history = History(self.store, epoch=EPOCH)
        self.alertmanager = Alertmanager(stage=self, routes=self.plan.routes, rng=stream(seed, "posts"))
        self._settings = load_settings(self.plan.arguments(), environ={})
        self._rng = stream(seed, "daemons")
        self._faults = Faults(self, stream(seed, "upsets"))

    def _loop_time(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 1000.0

    async def _play(self) -> None:
        await self._start()
        self._base = self.store.revision
        self.began = asyncio.get_running_loop().time()
        for moment, happens in sorted(self._timeline(), key=lambda each: each[0]):
            await asyncio.sleep(max(0.0, moment - self.now))
            happens()
        await self._heal()
        self.check_balance()
        self.overfull = [
            f"{instance.name}: {size} {what}, the cap is {cap}"
            for instance in self.instances
            for what, size, cap in instance.tables()
            if size > cap
        ]
        for instance in self.running:
            await (instance.stop() if self.plan.drains else instance.kill())
        for instance in self.instances:
            await instance.stray()
        self.api.shut_down()
        await asyncio.sleep(0.01)

    async def _start(self) -> None:
        """Start the daemons, and wait until one has its position, and has written it where it is to be kept."""
        for _ in range(2 if self.plan.mode == "replicas" else 1):
            self.start_daemon()
            await asyncio.sleep(0.05)
        written = self.plan.mode == "alone"
        while not (written and any(instance.synced for instance in self.running)):
            await asyncio.sleep(0.05)
            written = written or bool(self.history.checkpoints)

    def _timeline(self) -> Iterator[tuple[float, Callable[[], None]]]:
        for event in self.plan.events:
            yield event.at, partial(self.write, event)
        yield from self.alertmanager.timeline(self.plan.alerts)
        for fault in self.plan.faults:
            yield fault.at, partial(self._begin, fault)
            if fault.lasts:
                yield fault.at + fault.lasts, partial(self._end, fault)
        for number in range(int(self.plan.ends_at // 45)):
            yield number * 45.0 + 7.0, partial(self._noise, number)
        for number in range(int(self.plan.ends_at // 300)):
            yield number * 300.0, self._expire

    def write(self, event: EventPlan) -> None:
        """Let a component write an event."""
        stored = self.api.create_event(self._content(event))
        metadata = stored["metadata"]
        routes = tuple(route.name for route in self.plan.routes if route.selects(event))
        version = (metadata["uid"], int(metadata["resourceVersion"]))
        self._restored = self._restored and not self._watched_again()
        written = Written(version=version, plan=event, at=self.now, routes=routes, unseen=self._restored)
        self.written.append(written)
        self.newest[version[0]] = written
        for instance in self.running:
            instance.measure()
        self.said(
            f"event {version[1]}: {event.level} {event.reason} {event.namespace}/{event.pod} for {routes or 'nobody'}"
        )

    def _content(self, event: EventPlan) -> dict[str, Any]:
        before = self.store.find(Key("events", event.namespace, event.name))
        stamp = self.wall().strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "metadata": {"name": event.name, "namespace": event.namespace},
            "involvedObject": {
                "kind": "Pod", "apiVersion": "v1", "name": event.pod, "namespace": event.namespace,
                "uid": f"{event.namespace}-{event.pod}",
            },
            "reason": event.reason,
            "message": event.message,
            "type": event.level,
            "source": {"component": "kubelet", "host": "node-1"},
            "firstTimestamp": before["firstTimestamp"] if before else stamp,
            "lastTimestamp": stamp,
            "count": before["count"] + 1 if before else 1,
        }  # fmt: skip

    def start_daemon(self) -> None:
        """Start one more daemon."""
        name = f"pod-{len(self.instances) + 1}"
        instance = Instance(
            name=name,
            settings=self._settings,
            peers=(self.api_peer, self.wecom_peer),
            rng=random.Random(self._rng.random()),
            wall=self.wall,
            doomed=lambda doomed: self.restart(doomed, after=self._rng.uniform(0.0, 20.0), how="kill"),
        )
        self.instances.append(instance)
        instance.start()
        self.said(f"{name} starts")

    def restart(self, instance: Instance, *, after: float, how: Literal["kill", "stop"]) -> None:
        """End a daemon and start the next one some seconds later."""

        async def end_and_start() -> None:
            self.said(f"{instance.name}: {how}")
            succeeded, instance.has_successor = instance.has_successor, True
            await (instance.kill() if how == "kill" else instance.stop())
            self.said(f"{instance.name} is gone")
            if not succeeded:
                await asyncio.sleep(after)
                self.start_daemon()

        self.ends.append(asyncio.get_running_loop().create_task(end_and_start()))

    def roll_out(self, instance: Instance, *, after: float) -> None:
        """Start the next daemon, and stop this one some seconds later."""

        if instance.has_successor:
            return
        instance.has_successor = True

        async def start_and_stop() -> None:
            self.start_daemon()
            await asyncio.sleep(after)
            if instance.running:
                self.said(f"{instance.name}: stop")
                await instance.stop()
                self.said(f"{instance.name} is gone")

        self.ends.append(asyncio.get_running_loop().create_task(start_and_stop()))

    def check_balance(self) -> None:
        """What a daemon's routes selected is what it told, dropped, or has waiting."""
        for instance in self.running:
            if len(instance.loads) > 1 or not instance.synced:
                continue  # what waited was left to another
            for route in self.plan.routes:
                matched = instance.counted("events_matched_total", route=route.name)
                told = instance.counted("events_told_total", route=route.name)
                dropped, waiting = instance.dropped(route.name, but=("expired",)), instance.waiting(route.name)
                if matched != told + dropped + waiting:
                    self.unbalanced.append(
                        f"{route.name} of {instance.name}: selected {matched:g}, told {told:g}, dropped {dropped:g}, "
                        f"{waiting} wait"
                    )

    def restore(self, back: int) -> None:
        """Restore the API server from the state so many writes ago."""
        revision = restorable(self.api, back, oldest=self._base)
        if revision is None:
            return
        for written in self.written:
            written.undone = written.undone or written.version[1] > revision
        self.api.restore(revision)
        self.restored_at.append(self.now)
        self._restored = True
        kept = {
            event["metadata"]["uid"]: int(event["metadata"]["resourceVersion"]) for event in self.store.list("events")
        }
        by_version = {written.version: written for written in self.written}
        self.newest = {uid: by_version[uid, version] for uid, version in kept.items()}
        self.said(f"restored to {revision}")

    def untold(self) -> dict[str, list[Written | Taken]]:
        """Return for each route the newest versions, and the alerts, that no accepted message told."""
        missing: dict[str, list[Written | Taken]] = defaultdict(list)
        for name, alerts in self.alertmanager.untold(self.ledger.told).items():
            missing[name] += alerts
        for written in self.newest.values():
            for route in written.routes:
                if not written.unseen and not self._told(route, written):
                    missing[route].append(written)
        return missing

    def _told(self, route: str, written: Written) -> bool:
        told = self.ledger.told[route]
        if written.version in told:
            return True
        # After a restore the newest version is an older one, and what was told may be what was taken back.
        uid, number = written.version
        return bool(self.restored_at) and any(other == uid and version >= number for other, version in told)

    def _watched_again(self) -> bool:
        # A moment later: the watches that the restore closes are still being closed.
        return self.now > self.restored_at[-1] + 0.1 and self.api.open_watches("events") > 0

    def _begin(self, fault: FaultPlan) -> None:
        self.said(f"-- {fault}")
        self._faults.begin(fault)

    def _end(self, fault: FaultPlan) -> None:
        self.said(f"-- over: {fault.kind}")
        self._faults.end(fault)

    def _noise(self, number: int) -> None:
        self.store.update(_NOISE, {**self.store.get(_NOISE), "data": {"n": str(number)}})

    def _expire(self) -> None:
        self.expired += self.store.expire("events", older_than=timedelta(hours=1))

    async def _heal(self) -> None:
        """All faults are over: wait until all is told, then a while more, in which nothing may happen twice."""
        self.said("-- all faults are over")
        for instance in self.instances:
            instance.kill_at = 0
        if self.ends:
            await asyncio.wait(self.ends)
        until = self.now + HEALS_WITHIN
        while self.now < until and self._unfinished():  # noqa: ASYNC110 what it waits for is in many places
            await asyncio.sleep(2.0)
        await asyncio.sleep(self.plan.idle)

    def _unfinished(self) -> bool:
        missing = self.untold()
        dropped = {route: sum(each.dropped(route) for each in self.instances) for route in missing}
        return bool(self.alertmanager.unposted) or any(len(missing[route]) > dropped[route] for route in missing)


@contextmanager
def _small(plan: Plan) -> Iterator[None]:
    """Make bounds that have no flag so small that a run meets them."""
    sums = pending.MAX_SUMS if plan.max_groups >= 100 else 4
    with mock.patch.object(event_stream, "PAGE", plan.page), mock.patch.object(pending, "MAX_SUMS", sums):
        yield


@contextmanager
def _quiet_logs(say: Callable[[str], None] | None) -> Iterator[None]:
    """Send the daemons' logs into the trace, or nowhere."""
    before = structlog.get_config()

    def tell(_logger: Any, method: str, line: structlog.typing.EventDict) -> str:
        if say is not None:
            text = " ".join(f"{name}={value}" for name, value in line.items() if name != "event")
            say(f"      log {method}: {line['event']} {text}")
        raise structlog.DropEvent

    level = logging.DEBUG if say is not None else logging.CRITICAL
    structlog.configure(
        processors=[structlog.processors.format_exc_info, tell],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
