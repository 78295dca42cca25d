"""HTTP/1.1: every form of answer that a server may give, and every way in which none comes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube_wecom_eventer.http1 import DirectTransport
from kube_wecom_eventer.http1.connection import Connection
from kube_wecom_eventer.http1.messages import Chunks
from tests.support.virtual_time import virtual_time

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def server(
    *parts: bytes, then: Callable[[], Awaitable[object]] | None = None, requests: list[bytes] | None = None
) -> AsyncIterator[str]:
    """Answer one request a connection with ``parts``, a moment between them; ``then`` is awaited before the end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if requests is not None:
            requests.append(head)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0)
        if then is not None:
            await then()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def read(url: str, *, timeout: float = 5.0, tls: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """Return the status and the body of a GET."""
    transport = DirectTransport(tls=tls)
    async with httpx.AsyncClient(transport=transport, timeout=timeout) as client, client.stream("GET", url) as response:
        return response.status_code, b"".join([part async for part in response.aiter_bytes()])


@given(chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=8), cut=st.integers(1, 30))
def test_a_body_is_whole_however_it_is_cut(chunks: list[bytes], cut: int) -> None:
    """Neither the chunks nor the pieces that arrive make a difference."""
    wire = b"".join(b"%X;name=value\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    parting = Chunks()
    body = b"".join(parting.feed(wire[at : at + cut]) for at in range(0, len(wire), cut) if not parting.complete)
    assert (body, parting.complete) == (b"".join(chunks), True)


def test_nothing_waits_for_the_rest_of_a_chunk() -> None:
    """So no chunk is too long for the memory."""
    chunks = Chunks()
    assert chunks.feed(b"3\r\nabc\r\n7FFFFFFFFFFF\r\nde") == b"abcde"
    assert chunks.feed(b"fg") == b"fg"


@pytest.mark.parametrize(
    "wire",
    [
        b"-1\r\n",
        b"+1\r\nx\r\n",
        b"1_0\r\n",
        b"xyz\r\n",
        b"\r\n",
        b"0x1\r\n",
        b"1 1\r\n",
        b"%x\r\n" % (1 << 64),
        b"1\r\nabc",
        b"7" * 5000,
    ],
)
def test_what_is_in_no_chunks_is_refused(wire: bytes) -> None:
    """A size that is none, one that is far too large, or one that is not kept, ends the answer."""
    with pytest.raises(httpx.RemoteProtocolError):
        Chunks().feed(wire)


async def test_a_chunked_answer() -> None:
    """A watch: chunk after chunk, until the last one, whatever follows."""
    async with server(CHUNKED, b"2\r\nab\r\n3\r", b"\ncde\r\n0\r\nTrailer: x\r\n\r\n") as url:
        assert await read(url) == (200, b"abcde")


async def test_an_answer_with_a_length() -> None:
    """A refusal: its body ends where its length says, although the connection stays open."""
    forever = asyncio.Event()
    async with server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n", b"no", b"no", then=forever.wait) as url:
        assert await read(url) == (403, b"nono")
        forever.set()


async def test_an_answer_without_a_body() -> None:
    """A length of 0 is the end."""
    forever = asyncio.Event()
    async with server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", then=forever.wait) as url:
        assert await read(url) == (401, b"")
        forever.set()


async def test_an_answer_until_the_connection_closes() -> None:
    """What an old proxy sends: neither chunks nor a length."""
    async with server(b"HTTP/1.0 200 OK\r\n\r\n", b"all ", b"of it") as url:
        assert await read(url) == (200, b"all of it")


async def test_an_interim_answer_is_passed_over() -> None:
    """103 and its like come before the answer."""
    async with server(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", CHUNKED, b"1\r\na\r\n0\r\n\r\n") as url:
        assert await read(url) == (200, b"a")


async def test_the_request_is_as_httpx_makes_it() -> None:
    """Path, query and headers."""
    requests: list[bytes] = []
    async with server(CHUNKED, b"0\r\n\r\n", requests=requests) as url:
        await read(f"{url}/api/v1/events?watch=1&fieldSelector=type%3DWarning")
    first, *headers = requests[0].decode().split("\r\n")
    assert first == "GET /api/v1/events?watch=1&fieldSelector=type%3DWarning HTTP/1.1"
    assert f"Host: {url.removeprefix('http://')}" in headers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((), httpx.RemoteProtocolError),
        ((b"HTTP/1.1 200 OK\r\n",), httpx.RemoteProtocolError),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), httpx.RemoteProtocolError),
        ((b"HTTP/1.1 2xx OK\r\n\r\n",), httpx.RemoteProtocolError),
        ((CHUNKED, b"5\r\nab"), httpx.RemoteProtocolError),
        ((CHUNKED, b"2\r\nab\r\n"), httpx.RemoteProtocolError),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"ab"), httpx.RemoteProtocolError),
        ((CHUNKED, b"not a chunk\r\n"), httpx.RemoteProtocolError),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"x" * 600_000,), httpx.RemoteProtocolError),
    ],
)
async def test_an_answer_that_is_none(answer: tuple[bytes, ...], error: type[Exception]) -> None:
    """Nothing, half a head, another protocol, half a body, chunks that are none, a head without an end."""
    async with server(*answer) as url:
        with pytest.raises(error):
            await read(url)


async def test_a_server_that_falls_silent() -> None:
    """The read timeout holds for each piece, the first one included."""
    forever = asyncio.Event()
    for answer in ((), (CHUNKED, b"1\r\na\r\n")):
        async with server(*answer, then=forever.wait) as url:
            with pytest.raises(httpx.ReadTimeout):
                await read(url, timeout=0.05)
    forever.set()


