"""HTTP/1.1 over TLS: who is at the other end, and how much of an answer is in the memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kube_wecom_eventer.http1 import DirectTransport
from kube_wecom_eventer.http1.connection import Connection
from tests.support.certificates import certificate

NAME = "chat.test"
LONG = 8 * 1024 * 1024


@asynccontextmanager
async def server(body: bytes, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Answer each connection's request with a body that ends with the connection; give the URL."""
    serving: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(answer, host, 0, ssl=tls) as listening:
        port = listening.sockets[0].getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        yield f"{'https' if tls else 'http'}://{shown}:{port}/"
        await asyncio.gather(*(each for each in serving if each))


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for NAME."""
    return certificate(tmp_path_factory.mktemp("tls"), NAME)


@pytest.fixture
def served(pem: Path) -> ssl.SSLContext:
    """The context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_the_peer_must_have_the_name_that_is_asked_for(pem: Path, served: ssl.SSLContext) -> None:
    """The URL's, or the one that a kubeconfig's ``tls-server-name`` says instead."""
    transport = DirectTransport(tls=ssl.create_default_context(cafile=str(pem)))
    async with server(b"ok", tls=served) as url, httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(url, extensions={"sni_hostname": NAME})).text == "ok"
        for other, asked in (({}, "127.0.0.1"), ({"sni_hostname": "other.test"}, "other.test")):
            with pytest.raises(httpx.ConnectError, match=f"CERTIFICATE_VERIFY_FAILED.*not valid for '{asked}'"):
                await client.get(url, extensions=other)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_long_answer_is_read_as_fast_as_it_is_taken(
    pem: Path, served: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    """What nobody has taken yet waits at the peer, not in the memory; and all of it comes."""
    most = 0

    class Measured(Connection):
        def data_received(self, data: bytes) -> None:
            nonlocal most
            super().data_received(data)
            most = max(most, len(self._received))

    monkeypatch.setattr("kube_wecom_eventer.http1.transport.Connection", Measured)
    transport = DirectTransport(tls=ssl.create_default_context(cafile=str(pem)))
    body = b"x" * LONG
    async with (
        server(body, tls=served if encrypted else None) as url,
        httpx.AsyncClient(transport=transport) as client,
        client.stream("GET", url, extensions={"sni_hostname": NAME}) as response,
    ):
        # The peer sends as much as it may.
        await asyncio.sleep(0.1)
        assert b"".join([part async for part in response.aiter_raw()]) == body
    assert most < LONG / 4


async def test_an_answer_of_one_server_is_not_anothers() -> None:
    """A connection that waits is used for the server that it leads to only."""
    lasting = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(lasting + str(writer.get_extra_info("sockname")[1]).encode()[-3:])
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as one,
        await asyncio.start_server(serve, "127.0.0.1", 0) as other,
        httpx.AsyncClient(transport=DirectTransport(tls=None)) as client,
    ):
        ports = [str(each.sockets[0].getsockname()[1]) for each in (one, other)]
        for port in ports * 2:
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == port[-3:]
    await asyncio.gather(*(each for each in serving if each))


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_an_address_of_ipv6() -> None:
    """In brackets, as in any URL."""
    try:
        async with server(b"ok", host="::1") as url, httpx.AsyncClient(transport=DirectTransport(tls=None)) as client:
            assert (await client.get(url)).text == "ok"
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


async def test_each_connection_has_the_options_that_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the kernel notices a peer that vanished, in the middle of a quiet watch."""
    kept: list[int] = []

    class Asked(Connection):
        def write(self, data: bytes) -> None:
            wire = self._transport.get_extra_info("socket")
            kept.append(wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
            super().write(data)

    monkeypatch.setattr("kube_wecom_eventer.http1.transport.Connection", Asked)
    for options, expected in (((), 0), (((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),), 1)):
        transport = DirectTransport(tls=None, socket_options=options)
        async with server(b"ok") as url, httpx.AsyncClient(transport=transport) as client:
            await client.get(url)
        assert kept.pop() == expected
