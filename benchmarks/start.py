"""How long a start takes: from the process to its open watch, with everything in the kernel's cache."""

from __future__ import annotations

import time

from benchmarks.figures import Figure
from benchmarks.setting import Place, service_account, setting
from tests.support.daemon import running_daemon


async def start(place: Place, runs: int) -> list[Figure]:
    """Measure it."""
    seconds = await _starts(place, runs)
    return [Figure(name="start to watching, warm", unit="s", samples=seconds, bar=0.6, digits=2)]


async def warm_up(place: Place) -> None:
    """Start the daemon once, so that everything is compiled and in the kernel's cache."""
    await _starts(place, 1)


async def _starts(place: Place, count: int) -> list[float]:
    seconds = []
    for _ in range(count):
        async with setting(place) as run:
            environ = service_account(place, run.url)
            options = (*run.sinks(), "--checkpoint=configmap:default/position")
            began = time.time()
            async with running_daemon(*options, environ=environ, program=place.program):
                seconds.append((await run.api.hear())["at"] - began)
    return seconds
