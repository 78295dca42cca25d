"""One POST (or whatever method) with one timeout for all of it, and its failures as outcomes."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import replace
from typing import cast

import httpx

from kube_wecom_eventer.sinks.http_status import by_status
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict

TIMEOUT = 8.0
"""Seconds for the whole request, connecting included."""

_CONNECT_TIMEOUT = 4.0

_LONGEST_ANSWER = 256 * 1024
"""Bytes of an answer that are read: who answers decides how many there are. The longest that we know names a thousand
receivers."""

_PACKED: Mapping[str, tuple[int, ...]] = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""The forms that zlib is to expect, by the content-encoding: https://www.zlib.net/manual.html#Advanced"""

_OF_THE_WHOLE = (b"content-encoding", b"content-length", b"transfer-encoding")
"""Headers that are not true of a body's beginning."""


async def post(
    http: httpx.AsyncClient,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    method: str = "POST",
    until: float | None = None,
) -> httpx.Response | Outcome:
    """Send and return the answer, or its beginning, or an outcome to try again. Raises nothing but CancelledError.

    Follows no redirect. ``until``: the loop's time until which it may take, else TIMEOUT seconds. The outcome's detail
    may quote the URL: clean it before it is shown.
    """
    try:
        async with asyncio.timeout_at(deadline() if until is None else until):
            async with http.stream(
                method,
                url,
                content=body,
                headers=headers,
                timeout=httpx.Timeout(TIMEOUT, connect=_CONNECT_TIMEOUT),
                follow_redirects=False,
            ) as response:
                return await _beginning(response)
    except httpx.ConnectTimeout:
        return Outcome(verdict=Verdict.RETRY, reason="timeout", detail=f"can't connect within {_CONNECT_TIMEOUT:g} s")
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(verdict=Verdict.RETRY, reason="timeout", detail=f"no answer within {TIMEOUT:g} s")
    except httpx.LocalProtocolError:
        # Its text quotes the header, which may be a secret.
        detail = "the request can't be sent: a header= holds characters that no header may have"
        return Outcome(verdict=Verdict.RETRY, reason="network", detail=detail)
    except Exception as error:  # whatever else the library lets through, as a SOCKS proxy's errors
        return Outcome(verdict=Verdict.RETRY, reason="network", detail=f"{type(error).__name__}: {error}")


async def _beginning(response: httpx.Response) -> httpx.Response:
    """Return an answer with as much of its body as anybody needs."""
    read = bytearray()
    # As it is on the wire: httpx unpacks whatever comes, and 500 bytes may become gigabytes.
    async for part in cast("AsyncIterable[bytes]", response.stream):
        read += part
        if len(read) >= _LONGEST_ANSWER:
            break
    body = _unpacked(bytes(read[:_LONGEST_ANSWER]), response.headers.get("content-encoding", ""))
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_WHOLE]
    return httpx.Response(response.status_code, headers=headers, content=body)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Return the beginning of a body; as it is where it can't be unpacked."""
    for form in _PACKED.get(encoding.strip().lower(), ()):
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj(form).decompress(body, _LONGEST_ANSWER)
    return body


def text_of(response: httpx.Response) -> str:
    """Return an answer's text, whatever character set it claims to be in."""
    try:
        return response.text
    except Exception:  # some of Python's codecs are none of texts, and raise what they like
        return response.content.decode(errors="replace")


def deadline() -> float:
    """Return the loop's time at which an attempt that starts now is given up."""
    return asyncio.get_running_loop().time() + TIMEOUT


def overloaded(response: httpx.Response) -> Outcome | None:
    """Return the outcome of HTTP 429 and 5xx, which say: later; None for any other answer."""
    status = response.status_code
    if status != 429 and status < 500:
        return None
    text = response.headers.get("retry-after", "")
    wait = min(float(text), 300.0) if text.isascii() and text.isdigit() else 0.0
    return replace(by_status(status, f"HTTP {status}"), wait=wait)
