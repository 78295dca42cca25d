"""The daemon as its own process, as a pod runs it: args, environment, logs on stderr, signals."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

PATIENCE = 20.0
"""Seconds within which whatever a test waits for must have happened, on a busy machine."""


class DaemonProcess:
    """A running daemon. ``output`` is all that it printed; ``logs`` the same, decoded, where it is JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())
        self.output = ""
        self.logs: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    async def log(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait for a log line of that event with those fields, and return it."""

        def found() -> dict[str, Any] | None:
            wanted = {"event": event, **fields}
            return next((line for line in self.logs if wanted.items() <= line.items()), None)

        async with self._news:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._news.wait_for(lambda: found() or self._reader.done())
            except TimeoutError:
                pass
        line = found()
        assert line is not None, f"no log line {event} {fields} in:\n{self.output}"
        return line

    async def ready(self) -> httpx.AsyncClient:
        """Wait until the event stream runs; return a client of the daemon's own endpoints."""
        started = await self.log("daemon_started")
        await self.log("event_stream_starts")
        port = httpx.URL(started["web"]).port
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    async def metric(self, name: str, **labels: str) -> float:
        """Return one sample of /metrics; 0 where there is none."""
        text = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
        wanted = f"kube_wecom_eventer_{name}" + (f"{{{text}}}" if text else "")
        async with await self.ready() as http:
            for line in (await http.get("/metrics")).text.splitlines():
                sample, _, value = line.rpartition(" ")
                if sample == wanted:
                    return float(value)
        return 0.0

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for the daemon's end; return its exit status (negative: a signal)."""
        async with asyncio.timeout(PATIENCE):
            status = await self._process.wait()
            await self._reader
        return status

    async def stop(self) -> int:
        """Stop it as the kubelet does; return its exit status."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """End it at once, if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self.output += line.decode()
                if line.startswith(b"{"):
                    self.logs.append(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def running_daemon(
    *args: str,
    environ: Mapping[str, str] | None = None,
    program: Sequence[str] = (sys.executable, "-m", "kube_wecom_eventer"),
) -> AsyncIterator[DaemonProcess]:
    """Start the daemon on free ports of loopback, with nothing of our environment but PATH; kill it at the end."""
    # So that it can't outlive the test run, whatever becomes of that.
    leash = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    process = await asyncio.create_subprocess_exec(
        *leash,
        *program,
        *args,
        "--healthz-ip=127.0.0.1",
        "--healthz-port=0",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "TZ": "Asia/Shanghai", "HOME": "/nonexistent", **(environ or {})},
        limit=1 << 24,
    )
    daemon = DaemonProcess(process)
    try:
        yield daemon
    except BaseException as error:
        error.add_note(f"The daemon said:\n{daemon.output}")
        raise
    finally:
        await daemon.kill()


def installed(program: str) -> list[str]:
    """Return the command of a program that the package installs."""
    return [str(Path(sys.executable).with_name(program))]
