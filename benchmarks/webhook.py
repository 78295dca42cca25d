"""How many events a second go through a generic webhook: one destination, in order, nothing merged."""

from __future__ import annotations

import asyncio

from benchmarks.figures import Figure
from benchmarks.processes import NoResult, cpu_seconds
from benchmarks.setting import Place, setting

_EVENTS = 9_000
"""What waits for such a destination has a bound of 10,000."""


async def webhook(place: Place, runs: int) -> list[Figure]:
    """Measure it."""
    rates, cpu = [], []
    for _ in range(runs):
        async with setting(place) as run:
            sink = f"--sink=webhook:{run.webhook}?method=POST&level=Normal"
            async with run.daemon(sink) as process:
                before = cpu_seconds(process.pid)
                await run.send(_EVENTS)
                received = await run.received()
                async with asyncio.timeout(60):
                    while received["count"] < _EVENTS:
                        await asyncio.sleep(0.1)
                        received = await run.received()
                if received["count"] != _EVENTS:
                    raise NoResult(f"{received['count']} of {_EVENTS} requests")
                rates.append(_EVENTS / (received["last"] - received["first"]))
                cpu.append((cpu_seconds(process.pid) - before) / _EVENTS * 1e6)
    return [
        Figure(name="events a second through webhook:", unit="", samples=rates, bar=1500, at_least=True, digits=0),
        Figure(name="CPU an event through webhook:", unit="µs", samples=cpu, digits=0),
    ]
