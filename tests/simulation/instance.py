"""One daemon process of a run: its network cards, its life and its death.

The only file that knows how the daemon is built, and where it keeps what waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import AsyncExitStack
from datetime import datetime

import httpx

from kube_wecom_eventer.alert_intake import AlertIntake
from kube_wecom_eventer.app import Daemon
from kube_wecom_eventer.building import HttpClients
from kube_wecom_eventer.config import Settings
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.notify import Dispatcher, MergingPending, pending
from kube_wecom_eventer.notify.repeats import REMEMBERED
from kube_wecom_eventer.pipeline import Pipeline
from tests.simulation.observe import INSTANCE
from tests.simulation.plan import CHECKPOINT
from tests.simulation.transport import Card, Peer

CONNECTION = Connection(server="http://api.test", described="simulated", namespace="default")


class Instance:
    """A daemon with two cards of its own, to the API server and to WeCom. Times are seconds on the loop's clock.

    ``ended``: when it was gone. ``kill_at``: the number of its requests with which it dies, 0 for none. ``loads``:
    when it asked for the checkpoint, to go on from there.
    """

    def __init__(
        self,
        *,
        name: str,
        settings: Settings,
        peers: tuple[Peer, Peer],
        rng: random.Random,
        wall: Callable[[], datetime],
        doomed: Callable[[Instance], None],
    ) -> None:
        self.name = name
        self.started = asyncio.get_running_loop().time()
        self.ended: float | None = None
        self.has_successor = False
        self.kill_at = 0
        self.requests = 0
        self.lists_at: list[float] = []
        self.loads: list[float] = []
        self.most_groups = 0
        self.unbalanced: list[str] = []
        self._settings = settings
        self._rng = rng
        self._wall = wall
        self._doomed = doomed
        self.cards = [Card(peer=peer, rng=random.Random(rng.random()), before=self._before) for peer in peers]
        self.daemon: Daemon
        self._task: asyncio.Task[None]

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.ended is None

    @property
    def intake(self) -> AlertIntake | None:
        """Who takes alerts there, if anybody does."""
        built = hasattr(self, "daemon") and self.running and not self.cards[0].dead
        return self.daemon._intake() if built else None

    @property
    def synced(self) -> bool:
        """Whether it has a position."""
        reading = self._pipeline.reading if self._pipeline else None
        return reading is not None and bool(reading.positions())

    @property
    def standing_by(self) -> bool:
        """Whether another one leads."""
        return bool(self.daemon._standing_by)

    def counted(self, name: str, **labels: str) -> float:
        """Return the sum of a figure of the daemon's over all labels that are not given."""
        return sum(
            sample.value
            for family in self.daemon.metrics.registry.collect()
            for sample in family.samples
            if sample.name == f"kube_wecom_eventer_{name}" and labels.items() <= sample.labels.items()
        )

    def dropped(self, route: str, *, but: Collection[str] = ()) -> float:
        """How many versions of a route the daemon says it dropped, for whatever reason but these."""
        return sum(
            sample.value
            for family in self.daemon.metrics.dropped.collect()
            for sample in family.samples
            if sample.name.endswith("_total") and sample.labels["route"] == route and sample.labels["reason"] not in but
        )

    def waiting(self, route: str) -> int:
        """How many versions of a route wait, are held back, or are being told."""
        number = 0
        for dispatcher in self._dispatchers:
            number += sum(batch.count for batch in dispatcher._batches() if batch.route == route)
            merging = dispatcher._pending
            if isinstance(merging, MergingPending) and (waiting := merging._routes.get(route)):
                number += sum(group.count for group in waiting.groups.values())
                number += sum(held.group.count for held in waiting.held.values())
        return number

    def measure(self) -> None:
        """Look at what may have a peak."""
        for merging in self._merging():
            self.most_groups = max(self.most_groups, merging.groups)

    def tables(self) -> Iterator[tuple[str, int, int]]:
        """Yield the names of tables with their sizes and caps."""
        # One more for each route: the sum of all that has no sum of its own.
        yield "groups", self.most_groups, self._settings.max_groups + pending.MAX_SUMS + len(self._settings.sinks)
        for merging in self._merging():
            for waiting in merging._routes.values():
                yield "repeats", len(waiting.repeats._told_at), REMEMBERED

    def start(self) -> None:
        """Start the process."""
        token = INSTANCE.set(self.name)
        self._task = asyncio.get_running_loop().create_task(self._live(), name=self.name)
        INSTANCE.reset(token)

    async def stop(self) -> None:
        """End it as SIGTERM does."""
        self.daemon.stop()
        await asyncio.wait([self._task])
        self._over()

    async def kill(self) -> None:
        """End it as SIGKILL does: nothing leaves any more, then the task is gone."""
        for card in self.cards:
            card.die()
        self._task.cancel()
        await asyncio.wait([self._task])
        self._over()

    async def stray(self) -> None:
        """Wait for requests of the dead that are still on their way."""
        tasks = [task for card in self.cards for task in card.stray]
        if tasks:
            await asyncio.wait(tasks)

    def failure(self) -> BaseException | None:
        """What ended the process by itself."""
        return self._task.exception() if self._task.done() and not self._task.cancelled() else None

    @property
    def _pipeline(self) -> Pipeline | None:
        return self.daemon._pipeline

    @property
    def _dispatchers(self) -> list[Dispatcher]:
        return list(self._pipeline.dispatchers.values()) if self._pipeline else []

    def _merging(self) -> Iterator[MergingPending]:
        for dispatcher in self._dispatchers:
            if isinstance(dispatcher._pending, MergingPending):
                yield dispatcher._pending

    def _over(self) -> None:
        if self.ended is None:
            self.ended = asyncio.get_running_loop().time()

    def _before(self, request: httpx.Request) -> None:
        now = asyncio.get_running_loop().time()
        self.requests += 1
        path = request.url.path
        if self.requests == self.kill_at:
            for card in self.cards:
                card.die()
            self._doomed(self)
        elif path.endswith("/events") and request.url.params.get("limit", "1") != "1":
            self.lists_at.append(now)
        elif path.endswith(CHECKPOINT) and request.method == "GET" and not (self._pipeline and self._pipeline.reading):
            self.loads.append(now)

    async def _live(self) -> None:
        to_api, to_wecom = self.cards
        client = ApiClient(connection=CONNECTION, transport=to_api)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(client.aclose)
            self.daemon = Daemon(
                settings=self._settings,
                connection=CONNECTION,
                client=client,
                clients=HttpClients(stack, transport=to_wecom),
                identity=self.name,
                pod=self.name,
                now=self._wall,
                rng=self._rng,
            )
            with contextlib.suppress(asyncio.CancelledError):
                await self.daemon.tell()
