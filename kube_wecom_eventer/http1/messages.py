"""The form of HTTP/1.1's messages: heads, and bodies in chunks. Pure: bytes in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx

NO_HTTP = "the answer is no HTTP/1.1"
_NO_CHUNKS = "the answer is not in chunks, as it says"

_LONGEST_SIZE = 4096
"""Bytes of the line with a chunk's size."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
_FIRST_LINE = re.compile(rb"HTTP/1\.([0-9]) ([0-9]{3})(?: .*)?")
_LINE_END = re.compile(rb"\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)

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
    first, *lines = _LINE_END.split(_FOLD.sub(b" ", head))
    found = _FIRST_LINE.fullmatch(first)
    parted = [line.partition(b":") for line in lines]
    headers = [(name, value.strip(b" \t")) for name, _, value in parted]
    if not found or not all(colon and _TOKEN.fullmatch(name) for name, colon, _ in parted) or b"\0" in head:
        raise httpx.RemoteProtocolError(NO_HTTP)
    stays = found[1] != b"0" and b"close" not in header(headers, b"connection").lower()
    return int(found[2]), headers, stays


def header(headers: Headers, wanted: bytes) -> bytes:
    """Return a header's value, empty where there is none; of several the list. ``wanted``: its name, in lower case."""
    return b",".join(value for name, value in headers if name.lower() == wanted)


def chunked(headers: Headers) -> bool:
    """Return whether an answer's body comes in chunks.

    Raises:
        httpx.RemoteProtocolError: it comes in a form that nobody asked for.
    """
    coding = header(headers, b"transfer-encoding").lower()
    if coding not in (b"", b"chunked"):
        raise httpx.RemoteProtocolError("the answer's transfer-encoding is not chunked")
    return bool(coding)


def length(headers: Headers) -> int | None:
    """Return how long an answer's body is, in bytes; None where it is not said.

    Raises:
        httpx.RemoteProtocolError: what is said is no length, or two.
    """
    written = {each.strip(b" \t") for each in header(headers, b"content-length").split(b",")}
    said = written.pop()
    if not written and not said:
        return None
    if written or not _LENGTH.fullmatch(said):
        raise httpx.RemoteProtocolError("the answer's content-length is no length")
    return int(said)


class Chunks:
    """Parts a chunked body. ``complete``: the last chunk has come; ``clean``: and nothing behind it."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        self._ends = False
        self.complete = False
        self.clean = False

    def feed(self, data: bytes) -> bytes:
        """Return what of the body has come with this data.

        Raises:
            httpx.RemoteProtocolError: the data is not in chunks.
        """
        data, at = self._rest + data, 0
        body = []
        while True:
            if self._left:
                part = data[at : at + self._left]
                body.append(part)
                at += len(part)
                self._left -= len(part)
                if self._left:
                    break
            if self._ends:
                ending = data[at : at + 2]
                if not b"\r\n".startswith(ending):
                    raise httpx.RemoteProtocolError("the answer's chunks are not as long as they say")
                if len(ending) < 2:
                    break
                at, self._ends = at + 2, False
            end = data.find(b"\r\n", at)
            if end < 0:
                if len(data) - at > _LONGEST_SIZE:
                    raise httpx.RemoteProtocolError(_NO_CHUNKS)
                break
            self._left, at = _size(data[at:end]), end + 2
            if self._left == 0:
                self.complete, self.clean = True, data[at:] == b"\r\n"
                break
            self._ends = True
        self._rest = data[at:]
        return b"".join(body)


def _size(line: bytes) -> int:
    """Return a chunk's size, in bytes."""
    found = _SIZE.fullmatch(line)
    if not found:
        raise httpx.RemoteProtocolError(_NO_CHUNKS)
    return int(found[1], 16)