@pytest.mark.parametrize("url", [f"http://{'a' * 64}.test/", "http://a..b/", "http://127.0.0.1:99999/"])
async def test_no_host_has_such_a_name_or_port(url: str) -> None:
    """An address that can't be is a ConnectError, too, whatever the library that looks it up raises."""
    with pytest.raises(httpx.ConnectError, match="no host has such a name or port"):
        await read(url)


async def test_what_came_before_the_connection_broke_is_the_answer() -> None:
    """A server that resets the connection behind a whole answer has taken the request: it must not be sent again."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.transport.abort()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        assert await read(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}") == (200, b"ok")


async def test_a_connection_that_breaks_is_no_end() -> None:
    """A body that ends with the connection is whole only if the peer closed it."""
    connection = Connection()
    connection.connection_made(_Wire(connection))
    connection.data_received(b"half of it")
    connection.connection_lost(ConnectionResetError("reset"))
    assert await connection.read(None) == b"half of it"
    with pytest.raises(httpx.ReadError):
        await connection.read(None)


async def test_nobody_listens() -> None:
    """A refused connection is a ConnectError."""
    async with server() as url:
        pass
    with pytest.raises(httpx.ConnectError):
        await read(url)


async def test_a_server_without_tls_where_tls_is_wanted() -> None:
    """What TLS can't make sense of is a ConnectError, with its reason."""

    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(httpx.ConnectError, match="SSL"):
            await read(f"https://127.0.0.1:{port}", tls=ssl.create_default_context())


@asynccontextmanager
async def lasting(
    answer: bytes, *, requests_each: int = 1_000_000, then: float = 0.0
) -> AsyncIterator[tuple[str, list[int]]]:
    """Answer each request with the same, on connections that stay; give how many requests each has had. ``then``:
    seconds from a connection's last answer to its end."""
    connections: list[int] = []
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(connections)
        connections.append(0)
        serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while connections[number] < requests_each:
                await reader.readuntil(b"\r\n\r\n")
                connections[number] += 1
                writer.write(answer)
            await asyncio.sleep(then)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", connections
    await asyncio.gather(*(each for each in serving if each))


LASTING = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
)
ENDING = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than it says",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nTrailer: x\r\n\r\n",
)


@pytest.mark.parametrize(
    ("answer", "connections"), [*((each, [3]) for each in LASTING), *((each, [1] * 3) for each in ENDING)]
)
async def test_a_connection_is_used_again_after_a_whole_answer(answer: bytes, connections: list[int]) -> None:
    """Not where the peer wants to close it, and not where there is more than an answer: who knows whose."""
    async with lasting(answer) as (url, used), httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
        for _ in range(3):
            assert (await client.get(url)).is_success
        assert used == connections


async def test_a_connection_that_the_peer_has_closed_is_not_used_again() -> None:
    """The next request has one of its own, and does not fail."""
    async with lasting(LASTING[0], requests_each=1) as (url, used):
        async with httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
            for _ in range(3):
                assert (await client.get(url)).text == "ok"
                await asyncio.sleep(0.02)
        assert used == [1, 1, 1]


async def test_a_connection_is_not_used_again_before_the_request_is_out() -> None:
    """A server that answers before it has read the whole request may never read the rest."""
    answered = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    body = b"x" * 20_000_000
    async with lasting(answered, requests_each=1, then=0.05) as (url, used):
        async with httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
            for _ in range(2):
                assert (await client.post(url, content=body)).status_code == 413
        assert used == [1, 1]


async def test_an_answer_that_is_left_in_the_middle_takes_its_connection_along() -> None:
    """What is left of it must not become the next request's answer."""
    async with lasting(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok") as (url, used):
        async with httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
            for _ in range(2):
                async with client.stream("GET", url):
                    pass
        assert used == [1, 1]


async def test_requests_at_once_have_a_connection_each() -> None:
    """Some of them are kept, not all."""
    async with lasting(LASTING[0]) as (url, used), httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
        await asyncio.gather(*(client.get(url) for _ in range(20)))
        assert used == [1] * 20
        await asyncio.gather(*(client.get(url) for _ in range(20)))
        assert sorted(used)[-8:] == [2] * 8
        assert len(used) == 32


@pytest.mark.parametrize("value", ["s3cret\r\nInjected: yes", "s3cret\x00", " s3cret", "s3cret\x7f"])
async def test_a_header_that_would_be_another_is_not_sent(value: str) -> None:
    """And is not quoted: it may be a secret."""
    async with server() as url, httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
        with pytest.raises(httpx.LocalProtocolError) as raised:
            await client.get(url, headers={"X": value})
    assert "s3cret" not in str(raised.value)


class _Wire(asyncio.Transport):
    """A connection without a network, whose peer answers whatever is written."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self.closed = False
        protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        asyncio.get_running_loop().call_soon(self._protocol.data_received, LASTING[0])

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def resume_reading(self) -> None:
        pass

    def abort(self) -> None:
        self.closed = True


@virtual_time
async def test_a_connection_waits_five_seconds() -> None:
    """Then it is closed, also when nothing else is sent."""
    wires: list[_Wire] = []

    async def connect(make: Callable[[], asyncio.Protocol], *_args: Any, **_options: Any) -> Any:
        protocol = make()
        wires.append(_Wire(protocol))
        return wires[-1], protocol

    asyncio.get_running_loop().create_connection = connect  # type: ignore[method-assign, assignment]
    async with httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
        await client.get("http://example.com")
        await asyncio.sleep(4.9)
        await client.get("http://example.com")
        await asyncio.sleep(4.9)
        assert [wire.closed for wire in wires] == [False]
        await asyncio.sleep(0.2)
        assert [wire.closed for wire in wires] == [True]
