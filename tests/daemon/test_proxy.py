"""HTTPS_PROXY and its kin hold for WeCom, never for the API server that a pod talks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.daemon.conftest import KEY, Pipeline
from tests.daemon.test_namespace_routes import Tenant
from tests.support.daemon import running_daemon


class Proxy:
    """A forward proxy that sends every request to one place, and keeps the hosts that were asked for."""

    def __init__(self, *, to_port: int) -> None:
        self._to_port = to_port
        self.hosts: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one request, in origin form, and its answer."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, headers = head.partition(b"\r\n")
        method, target, version = line.decode().split(" ")
        url = urlsplit(target)
        self.hosts.append(url.hostname or "")
        length = next(
            int(each.split(b":")[1]) for each in headers.split(b"\r\n") if each.lower().startswith(b"content-length:")
        )
        body = await reader.readexactly(length)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        kept = b"\r\n".join(each for each in headers.split(b"\r\n") if not each.lower().startswith(b"connection:"))
        up_writer.write(f"{method} {url.path}?{url.query} {version}\r\nConnection: close\r\n".encode() + kept + body)
        writer.write(await up_reader.read())
        await writer.drain()
        for each in (up_writer, writer):
            each.close()
            await each.wait_closed()


@asynccontextmanager
async def forward_proxy(to_port: int) -> AsyncIterator[tuple[str, Proxy]]:
    """Run a proxy on loopback; yield its URL and the proxy."""
    proxy = Proxy(to_port=to_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", proxy


async def test_a_proxy_is_used_for_wecom_and_not_for_the_api_server(pipeline: Pipeline) -> None:
    """The robot's host exists only behind the proxy; the API server is reached directly."""
    port = urlsplit(pipeline.group.url).port
    assert port is not None
    async with forward_proxy(port) as (url, proxy):
        environ = {**pipeline.server.environ, "HTTP_PROXY": url, "HTTPS_PROXY": url, "ALL_PROXY": url}
        sink = f"--sink=wecom:?key={KEY}&api=http://wecom.invalid&namespaces={pipeline.server.namespace}"
        async with (
            running_daemon(f"--source={pipeline.server.source}", sink, environ=environ) as daemon,
            await daemon.ready(),
        ):
            await pipeline.event("e")
            assert "BackOff" in (await pipeline.group.message()).content
        assert proxy.hosts == ["wecom.invalid"]


async def test_a_proxy_before_wecom_serves_the_routes_of_namespaces_too(pipeline: Pipeline) -> None:
    """A team writes nothing of it, and its host needs not be allowed: the platform has chosen it."""
    tenant = Tenant(pipeline)
    await tenant.secret(KEY)
    labels = {"kube-wecom-eventer.io/route": "true"}
    await tenant.write(
        "configmaps", "wecom", metadata={"labels": labels}, data={"sink": "wecom:?key_secret=wecom-robot"}
    )
    flags = ("--namespace-routes", "--checkpoint=none", f"--wecom-api={pipeline.group.url}")
    async with (
        running_daemon(f"--source={pipeline.server.source}", *flags, environ=pipeline.server.environ) as daemon,
        await daemon.ready(),
    ):
        await daemon.log("route_declared", route=f"{tenant.namespace}/wecom")
        await pipeline.event("e")
        assert "BackOff" in (await pipeline.group.message()).content
