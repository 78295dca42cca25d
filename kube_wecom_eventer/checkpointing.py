"""When the checkpoint is read and written, and what follows where that fails: it is said, and never fatal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from kube_wecom_eventer.errors import CheckpointError, NewerWriter
from kube_wecom_eventer.kube.checkpoint import Checkpoint, UnusableCheckpoint, decode
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore, FileStore, NoStore
from kube_wecom_eventer.metrics import Metrics

INTERVAL = 1.0
"""Seconds from one write to the next, at least."""

_READ_PATIENCE = 30.0
"""Seconds for which reading is tried, and longer while events can't be read either: they wait in the API server."""

_EVIDENCE = 5
"""Times in a row that events could be read and the checkpoint could not: one alone may be luck in an outage."""

_REFUSED_FOR = 3.0
"""Seconds for which a missing right is asked for again: an API server that starts refuses everything until it knows
its roles."""

_REFUSED_DELAY = 60.0
"""Seconds between attempts to write without the right to: somebody has to grant it first."""

_LONGEST_DELAY = 3.0
"""Seconds between attempts to write. What is told after an outage and not written is told twice if the process dies."""

_MEANWHILE = {
    "checkpoint_unreadable": "it is tried again; events wait in the API server meanwhile",
    "checkpoint_unwritable": "until that is mended, a restart may lose or repeat events",
}

log = structlog.get_logger()


_UNSETTLED_INTERVAL = 30.0
"""Seconds after which it is written although nothing was settled: what waits is to be known, should it get lost."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A checkpoint to write; ``written`` is called when it has been.

    ``mark``: how far the events have come. One with the same mark need not be written again for their sake.
    """

    data: bytes
    mark: tuple[int, int]
    written: Callable[[], None]


class Checkpointing:
    """The checkpoint of one process, in its store.

    ``failed`` hears that a write was not possible, and whether for good: a right is missing. ``readable`` asks whether
    events can be read.
    """

    def __init__(
        self,
        *,
        store: CheckpointStore,
        metrics: Metrics,
        failed: Callable[[bool], None],
        readable: Callable[[], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._readable = readable
        self._writes = metrics.checkpoint_writes
        self._failed = failed
        self._changed = asyncio.Event()
        self.trouble = ""
        """What is wrong now; empty where nothing is."""
        self._refused = False
        self._mark: tuple[int, int] | None = None
        for result in ("written", "failed"):
            self._writes.labels(result=result)

    @property
    def described(self) -> str:
        """Where it is kept."""
        return self._store.described

    @property
    def kept(self) -> bool:
        """Whether there is a place to keep a checkpoint in."""
        return not isinstance(self._store, NoStore)

    async def load(self) -> Checkpoint | None:
        """Read what the last process left; None where there is nothing, or nothing that can be used."""
        data = await self._read()
        if data is None:
            return None
        try:
            return decode(data)
        except UnusableCheckpoint as error:
            await self._keep_aside(data, str(error))
            return None

    def changed(self) -> None:
        """Ask for a write, soon."""
        self._changed.set()

    async def run(self, take: Callable[[], Snapshot | None]) -> None:
        """Write whenever something was settled, and now and then what waits.

        Raises:
            NewerWriter: another process writes this checkpoint.
        """
        delay = INTERVAL
        while self.kept:
            settled = await self._settled()
            snapshot = take()
            if snapshot is None or (not settled and snapshot.mark == self._mark):
                continue
            if await self.write(snapshot):
                delay = INTERVAL
            else:
                delay = min(2 * delay, _REFUSED_DELAY if self._refused else _LONGEST_DELAY)
                self._changed.set()
            await asyncio.sleep(delay)
        await asyncio.Event().wait()

    async def _settled(self) -> bool:
        """Wait; return whether something was settled."""
        try:
            async with asyncio.timeout(_UNSETTLED_INTERVAL):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    async def write(self, snapshot: Snapshot | None) -> bool:
        """Write once; return whether there is nothing left to write.

        Raises:
            NewerWriter: another process writes this checkpoint.
        """
        if snapshot is None or not self.kept:
            return True
        try:
            await self._store.write(snapshot.data)
        except NewerWriter:
            raise
        except CheckpointError as error:
            self._writes.labels(result="failed").inc()
            self._say("checkpoint_unwritable", error)
            self._refused = bool(error.hint)
            self._failed(self._refused)
            return False
        self._writes.labels(result="written").inc()
        self._mark = snapshot.mark
        snapshot.written()
        if self.trouble:
            log.info("checkpoint_written_again", checkpoint=self._store.described)
        self.trouble = ""
        return True

    async def _read(self) -> bytes | None:
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + _READ_PATIENCE
        refused_since: float | None = None
        delay, readable = 0.5, 0
        while True:
            try:
                return await self._store.read()
            except CheckpointError as error:
                self._say("checkpoint_unreadable", error)
                refused = bool(error.hint)
            now = loop.time()
            refused_since = (now if refused_since is None else refused_since) if refused else None
            lasting = refused_since is not None and now - refused_since >= _REFUSED_FOR
            if now > patient_until:
                readable = readable + 1 if await self._readable() else 0
            # A server that refuses events as well does not know its roles yet: nothing is lost by waiting.
            given_up = (lasting and await self._readable()) or readable >= _EVIDENCE
            if given_up or isinstance(self._store, FileStore):
                self._go_on_without()
                return None
            await asyncio.sleep(min(delay, 1.0) if refused else delay)
            delay = min(2 * delay, 5.0)

    async def _keep_aside(self, data: bytes, why: str) -> None:
        kept = ""
        with contextlib.suppress(CheckpointError):
            kept = await self._store.keep_aside(data)
        log.error(
            "checkpoint_unusable",
            checkpoint=self._store.described,
            error=why,
            kept_in=kept or "its place",
            detail="the daemon begins from now; what happened while it was away is not told",
        )
        if not kept:
            # Whoever can read it may want it back.
            self._go_on_without()

    def _go_on_without(self) -> None:
        self.trouble = self.trouble or f"{self._store.described} is not used until the daemon is restarted"
        log.warning(
            "checkpoint_not_used",
            checkpoint=self._store.described,
            detail="the daemon begins from now and keeps no checkpoint; once that is mended, restart it",
        )
        self._store = NoStore()
        self._failed(True)

    def _say(self, event: str, error: CheckpointError) -> None:
        """Warn once per change."""
        if str(error) == self.trouble:
            return
        self.trouble = str(error)
        hint = {"missing_rule": error.hint} if error.hint else {}
        log.warning(
            event,
            checkpoint=self._store.described,
            error=str(error),
            detail=_MEANWHILE[event],
            **hint,
        )
