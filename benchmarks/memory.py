"""What the daemon holds: quiet, in a storm, while nothing can be told, and over a long time."""

from __future__ import annotations

import asyncio

from benchmarks.figures import Figure
from benchmarks.processes import NoResult, memory
from benchmarks.setting import Place, expected, setting
from tests.support.daemon import DaemonProcess

_STORM, _SECONDS = 30_000, 20
_WAITING = 141_000
_OBJECTS = 100_000
_TENTHS = 10


async def quiet(place: Place, runs: int) -> list[Figure]:
    """Measure a daemon that has told an event."""
    held = []
    for _ in range(runs):
        async with setting(place) as run, run.daemon(*run.sinks()) as process:
            await run.send(2)
            await run.all_told(expected(2))
            await asyncio.sleep(5)
            held.append(memory(process.pid)[0])
    return [Figure(name="memory, quiet, in a cluster, 10 routes", unit="MB", samples=held, bar=42)]


async def storm(place: Place, runs: int) -> list[Figure]:
    """Measure the peak over a storm that is told while it goes on."""
    peaks = []
    for _ in range(runs):
        async with setting(place) as run, run.daemon(*run.sinks()) as process:
            await run.send(_STORM, rate=_STORM / _SECONDS)
            await run.all_told(expected(_STORM))
            peaks.append(memory(process.pid)[1])
    name = f"peak memory, {_STORM:,} events in {_SECONDS} s, 10 routes"
    return [Figure(name=name, unit="MB", samples=peaks, bar=64)]


async def waiting(place: Place, runs: int, *, events: int = _WAITING, bar: float | None = 64) -> list[Figure]:
    """Measure the peak while no robot takes anything: there is none of these keys."""
    peaks = []
    for _ in range(runs):
        async with setting(place, keys=()) as run, run.daemon(*run.sinks()) as process:
            await run.send(events)
            await process.log("destination_broken")
            to_tell = expected(events)
            deadline = asyncio.get_running_loop().time() + 30
            while (held := await _pending(process)) < to_tell and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.2)
            if held != to_tell:
                raise NoResult(f"{held:.0f} of {to_tell} events wait")
            peaks.append(memory(process.pid)[1])
    name = f"peak memory, {events:,} events read, {expected(events):,} of them waiting"
    return [Figure(name=name, unit="MB", samples=peaks, bar=bar)]


async def _pending(process: DaemonProcess) -> float:
    """Return how many events wait, by the daemon's own metric."""
    async with await process.ready() as http:
        samples = [line.rpartition(" ") for line in (await http.get("/metrics")).text.splitlines()]
    return sum(float(value) for name, _, value in samples if name.startswith("kube_wecom_eventer_events_pending{"))


async def endurance(place: Place, events: int = 5_000_000) -> list[Figure]:
    """Measure growth over millions of events of the same objects, which come again and again."""
    held: list[float] = []
    async with setting(place, objects=_OBJECTS) as run, run.daemon(*run.sinks()) as process:
        for _ in range(_TENTHS):
            await run.send(events // _TENTHS)
            received = await process.metric("events_received_total")
            while received < events // _TENTHS * (len(held) + 1):
                await asyncio.sleep(0.2)
                received = await process.metric("events_received_total")
            held.append(memory(process.pid)[0])
        if run.wecom.refused:
            raise NoResult(f"{len(run.wecom.refused)} messages were refused")
    grown = [held[-1] - held[0]]
    name = f"memory, the last tenth above the first of {events:,} events of {_OBJECTS:,} objects"
    return [
        Figure(name=name, unit="MB", samples=grown, bar=2),
        Figure(name="memory at the end of each tenth of these", unit="MB", samples=held),
    ]
