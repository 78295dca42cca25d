"""The test of many teams at its full size, whose figures it prints itself."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import NoResult

_SIZE = {"ROUTES_NAMESPACES": "500", "ROUTES_RATE": "2000", "ROUTES_SECONDS": "20"}


async def many_routes(runs: int) -> list[Figure]:
    """Run it; each team must get exactly its own events."""
    cpu, peak = [], []
    for _ in range(runs):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-q", "-s", "tests/daemon/test_many_routes.py"),
            cwd=Path(__file__).parents[1],
            env={**os.environ, **_SIZE},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        found = re.search(r"(\d+) µs of CPU an event, peak ([\d.]+) MiB", output.decode())
        if process.returncode or found is None:
            raise NoResult(output.decode()[-500:])
        cpu.append(float(found[1]))
        peak.append(float(found[2]))
    name = "500 teams with a route each, 2,000 events a second"
    return [
        Figure(name=f"{name}, CPU an event", unit="µs", samples=cpu, digits=0),
        Figure(name=f"{name}, peak memory", unit="MB", samples=peak),
    ]
