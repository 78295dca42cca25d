"""Go's strings are bytes: how we hold them.

A Go string is a ``str`` here; a byte that is not UTF-8 (a rune cut in two by ``slice``) is held as a lone
surrogate, as PEP 383 does, so that bytes survive every step. It becomes U+FFFD when it is written.
"""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


def to_bytes(text: str) -> bytes:
    """The bytes that Go would hold."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """The inverse of ``to_bytes``."""
    return data.decode("utf-8", "surrogateescape")


def clean(text: str) -> str:
    """Text that can be encoded: each byte that is no part of a rune becomes U+FFFD."""
    if text.isascii():
        return text
    return _SURROGATES.sub("\ufffd", text)


def byte_length(text: str) -> int:
    """What Go's ``len`` gives."""
    return len(text) if text.isascii() else len(to_bytes(text))
