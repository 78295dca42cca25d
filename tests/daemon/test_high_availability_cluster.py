"""Two replicas on the real API server: one leads, the other one follows it, and they never send at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import groupby, pairwise
from random import Random

import pytest

from kube_wecom_eventer.demo.serving import serve
from tests.daemon.conftest import KEY, Pipeline, until
from tests.support.collector import REPLICA, Collector, collector
from tests.support.daemon import DaemonProcess
from tests.support.event_writer import EventWriter

pytestmark = [pytest.mark.cluster, pytest.mark.parametrize("server", ["cluster"], indirect=True)]

LEASE = 12.0
"""Seconds: the shortest that is allowed."""
RETRY = 1.0
RATE = 20.0
PAUSE = 0.02
"""Seconds that the webhook takes for an answer, so that requests that could overlap would."""

log = logging.getLogger(__name__)


@pytest.fixture
async def collected() -> AsyncIterator[tuple[Collector, str]]:
    """A webhook and a group with one robot, and their address."""
    app = collector(key=KEY, pause=PAUSE)
    async with serve(app) as url:
        yield app, url


class Replicas:
    """Replicas of one Deployment, which say who they are in a header."""

    def __init__(self, pipeline: Pipeline, told: Collector, url: str) -> None:
        self._pipeline = pipeline
        self._told = told
        self._url = url

    def replica(self, name: str) -> AbstractAsyncContextManager[DaemonProcess]:
        """Start one."""
        namespace = self._pipeline.server.namespace
        options = f"namespaces={namespace}&header={REPLICA}={name}"
        return self._pipeline.daemon(
            f"--sink=webhook:{self._url}/told?method=POST&{options}",
            f"--sink=webhook:{self._url}/cgi-bin/webhook/send?key={KEY}&{options}&repeat_interval=0",
            self._pipeline.checkpoint,
            "--leader-elect",
            f"--leader-elect-resource-namespace={namespace}",
            f"--leader-elect-lease-duration={LEASE:g}s",
            "--leader-elect-renew-deadline=8s",
            f"--leader-elect-retry-period={RETRY:g}s",
        )

    def check(self, writer: EventWriter, *, order: list[str]) -> int:
        """Assert that nothing was lost, and that each replica's last request ended before the next one's first.

        Returns how many versions were told twice.
        """
        versions = self._told.versions()
        assert not set(writer.newest.items()) - versions.keys()
        requests = sorted(self._told.requests, key=lambda each: each.began)
        assert [replica for replica, _ in groupby(each.replica for each in requests)] == order
        for first, second in pairwise(order):
            last = max(each.ended for each in requests if each.replica == first)
            assert last <= min(each.began for each in requests if each.replica == second)
        assert not self._told.wecom.refused
        return versions.total() - len(versions)

    async def told_by(self, name: str) -> float:
        """Wait until a replica sends; return since when, on the loop's clock."""
        await until(lambda: any(each.replica == name for each in self._told.requests), timeout=2 * LEASE)
        return min(each.began for each in self._told.requests if each.replica == name)


@asynccontextmanager
async def _stream(pipeline: Pipeline) -> AsyncIterator[EventWriter]:
    """Write events until the block is left."""
    writer = EventWriter(pipeline.server, rate=RATE, rng=Random(1))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run(seconds=120))
        yield writer
        writer.stop()


async def test_a_standby_follows_a_dead_leader_and_one_that_stops(
    pipeline: Pipeline, collected: tuple[Collector, str]
) -> None:
    """After SIGKILL when the Lease is over, after SIGTERM within a second; twice told is what the last second told."""
    told, url = collected
    replicas, loop = Replicas(pipeline, told, url), asyncio.get_running_loop()
    async with AsyncExitStack() as running:

        async def started(name: str) -> DaemonProcess:
            return await running.enter_async_context(replicas.replica(name))

        a = await started("a")
        await a.log("leadership_acquired")
        await a.ready()
        b = await started("b")
        await b.log("leader_changed")
        async with _stream(pipeline) as writer:
            await replicas.told_by("a")
            await asyncio.sleep(4.0)
            await a.kill()
            killed = loop.time()
            after_kill = await replicas.told_by("b") - killed
            c = await started("c")
            await c.log("leader_changed")
            await asyncio.sleep(1.0)
            assert await b.stop() == 0
            stopped = loop.time()
            await c.log("leadership_acquired")
            after_stop = loop.time() - stopped
            await replicas.told_by("c")
            await asyncio.sleep(1.0)
        await pipeline.checkpoint_says(waiting=0, timeout=90)
        duplicates = replicas.check(writer, order=["a", "b", "c"])
        log.info(
            "high availability: %s",
            {
                "written": len(writer.accepted_at),
                "duplicates": duplicates,
                "seconds_after_kill": round(after_kill, 1),
                "seconds_after_stop": round(after_stop, 3),
                "messages": len(told.wecom.messages),
            },
        )
        assert after_kill < LEASE + 2 * RETRY + 2.0
        assert after_stop < 1.0
        assert duplicates <= 3 * RATE
        assert await c.stop() == 0
