"""A checkpoint in a file, replaced as a whole."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kube_wecom_eventer.errors import CheckpointError
from kube_wecom_eventer.kube.last_seen import LastSeen, fingerprint

_LARGEST = 1024 * 1024
"""Bytes; a longer file is no checkpoint, and is not read into memory."""
_PATIENCE = 2.0
"""Seconds to wait for another process that writes just now."""


class FileStore:
    """Keeps the checkpoint in the file ``path``, which its owner alone may read.

    ``writer`` is what the process's own documents have as ``writer``.
    """

    def __init__(self, *, path: Path, writer: str) -> None:
        self.described = f"file {path}"
        self._path = path
        self._seen = LastSeen(writer=writer, described=self.described)
        self._one_at_a_time = asyncio.Lock()

    async def read(self) -> bytes | None:
        """Return the stored document, and take it over; None where there is none yet. Raises CheckpointError."""
        async with self._one_at_a_time:
            document = await asyncio.to_thread(self._read)
            self._seen.note(document)
            return document

    async def write(self, data: bytes) -> None:
        """Store the document. Raises NewerWriter, CheckpointError."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._write, data)
            self._seen.note(data)

    async def keep_aside(self, data: bytes) -> str:
        """Store what can't be read in a file beside it, and return which. Raises CheckpointError."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._keep_aside, data)

    def _read(self) -> bytes | None:
        with self._failing("read"):
            try:
                # A named pipe must not hold us until somebody writes into it.
                descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            except FileNotFoundError:
                self._path.parent.stat()
                return None
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise CheckpointError(f"{self.described} is no regular file; write --checkpoint=file:PATH of one")
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    document = file.read(_LARGEST + 1)
            finally:
                os.close(descriptor)
        if len(document) > _LARGEST:
            raise CheckpointError(f"{self.described} is larger than {_LARGEST} bytes, so it is no checkpoint")
        return document

    def _write(self, data: bytes) -> None:
        with self._failing("written"), self._directory() as directory:
            self._seen.check(self._read())
            _replace(self._path, data, directory)

    def _keep_aside(self, data: bytes) -> str:
        aside = self._path.with_name(f"{self._path.name}.broken-{fingerprint(data)}")
        with self._failing("kept aside"), self._directory() as directory:
            older = [each for each in self._asides() if each != aside]
            if not aside.exists():
                _replace(aside, data, directory)
            for each in sorted(older, key=_modified, reverse=True)[1:]:
                each.unlink(missing_ok=True)
        return str(aside)

    def _asides(self) -> list[Path]:
        ours = re.compile(re.escape(self._path.name) + r"\.broken-[0-9a-f]{8}")
        return [each for each in self._path.parent.iterdir() if ours.fullmatch(each.name)]

    @contextmanager
    def _directory(self) -> Iterator[int]:
        """Open the file's directory and lock it: of two processes that compare and replace, one comes second."""
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._lock(directory)
            yield directory
        finally:
            os.close(directory)

    def _lock(self, directory: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CheckpointError(f"{self.described} can't be written: its directory stays locked") from None
                time.sleep(0.005)
            except OSError:
                # Some network file systems have no locks for directories; the comparison alone then has to do.
                return None

    @contextmanager
    def _failing(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            missing = isinstance(error, FileNotFoundError) and not self._path.parent.exists()
            why = f"there is no directory {self._path.parent}" if missing else error.strerror or type(error).__name__
            raise CheckpointError(f"{self.described} can't be {doing}: {why}") from None


def _modified(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _replace(path: Path, data: bytes, directory: int) -> None:
    """Put ``data`` in place of ``path``: a crash, also of the machine, leaves the old content or the new one."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    os.fsync(directory)
