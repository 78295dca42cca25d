"""What a server answers is read as httpx's own transport reads it, and refused where that refuses it."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.http1 import DirectTransport

OK = b"HTTP/1.1 200 OK"
TWO = b"Content-Length: 2"
CHUNKED = b"Transfer-Encoding: chunked"
IN_CHUNKS = b"2;a=b\r\nok\r\n0\r\n\r\n"

FIRST_LINES = (
    OK, b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 2000 OK", b"HTTP/1.1 20 OK", b"HTTP/2 200", b"200 OK",
)  # fmt: skip
LINES = (
    TWO, b"Content-Length: 3", b"content-length:2, 2", b"Content-Length: 2, 3", b"Content-Length: -2",
    b"Content-Length: +2", b"Content-Length: " + b"9" * 5000, b"Content-Length : 2", b"Content-Length: 2\x00",
    CHUNKED, b"transfer-encoding:\tCHUNKED ", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity",
    b"Connection: close", b"X: a", b"X:", b"X: a\r\n b", b"X", b": x", b"X: \xff", b"X Y: z",
)  # fmt: skip
BODIES = (b"", b"ok", b"okay", IN_CHUNKS, b"2\r\nok\r\n0\r\nTrailer: x\r\n\r\n", b"2\r\nokay\r\n0\r\n\r\n", b"x\r\n")


async def read(transport: httpx.AsyncBaseTransport, url: str) -> tuple[int, bytes] | None:
    """Return the status and the body; None where it is no answer."""
    async with httpx.AsyncClient(transport=transport, timeout=5.0) as client:
        try:
            response = await client.get(url)
        except httpx.RemoteProtocolError:
            return None
        return response.status_code, response.content


async def read_by_both(answer: bytes, cut: int) -> tuple[tuple[int, bytes] | None, tuple[int, bytes] | None]:
    """Return what both make of an answer that comes in two pieces: ours, and httpx's."""

    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer[:cut])
        await asyncio.sleep(0.001)
        writer.write(answer[cut:])
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        try:
            return await read(DirectTransport(tls=None), url), await read(httpx.AsyncHTTPTransport(), url)
        finally:
            await asyncio.gather(*(each for each in serving if each))


@settings(max_examples=60, deadline=None)
@given(
    first=st.sampled_from(FIRST_LINES[:5]) | st.sampled_from(FIRST_LINES),
    lines=st.lists(st.sampled_from(LINES), max_size=3),
    body=st.sampled_from(BODIES),
    cut=st.integers(0, 200),
)
@example(first=OK, lines=[TWO, b"Content-Length: 3"], body=b"okay", cut=1)
@example(first=OK, lines=[b"Content-Length: " + b"9" * 5000], body=b"ok", cut=1)
@example(first=OK, lines=[b"Transfer-Encoding: gzip, chunked"], body=IN_CHUNKS, cut=1)
@example(first=OK, lines=[CHUNKED, CHUNKED], body=IN_CHUNKS, cut=1)
@example(first=OK, lines=[CHUNKED, TWO], body=IN_CHUNKS, cut=1)
def test_an_answer_means_what_it_means_to_httpx(first: bytes, lines: list[bytes], body: bytes, cut: int) -> None:
    """Whatever its head says of the body, and wherever it is cut in two."""
    ours, theirs = asyncio.run(read_by_both(b"\r\n".join([first, *lines, b"", body]), cut))
    assert ours == theirs


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"\n" + TWO + b"\n\nok",
        OK + b"\nX: a\n b\r\n" + TWO + b"\n\r\nok",
        b"HTTP/1.1 103 Early Hints\nLink: x\n\n" + OK + b"\n" + CHUNKED + b"\n\n" + IN_CHUNKS,
    ],
)
async def test_lines_of_a_head_may_lack_their_carriage_return(answer: bytes) -> None:
    """Old scripts write heads so; who waited for one would wait until the timeout, and send again."""
    assert await read_by_both(answer, 20) == ((200, b"ok"), (200, b"ok"))
