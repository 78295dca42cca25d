"""One daemon process of a run: its network cards, its life and its death.

The only file that knows how the daemon is built.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from unittest import mock

import httpx

from kube_wecom_eventer import app
from kube_wecom_eventer.building import HttpClients
from kube_wecom_eventer.config import Settings
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.kube.watch import Backoff
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, MergingPending
from kube_wecom_eventer.notify.pending import MAX_SUMS
from kube_wecom_eventer.notify.repeats import REMEMBERED
from kube_wecom_eventer.web import Served
from tests.simulation.observe import INSTANCE
from tests.simulation.transport import Card, Peer

CONNECTION = Connection(server="http://api.test", described="simulated")


class _Clients(HttpClients):
    """HTTP clients over one card."""

    def __init__(self, stack: AsyncExitStack, card: Card) -> None:
        super().__init__(stack)
        self._card = card

    def client(self, ca_file: str | None) -> httpx.AsyncClient:
        if ca_file not in self._clients:
            self._clients[ca_file] = httpx.AsyncClient(transport=self._card)
        return self._clients[ca_file]


@dataclass(frozen=True, kw_only=True)
class _Wall:
    """Stands in for ``datetime`` where the wall clock is read."""

    clock: Callable[[], datetime]

    def now(self, _zone: tzinfo | None = None) -> datetime:
        return self.clock()


@contextmanager
def virtual_wall(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let the daemons read this wall clock."""
    with mock.patch.object(app, "datetime", _Wall(clock=clock)):
        yield


class Instance:
    """A daemon with two cards of its own. ``died``: when it was killed or had stopped, on the loop's clock.

    ``kill_at``: the number of its requests with which it is killed, 0 for none.
    """

    def __init__(
        self,
        *,
        name: str,
        settings: Settings,
        api: Peer,
        wecom: Peer,
        rng: random.Random,
        max_groups: int,
        doomed: Callable[[Instance], None],
    ) -> None:
        self.name = name
        self.kill_at = 0
        self.requests = 0
        self.started = asyncio.get_running_loop().time()
        self.ended: float | None = None
        self.killed = False
        self.most_groups = 0
        self.lists_at: list[float] = []
        self._rng = rng
        self._doomed = doomed
        self._settings = settings
        self._max_groups = max_groups
        self.cards = [
            Card(peer=peer, rng=random.Random(rng.random()), before=self._before) for peer in (api, wecom)
        ]
        self.daemon: app.Daemon
        self.task: asyncio.Task[None]

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.ended is None

    @property
    def metrics(self) -> Metrics:
        """The daemon's own figures."""
        return self.daemon._metrics

    @property
    def synced(self) -> bool:
        """Whether it has its first position."""
        return self.daemon._stream._position is not None

    def dropped(self, route: str) -> float:
        """How many versions the daemon says it dropped."""
        return sum(
            sample.value
            for family in self.metrics.dropped.collect()
            for sample in family.samples
            if sample.name.endswith("_total") and sample.labels["route"] == route
        )

    def counted(self, name: str, **labels: str) -> float:
        """Return a figure of the daemon's."""
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}", labels) or 0.0

    def waiting(self) -> bool:
        """Whether something waits, or is held back."""
        return any(each.waiting or each._pending.next_release() is not None for each in self._dispatchers)

    def tables(self) -> Iterator[tuple[str, int, int]]:
        """Yield the names of tables with their sizes and caps."""
        for pending in (each._pending for each in self._dispatchers):
            if isinstance(pending, MergingPending):
                yield "groups", self.most_groups, self._max_groups + MAX_SUMS + 1
                for waiting in pending._routes.values():
                    yield "repeats", len(waiting.repeats._told_at), REMEMBERED

    def measure(self) -> None:
        """Look at what may have a peak."""
        for pending in (each._pending for each in self._dispatchers):
            if isinstance(pending, MergingPending):
                self.most_groups = max(self.most_groups, pending.groups)

    @property
    def _dispatchers(self) -> Iterable[Dispatcher]:
        return self.daemon._dispatchers.values()

    def start(self) -> None:
        """Start the process."""
        token = INSTANCE.set(self.name)
        self.task = asyncio.get_running_loop().create_task(self._live(), name=self.name)
        INSTANCE.reset(token)

    async def stop(self) -> None:
        """End it as SIGTERM does."""
        self.daemon.stop()
        await asyncio.wait([self.task])
        self._over()

    async def kill(self) -> None:
        """End it as SIGKILL does: nothing leaves any more, then the task is gone."""
        self.killed = True
        for card in self.cards:
            card.die()
        self.task.cancel()
        await asyncio.wait([self.task])
        self._over()

    async def stray(self) -> None:
        """Wait for requests of the dead that are still on their way."""
        tasks = [task for card in self.cards for task in card.stray]
        if tasks:
            await asyncio.wait(tasks)

    def failure(self) -> BaseException | None:
        """What ended the process by itself."""
        return self.task.exception() if self.task.done() and not self.task.cancelled() else None

    def _over(self) -> None:
        self.ended = asyncio.get_running_loop().time()

    def _before(self, request: httpx.Request) -> None:
        self.requests += 1
        if self.requests == self.kill_at:
            for card in self.cards:
                card.die()
            self._doomed(self)
        elif request.url.path.endswith("/events") and b"limit=500" in request.url.query:
            self.lists_at.append(asyncio.get_running_loop().time())

    async def _live(self) -> None:
        async with AsyncExitStack() as stack:
            to_api, to_wecom = self.cards

            def client(*, connection: Connection) -> ApiClient:
                return ApiClient(connection=connection, transport=to_api)

            def merging() -> app.MergingPending:
                return pending(max_groups=self._max_groups)

            pending = app.MergingPending
            with mock.patch.object(app, "ApiClient", client), mock.patch.object(app, "MergingPending", merging):
                self.daemon = app.Daemon(
                    settings=self._settings, connection=CONNECTION, clients=_Clients(stack, to_wecom)
                )
            self._seed()
            with contextlib.suppress(asyncio.CancelledError):
                await self.daemon.run()

    def _seed(self) -> None:
        stream = self.daemon._stream
        stream._rng = random.Random(self._rng.random())
        stream._backoff = Backoff(rng=stream._rng)
        for dispatcher in self.daemon._dispatchers.values():
            dispatcher._rng = random.Random(self._rng.random())

        async def serve(_stack: AsyncExitStack) -> Served:
            return Served("none.test", 80)

        self.daemon._serve = serve  # type: ignore[method-assign]
