"""The form of HTTP/1.1's messages: heads, and bodies in chunks. Pure: bytes in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx

NO_HTTP = "the answer is no HTTP/1.1"
_NO_CHUNKS = "the answer is not in chunks, as it says"

_LONGEST_SIZE = 4096
LONGEST_CHUNK = 16 * 1024 * 1024
"""Bytes."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")

Headers = Sequence[tuple[bytes, bytes]]


def request_head(method: bytes, target: bytes, headers: Headers) -> bytes:
    """Return a request up to its body.

    Raises:
        httpx.LocalProtocolError: a part holds what none may hold; that part is not quoted.
    """
    if not _TOKEN.fullmatch(method):
        raise httpx.LocalProtocolError("the method holds a character that no method may have")
    for name, value in headers:
        if not (_TOKEN.fullmatch(name) and _VALUE.fullmatch(value)):
            raise httpx.LocalProtocolError("a header holds a character that no header may have")
    lines = [b"%b %b HTTP/1.1" % (method, target), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join([*lines, b"", b""])


def answer_head(head: bytes) -> tuple[int, list[tuple[bytes, bytes]], bool]:
    """Return an answer's status, its headers, and whether the connection is meant to stay.

    Raises:
        httpx.RemoteProtocolError: it is none.
    """
    first, *lines = head.split(b"\r\n")
    version, _, rest = first.partition(b" ")
    status = rest[:3]
    if not version.startswith(b"HTTP/1.") or not status.isdigit() or len(status) != 3:
        raise httpx.RemoteProtocolError(NO_HTTP)
    parted = (line.partition(b":") for line in lines)
    headers = [(name.strip(), value.strip()) for name, _, value in parted]
    stays = version == b"HTTP/1.1" and b"close" not in header(headers, b"connection").lower()
    return int(status), headers, stays


def header(headers: Headers, wanted: bytes) -> bytes:
    """Return a header's value, empty where there is none. ``wanted``: its name, in lower case."""
    return next((value for name, value in headers if name.lower() == wanted), b"")


class Chunks:
    """Parts a chunked body. ``complete``: the last chunk has come; ``clean``: and nothing behind it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._needed = 0
        self.complete = False
        self.clean = False

    def feed(self, data: bytes) -> bytes:
        """Return what of the body has become whole with this data.

        Raises:
            httpx.RemoteProtocolError: the data is not in chunks.
        """
        self._parts.append(data)
        self._held += len(data)
        if self._held < self._needed:
            return b""
        data = b"".join(self._parts)
        at, self._needed = 0, 0
        body = []
        while (end := data.find(b"\r\n", at)) >= 0:
            size = _size(data[at:end])
            start, after = end + 2, end + 2 + size
            if size == 0:
                self.complete, self.clean = True, data[start:] == b"\r\n"
                break
            if len(data) < after + 2:
                self._needed = after + 2 - at
                break
            if data[after : after + 2] != b"\r\n":
                raise httpx.RemoteProtocolError("the answer's chunks are not as long as they say")
            body.append(data[start:after])
            at = after + 2
        self._parts, self._held = [data[at:]], len(data) - at
        if end < 0 and self._held > _LONGEST_SIZE:
            raise httpx.RemoteProtocolError(_NO_CHUNKS)
        return b"".join(body)


def _size(line: bytes) -> int:
    """Return a chunk's size, in bytes."""
    digits = line.partition(b";")[0].strip()
    # int() would take a sign and underscores, too.
    if not digits.isalnum() or len(digits) > 16:
        raise httpx.RemoteProtocolError(_NO_CHUNKS)
    try:
        size = int(digits, 16)
    except ValueError:
        raise httpx.RemoteProtocolError(_NO_CHUNKS) from None
    if size > LONGEST_CHUNK:
        raise httpx.RemoteProtocolError(f"a chunk of the answer is longer than {LONGEST_CHUNK} bytes")
    return size
