"""The daemon as a process of its own, for the demo: its command line, its end. What its log says: log_lines.py."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from kube_wecom_eventer.demo.log_lines import LogLine, read_log_line
from kube_wecom_eventer.demo.robots import Robot

LAST_LINES = 15
LINE_LIMIT = 1 << 20  # bytes of one line of its log
GRACE = 25.0  # seconds after SIGTERM; the daemon itself takes at most 20 to send what is waiting


def command_line(*, api_url: str, wecom_url: str, robots: Sequence[Robot]) -> list[str]:
    """How the demo starts the daemon."""
    return [
        sys.executable,
        "-m",
        "kube_wecom_eventer",
        f"--source=kubernetes:{api_url}?inClusterConfig=false",
        *(robot.sink(wecom_url) for robot in robots),
        "--healthz-ip=127.0.0.1",
        "--healthz-port=0",
    ]


class Daemon:
    """A running daemon. ``last_lines`` are those of its log, ``exit_code`` is None while it runs."""

    def __init__(self, *, process: asyncio.subprocess.Process, on_line: Callable[[LogLine], None]) -> None:
        self._process = process
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._reading = asyncio.create_task(self._read())

    @property
    def last_lines(self) -> list[str]:
        """The end of its log."""
        return list(self._lines)

    async def exited(self) -> int:
        """Wait for its end and return the exit code; its log is read to the end then."""
        code = await self._process.wait()
        await asyncio.wait({self._reading})  # unlike a plain await, this can be given up without ending it
        return code

    async def stop(self) -> None:
        """Ask it to end (SIGTERM), wait until it has sent what was waiting; kill it when it does not end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self.exited(), GRACE)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once. Harmless when it has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        self._reading.cancel()

    async def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 (we asked for a pipe)
        async for raw in self._process.stdout:
            line = read_log_line(raw.decode(errors="replace").rstrip())
            self._lines.append(line.text)
            self._on_line(line)


@asynccontextmanager
async def run_daemon(command: Sequence[str], *, on_line: Callable[[LogLine], None]) -> AsyncIterator[Daemon]:
    """Run the daemon; it has ended when this context has. Raises OSError when it can't be started."""
    proxyless = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **proxyless, "PYTHONUNBUFFERED": "1"},
        limit=LINE_LIMIT,
        process_group=0,  # a Ctrl-C on the terminal is for the demo alone, which then asks the daemon to end
    )
    daemon = Daemon(process=process, on_line=on_line)
    try:
        yield daemon
    finally:
        await daemon.kill()
