"""Events as JSON lines on a file descriptor: for a log collector, or for a look."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict


class LogLines:
    """Writes one line a message to the descriptor ``fd``, at once; unbuffered, for a buffer has a lock to wait for."""

    def __init__(self, *, fd: int) -> None:
        self._fd = fd
        # Whoever reads may pause, and then neither the loop nor its look-ups of names may wait for that.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log")

    account = None

    async def ready(self) -> Outcome | None:
        """Return None: nothing is needed."""
        return None

    async def send(self, message: Message) -> Outcome:
        """Write the line; see `Sink.send`."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, message.body + b"\n")
        except OSError as error:
            return Outcome(verdict=Verdict.BROKEN, reason="write", detail=f"can't write: {error}")
        return Outcome(verdict=Verdict.ACCEPTED)

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
