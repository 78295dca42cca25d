"""Helpers that are processes of their own and speak JSON lines, and what the kernel knows of a process."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.daemon import PATIENCE

_ROOT = Path(__file__).parents[1]


class NoResult(Exception):
    """A run that measured nothing: a message is missing, a process has ended."""


class Helper:
    """A running helper: `tell` writes a line to it, `hear` reads one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self.pid = process.pid

    def tell(self, **fields: Any) -> None:
        """Say something."""
        self._in.write(json.dumps(fields).encode() + b"\n")

    async def hear(self, *, timeout: float = PATIENCE) -> dict[str, Any]:
        """Return what it says next."""
        async with asyncio.timeout(timeout):
            line = await self._out.readline()
        if not line:
            raise NoResult("a helper has ended")
        heard: dict[str, Any] = json.loads(line)
        return heard


@asynccontextmanager
async def helper(module: str, *arguments: str) -> AsyncIterator[Helper]:
    """Run a module of this package; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"benchmarks.{module}", *arguments),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Helper(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def cpu_seconds(pid: int) -> float:
    """Return the time that a process has had of the processors, the kernel's work for it included."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory(pid: int) -> tuple[float, float]:
    """Return what a process holds now, and the most that it ever held, in MB of 1024 x 1024 bytes."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {fields[0]: int(fields[1]) / 1024 for fields in lines if fields[0] in ("VmRSS:", "VmHWM:")}
    return found["VmRSS:"], found["VmHWM:"]
