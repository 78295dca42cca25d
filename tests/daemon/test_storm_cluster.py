"""A storm of events on the real API server: a whole cluster that fails at once.

By default small enough for every run of the tests. The full size:

    STORM_EVENTS=30000 pytest tests/daemon/test_storm_cluster.py --log-cli-level=INFO
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pytest

from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.daemon.conftest import Pipeline
from tests.support.daemon import DaemonProcess
from tests.support.envtest import RealCluster
from tests.support.storm_writer import Storm, Written
from tests.support.told import most_in_a_minute, stands_for

pytestmark = [pytest.mark.cluster, pytest.mark.parametrize("server", ["cluster"], indirect=True)]

EVENTS = int(os.environ.get("STORM_EVENTS", "5000"))
LARGEST = 80 * 1024
"""KiB that the daemon may ever hold, as the kernel counts them."""
DROP_REASONS = ("overflow", "too_old", "refused", "internal_error", "expired")
LONGEST = 90.0
"""Seconds from the last event to the last message: it waits for a slot of the minute at worst."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a storm goes, and the daemon's arguments to tell of it."""

    cluster: RealCluster
    namespaces: list[str]
    arguments: tuple[str, str]


@pytest.fixture
async def target(pipeline: Pipeline, real_cluster: RealCluster) -> Target:
    """Four namespaces, and one robot for them."""
    own = pipeline.server.namespace
    namespaces = [own, *(f"{own}-{number}" for number in range(3))]
    for namespace in namespaces:
        await asyncio.to_thread(real_cluster.ensure_namespace, namespace)
    # The default interval: what was told of 20,000 objects is remembered, too.
    sink = pipeline.group.sink(f"namespaces={','.join(namespaces)}&repeat_interval=5m")
    return Target(cluster=real_cluster, namespaces=namespaces, arguments=(sink, pipeline.checkpoint))


async def test_a_storm_adds_up(pipeline: Pipeline, target: Target) -> None:
    """Each event is counted in one message, within the pace, and memory does not grow with their number."""
    group = pipeline.group.wecom
    async with pipeline.daemon(*target.arguments) as daemon, await daemon.ready():
        before = _cpu_seconds(daemon.pid)
        written = await _storm(target)
        await group.wait_until(lambda: _told(group) >= EVENTS, timeout=LONGEST)
        _say("storm", group, written, daemon, cpu=_cpu_seconds(daemon.pid) - before)
        await pipeline.checkpoint_says(waiting=0)
        assert await daemon.metric("events_told_total", route="sink-1") == EVENTS
        for reason in DROP_REASONS:
            assert await daemon.metric("events_dropped_total", route="sink-1", reason=reason) == 0
        assert not group.refused
        assert most_in_a_minute(group.messages) <= 20
        assert _peak_memory(daemon.pid) < LARGEST
        assert await daemon.stop() == 0
        assert _told(group) == EVENTS


async def test_a_kill_in_a_storm_loses_nothing(pipeline: Pipeline, target: Target) -> None:
    """What waits is too much to be noted one by one: some of it is told twice, and none of it never."""
    group = pipeline.group.wecom
    async with pipeline.daemon(*target.arguments) as daemon, await daemon.ready():
        writing = asyncio.create_task(_storm(target))
        await group.wait_until(lambda: _told(group) > EVENTS // 4, timeout=LONGEST)
        await daemon.kill()
    async with pipeline.daemon(*target.arguments) as daemon, await daemon.ready():
        written = await writing
        await pipeline.checkpoint_says(waiting=0, timeout=LONGEST)
        _say("storm with a kill", group, written, daemon, cpu=_cpu_seconds(daemon.pid))
        assert _told(group) >= EVENTS
        for reason in DROP_REASONS:
            assert await daemon.metric("events_dropped_total", route="sink-1", reason=reason) == 0
        assert not group.refused
        assert most_in_a_minute(group.messages) <= 20
        assert _peak_memory(daemon.pid) < LARGEST


def _told(group: WeComGroup) -> int:
    return sum(map(stands_for, group.messages))


def _say(what: str, group: WeComGroup, written: Written, daemon: DaemonProcess, *, cpu: float) -> None:
    figures = {
        "events": written.events,
        "events_a_second": round(written.events / (written.ended - written.began)),
        "told": _told(group),
        "messages": len(group.messages),
        "most_in_60_s": most_in_a_minute(group.messages),
        "refused": len(group.refused),
        "seconds_from_last_event_to_last_message": round(group.messages[-1].at.timestamp() - written.ended, 1),
        "peak_memory_mib": round(_peak_memory(daemon.pid) / 1024, 1),
        "cpu_us_an_event": round(cpu / written.events * 1e6),
    }
    log.info("%s: %s", what, figures)


async def _storm(target: Target) -> Written:
    cluster, url = target.cluster, httpx.URL(target.cluster.url)
    storm = Storm(
        host=url.host,
        port=url.port or 443,
        ca_file=str(cluster.ca_file),
        token=cluster.admin_token,
        namespaces=target.namespaces,
        events=EVENTS,
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.storm_writer",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await process.communicate(json.dumps(asdict(storm)).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return Written(**json.loads(output))


def _peak_memory(pid: int) -> int:
    """Return the most that the process ever held, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _cpu_seconds(pid: int) -> float:
    """Return the time that the process has had of the processors, the kernel's work for it included."""
    # The name of the program stands in parentheses, and may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
