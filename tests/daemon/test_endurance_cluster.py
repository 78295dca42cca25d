"""A stream of events on the real API server, while the daemon and the server are killed at random moments.

By default small enough for every run of the tests. The full size, three minutes with ten kills of the daemon and three
of the API server:

    ENDURANCE_SECONDS=180 pytest tests/daemon/test_endurance_cluster.py --log-cli-level=INFO
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from kube_wecom_eventer.demo.serving import serve
from tests.daemon.conftest import KEY, Pipeline
from tests.support.collector import Collector, collector
from tests.support.daemon import DaemonProcess
from tests.support.envtest import RealCluster
from tests.support.event_writer import EventWriter
from tests.support.told import by_reason, lone_versions, most_in_a_minute, stands_for

pytestmark = [pytest.mark.cluster, pytest.mark.parametrize("server", ["cluster"], indirect=True)]

SECONDS = float(os.environ.get("ENDURANCE_SECONDS", "20"))
DAEMON_KILLS = max(2, round(SECONDS / 18))
API_SERVER_KILLS = max(1, round(SECONDS / 60))
RATE = 20.0
"""Versions of events a second."""

HOLDING_KEY, LONE_KEY = "1f0c5d2e-0000-4aaa-9000-0123456789ab", "1f0c5d2e-0000-4aaa-9000-0123456789cd"
SEED = int(os.environ.get("ENDURANCE_SEED", "0")) or Random().randrange(1 << 30)
LONGEST_TAIL = 200.0
"""Seconds after the stream: each kill takes five slots of a minute, and what waits then merges."""

log = logging.getLogger(__name__)


class Killed:
    """The daemon, in as many lives as it takes. ``logs`` holds all that they said."""

    def __init__(self, pipeline: Pipeline, *arguments: str) -> None:
        self._pipeline = pipeline
        self._arguments = arguments
        self._life = AsyncExitStack()
        self.logs: list[dict[str, Any]] = []
        self.daemon: DaemonProcess

    async def start(self) -> None:
        """Begin a life."""
        self.daemon = await self._life.enter_async_context(self._pipeline.daemon(*self._arguments))

    async def kill(self) -> None:
        """End it with SIGKILL."""
        await self._life.aclose()
        self.logs += self.daemon.logs
        log.debug("a life of the daemon:\n%s", self.daemon.output)
        assert "Traceback" not in self.daemon.output


@pytest.fixture
async def collected() -> AsyncIterator[tuple[Collector, str]]:
    """A webhook and a group with three robots, and their address."""
    app = collector(key=KEY)
    for key in (HOLDING_KEY, LONE_KEY):
        app.wecom.add_robot(key)
    async with serve(app) as url:
        yield app, url


async def test_nothing_is_lost_however_often_anything_is_killed(
    pipeline: Pipeline, real_cluster: RealCluster, collected: tuple[Collector, str]
) -> None:
    """The newest version of each event is told: by object on a webhook and on a robot that is told of few, in counts
    on two robots that are told of many.

    Of these one is told each update, the other one once in 10 s. No robot ever gets more than 20 messages in 60 s.
    """
    told, url = collected
    rng = Random(SEED)
    log.info("ENDURANCE_SEED=%d", SEED)
    chosen = f"namespaces={pipeline.server.namespace}"
    robot = f"--sink=webhook:{url}/cgi-bin/webhook/send?{chosen}&key="
    killed = Killed(
        pipeline,
        f"--sink=webhook:{url}/told?method=POST&{chosen}",
        f"{robot}{KEY}&kinds=Pod&repeat_interval=0",
        f"{robot}{HOLDING_KEY}&kinds=Pod&repeat_interval=10s",
        f"{robot}{LONE_KEY}&kinds=Deployment&repeat_interval=0",
        pipeline.checkpoint,
    )
    writer = EventWriter(pipeline.server, rate=RATE, rng=rng)

    await killed.start()
    # Not before the checkpoint holds a position: the very first start tells nothing old.
    while not await killed.daemon.metric("checkpoint_writes_total", result="written"):  # noqa: ASYNC110 a counter
        await asyncio.sleep(0.1)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run(seconds=SECONDS))
        tasks.create_task(_at_moments(loop.time(), rng, DAEMON_KILLS, lambda: _killed_and_started(killed, rng)))
        tasks.create_task(_at_moments(loop.time(), rng, API_SERVER_KILLS, lambda: _restarted(real_cluster, rng)))
    stopped = loop.time()
    await pipeline.checkpoint_says(waiting=0, timeout=LONGEST_TAIL)
    tail = loop.time() - stopped
    await killed.kill()

    versions = told.versions()
    newest = set(writer.newest.items())
    lost = newest - versions.keys()
    robots = {key: [each for each in told.wecom.messages if each.key == key] for key in (KEY, HOLDING_KEY, LONE_KEY)}
    lost_alone = {each for each in newest if writer.kinds[each[0]] == "Deployment"} - lone_versions(robots[LONE_KEY])
    figures = {
        "written": len(writer.accepted_at),
        "objects": len(newest),
        "lost": len(lost) + len(lost_alone),
        "told": versions.total(),
        "duplicates": versions.total() - len(versions),
        "versions_replaced_untold": len(writer.accepted_at.keys() - versions.keys()),
        "messages": [len(each) for each in robots.values()],
        "stand_for": [sum(map(stands_for, each)) for each in robots.values()],
        "most_in_60_s": [most_in_a_minute(each) for each in robots.values()],
        "refused": len(told.wecom.refused),
        "longest_delay": round(_longest_delay(told, writer), 1),
        "longest_silence": round(_longest_silence(told), 1),
        "tail": round(tail, 1),
        "writer_retries": writer.retries,
    }
    log.info("endurance: %s", figures)
    log.info("told twice, by moment of the second telling: %s", _told_twice(told))
    assert not lost
    assert not lost_alone, [each.content for each in robots[LONE_KEY]]
    assert not told.wecom.refused
    assert max(map(most_in_a_minute, robots.values())) <= 20
    wanted = Counter(writer.reasons[name] for name, kind in writer.kinds.items() if kind == "Pod")
    for messages in (robots[KEY], robots[HOLDING_KEY]):
        assert by_reason(messages) >= wanted
        assert by_reason(messages).total() == sum(map(stands_for, messages))
    assert not [line for line in killed.logs if line["event"] == "event_dropped"]


async def _at_moments(began: float, rng: Random, count: int, act: Any) -> None:
    loop = asyncio.get_running_loop()
    for moment in sorted(rng.uniform(0.05, 0.95) * SECONDS for _ in range(count)):
        await asyncio.sleep(began + moment - loop.time())
        await act()


async def _killed_and_started(killed: Killed, rng: Random) -> None:
    await killed.kill()
    await asyncio.sleep(rng.uniform(0.0, 2.0))
    await killed.start()


async def _restarted(cluster: RealCluster, rng: Random) -> None:
    await asyncio.to_thread(cluster.kill_api_server)
    await asyncio.sleep(rng.uniform(0.0, 2.0))
    await asyncio.to_thread(cluster.start_api_server)


def _longest_delay(told: Collector, writer: EventWriter) -> float:
    """Seconds from the acceptance of an event's newest version to its first telling."""
    first: dict[tuple[str, int], float] = {}
    for each in told.told:
        first.setdefault(each.version, each.ended)
    return max(first[version] - writer.accepted_at[version] for version in writer.newest.items() if version in first)


def _told_twice(told: Collector) -> dict[int, int]:
    """Return how many versions were told again within each five seconds from the first telling on."""
    seen, again = set(), Counter[int]()
    for each in told.told:
        if each.version in seen:
            again[int(each.ended - told.told[0].ended) // 5 * 5] += 1
        seen.add(each.version)
    return dict(again)


def _longest_silence(told: Collector) -> float:
    times = [each.ended for each in told.told]
    return max((after - before for before, after in pairwise(times)), default=0.0)
