"""The places where a checkpoint is kept. What is in it is none of their concern, but for its ``writer``.

A checkpoint is a JSON document whose top-level ``writer`` names the process that wrote it. A process takes over what
it has read: from then on only its own writes, and edits that leave the document alone, may lie in between.
"""

from __future__ import annotations

from typing import Protocol

from kube_wecom_eventer.kube.config_map_store import ConfigMapStore
from kube_wecom_eventer.kube.file_store import FileStore

__all__ = ["CheckpointStore", "ConfigMapStore", "FileStore", "NoStore"]


class CheckpointStore(Protocol):
    """Where a checkpoint is kept. ``described`` is for the log: ``ConfigMap ops/positions``, ``file /path``."""

    described: str

    async def read(self) -> bytes | None:
        """Return the stored document, and take it over; None where there is none yet. Raises CheckpointError."""

    async def write(self, data: bytes) -> None:
        """Store the document, wholly or not at all. The first write takes over what is there, if nothing was read.

        Raises:
            NewerWriter: somebody else has written since our last read or write; theirs stays.
            CheckpointError: it can't be written; after a lost answer it may have been all the same.
        """

    async def keep_aside(self, data: bytes) -> str:
        """Store what can't be read where `write` does not overwrite it; at most two such contents, each once.

        Returns where, for the log. Raises CheckpointError, NewerWriter as `write` does.
        """


class NoStore:
    """Keeps nothing."""

    described = "nowhere"

    async def read(self) -> bytes | None:
        """Return None."""
        return None

    async def write(self, data: bytes) -> None:
        """Do nothing."""

    async def keep_aside(self, data: bytes) -> str:  # noqa: ARG002 the protocol's
        """Do nothing."""
        return self.described
