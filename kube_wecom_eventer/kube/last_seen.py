"""Whose a stored checkpoint is: ours, the one that we have seen, or a newer writer's."""

from __future__ import annotations

import hashlib

import msgspec

from kube_wecom_eventer.errors import NewerWriter
from kube_wecom_eventer.kube.client import UNREADABLE


class _Signed(msgspec.Struct):
    writer: str = ""


_signed = msgspec.json.Decoder(_Signed)


def writer_of(document: bytes) -> str:
    """Return the top-level ``writer`` of a checkpoint; empty where it can't be read."""
    try:
        return _signed.decode(document).writer
    except UNREADABLE:
        return ""


def fingerprint(data: bytes) -> str:
    """Return 8 hex digits that tell contents apart."""
    return hashlib.sha256(data).hexdigest()[:8]


class LastSeen:
    """What a store held when it was last read or written by the process that signs as ``writer``.

    Keeps a hash, not the document.
    """

    def __init__(self, *, writer: str, described: str) -> None:
        self._writer = writer
        self._described = described
        self._seen = False
        self._digest = b""

    def note(self, document: bytes | None) -> None:
        """Remember what is stored now; None: nothing."""
        self._seen = True
        self._digest = _digest(document)

    def check(self, document: bytes | None) -> None:
        """Accept what is stored now, if nobody else has written it since; before the first look everything passes.

        Our own is accepted, too: a write whose answer was lost.

        Raises:
            NewerWriter: somebody else has.
        """
        if self._seen and document is not None and _digest(document) != self._digest:
            writer = writer_of(document)
            if writer != self._writer:
                who = repr(writer[:100]) if writer else "somebody who gives no name"
                raise NewerWriter(f"{self._described} has been written since by {who}", writer=writer)
        self.note(document)


def _digest(document: bytes | None) -> bytes:
    return b"" if document is None else hashlib.sha256(document).digest()
