"""The proxy before WeCom, with its own nginx.conf, between a client and a TLS server that stands in for WeCom.

The configuration is the one that is applied; only addresses and paths are those of the test.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.manifests.rendering import MANIFESTS
from tests.support.certificates import certificate
from tests.support.daemon import PATIENCE
from tests.support.envtest import free_ports
from tests.support.processes import GuardedProcess

WECOM = "qyapi.weixin.qq.com"
PATH = "/cgi-bin/webhook/send"
KEY = "7fe90cd7-08a2-4c85-9ee7-ee7791044d29"

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed"
)


class Resolver(asyncio.DatagramProtocol):
    """A DNS server that answers each question for an A record with 127.0.0.1."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        end = data.index(b"\0", 12) + 5
        question = data[12:end]
        wanted = question[-4:-2] == b"\x00\x01"
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x1e\x00\x04\x7f\x00\x00\x01" if wanted else b""
        head = data[:2] + b"\x81\x80\x00\x01" + (b"\x00\x01" if wanted else b"\x00\x00") + b"\x00\x00\x00\x00"
        self._transport.sendto(head + question + answer, addr)


@dataclass
class StandIn:
    """What answers in WeCom's place. ``requests``: heads and bodies as they came; ``server_names``: by SNI."""

    port: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request as WeCom does."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")), 0
        )
        self.requests.append((head, await reader.readexactly(length)))
        body = b'{"errcode":0,"errmsg":"ok"}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def stand_in(folder: Path, name: str) -> AsyncIterator[tuple[StandIn, Path]]:
    """Serve TLS on loopback with a certificate for ``name``; yield it with the certificate."""
    wecom, file = StandIn(), certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda _socket, asked, _context: wecom.server_names.append(asked)
    server = await asyncio.start_server(wecom.serve, "127.0.0.1", 0, ssl=context)
    async with server:
        wecom.port = server.sockets[0].getsockname()[1]
        yield wecom, file


@dataclass(frozen=True)
class Proxy:
    """A running nginx. ``client`` sends to it; ``log`` is all that it printed."""

    client: httpx.AsyncClient
    log: Path

    async def post(self, path: str = f"{PATH}?key={KEY}", **options: Any) -> httpx.Response:
        """Post a message."""
        return await self.client.post(path, json={"msgtype": "text"}, **options)

    async def said(self, words: str) -> None:
        """Return when ``words`` stand in the log: nginx writes a line after the answer has left."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.log.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def nginx(folder: Path, *, port: int, trusted: Path) -> AsyncIterator[Proxy]:
    """Run nginx with the manifest's configuration."""
    loop = asyncio.get_running_loop()
    dns, _ = await loop.create_datagram_endpoint(Resolver, local_addr=("127.0.0.1", 0))
    try:
        resolver = dns.get_extra_info("sockname")[1]
        (listening,) = free_ports(1)
        (folder / "resolver.conf").write_text(f"resolver 127.0.0.1:{resolver} valid=30s;\n")
        written = (MANIFESTS / "proxy" / "reverse" / "nginx.conf").read_text(encoding="utf-8")
        for old, new in (
            ("listen 8080;", f"listen 127.0.0.1:{listening};"),
            (f"set $wecom {WECOM};", f"set $wecom {WECOM}:{port};"),
            (" /tmp/", f" {folder}/"),
            ("/etc/ssl/certs/ca-certificates.crt", str(trusted)),
            ("worker_processes 1;", "worker_processes 1;\ndaemon off;\nmaster_process off;"),
        ):
            assert old in written
            written = written.replace(old, new)
        (folder / "nginx.conf").write_text(written)
        log = folder / "nginx.log"
        process = GuardedProcess([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")], log=log)
        try:
            url = f"http://127.0.0.1:{listening}"
            await asyncio.to_thread(process.wait_until, lambda: _healthy(url), timeout=PATIENCE)
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=15) as client:
                yield Proxy(client, log)
        finally:
            process.kill()
    finally:
        dns.close()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


async def test_a_message_reaches_wecom_and_its_answer_comes_back(tmp_path: Path) -> None:
    """With the key, to the pinned name; nothing else of the request goes along."""
    async with (
        stand_in(tmp_path, WECOM) as (wecom, file),
        nginx(tmp_path, port=wecom.port, trusted=file) as proxy,
    ):
        answer = await proxy.post(headers={"X-Secret": "inside", "Cookie": "inside", "Host": "elsewhere"})
    assert (answer.status_code, answer.json()) == (200, {"errcode": 0, "errmsg": "ok"})
    ((head, body),) = wecom.requests
    assert head.splitlines()[0] == f"POST {PATH}?key={KEY} HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
    assert headers == {"Host": WECOM, "Content-Type": "application/json", "Content-Length": str(len(body))}
    assert body == b'{"msgtype":"text"}'
    assert wecom.server_names == [WECOM]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{PATH}?key={KEY}", 403),
        ("PUT", f"{PATH}?key={KEY}", 403),
        ("POST", "/cgi-bin/gettoken?corpid=x&corpsecret=hunter2", 403),
        ("GET", "/cgi-bin/message/send?access_token=hunter2", 403),
        ("POST", "/cgi-bin/message/recall?access_token=hunter2", 404),
        ("GET", "/cgi-bin/user/list?access_token=hunter2", 404),
        ("POST", f"{PATH}/../../gettoken", 403),
        ("POST", f"{PATH}/", 404),
        ("GET", "/", 404),
    ],
)
async def test_nothing_else_is_forwarded(tmp_path: Path, method: str, path: str, status: int) -> None:
    """No other method and no other path."""
    async with (
        stand_in(tmp_path, WECOM) as (wecom, file),
        nginx(tmp_path, port=wecom.port, trusted=file) as proxy,
    ):
        answer = await proxy.client.send(_raw(proxy.client, method, path))
    assert answer.status_code == status
    assert wecom.requests == []


def _raw(client: httpx.AsyncClient, method: str, path: str) -> httpx.Request:
    """Return a request whose path is sent as it stands."""
    request = client.build_request(method, "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    return request


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/cgi-bin/gettoken?corpid=ww1&corpsecret=hunter2"),
        ("POST", "/cgi-bin/message/send?access_token=hunter2"),
    ],
)
async def test_an_application_is_served_as_well(tmp_path: Path, method: str, target: str) -> None:
    """Its token and its messages; neither its secret nor the token is logged."""
    async with (
        stand_in(tmp_path, WECOM) as (wecom, file),
        nginx(tmp_path, port=wecom.port, trusted=file) as proxy,
    ):
        answer = await proxy.client.request(method, target)
        await proxy.said(f"{method} {target.partition('?')[0]} 200 ")
    assert answer.json() == {"errcode": 0, "errmsg": "ok"}
    assert [head.splitlines()[0] for head, _ in wecom.requests] == [f"{method} {target} HTTP/1.1"]
    assert "hunter2" not in proxy.log.read_text()


@pytest.mark.parametrize("name", ["example.com", "qyapi.weixin.qq.com.example.com"])
async def test_a_server_that_is_not_wecom_gets_nothing(tmp_path: Path, name: str) -> None:
    """Its certificate is trusted, but for another name: a DNS server that lies is not enough."""
    async with (
        stand_in(tmp_path, name) as (other, file),
        nginx(tmp_path, port=other.port, trusted=file) as proxy,
    ):
        answer = await proxy.post()
    assert answer.status_code == 502
    assert other.requests == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """For the right name, by an authority that is not trusted."""
    (tmp_path / "other").mkdir()
    trusted = certificate(tmp_path / "other", WECOM)
    async with (
        stand_in(tmp_path, WECOM) as (other, _),
        nginx(tmp_path, port=other.port, trusted=trusted) as proxy,
    ):
        answer = await proxy.post()
    assert answer.status_code == 502
    assert other.requests == []


async def test_no_key_is_logged_whatever_happens(tmp_path: Path) -> None:
    """Not when it works, not when WeCom can't be reached, not when the message is too large; but the status is."""
    async with stand_in(tmp_path, WECOM) as (wecom, file):
        async with nginx(tmp_path, port=wecom.port, trusted=file) as proxy:
            assert (await proxy.post()).status_code == 200
            assert (await proxy.post(params={"key": KEY, "x": "y" * 50_000})).status_code == 414
            large = await proxy.client.post(f"{PATH}?key={KEY}", content=b"x" * 200_000)
            assert large.status_code == 413
        (closed,) = free_ports(1)
        async with nginx(tmp_path, port=closed, trusted=file) as proxy:
            assert (await proxy.post()).status_code == 502
            await proxy.said(f"POST {PATH} 502 upstream=127.0.0.1:{closed}:502 ")
    assert KEY not in (tmp_path / "nginx.log").read_text()


def test_the_configuration_and_the_deployment_fit() -> None:
    """What the one includes and listens on is what the other writes and probes."""
    folder = MANIFESTS / "proxy" / "reverse"
    conf, deployment = ((folder / name).read_text(encoding="utf-8") for name in ("nginx.conf", "proxy.yaml"))
    for words in ("/tmp/resolver.conf", "/healthz"):
        assert words in conf
        assert words in deployment
    assert "listen 8080;" in conf
    assert "containerPort: 8080" in deployment


@pytest.mark.parametrize(
    ("resolv_conf", "directive"),
    [
        ("search x.svc\nnameserver 10.0.0.10\noptions ndots:5\n", "resolver 10.0.0.10 valid=30s;\n"),
        ("nameserver fd00::10\nnameserver 10.0.0.11\n", "resolver [fd00::10] 10.0.0.11 valid=30s;\n"),
    ],
)
def test_the_pods_resolver_becomes_nginxs(tmp_path: Path, resolv_conf: str, directive: str) -> None:
    """As the Deployment's command writes it, before it becomes nginx."""
    deployment = next(yaml.safe_load_all((MANIFESTS / "proxy" / "reverse" / "proxy.yaml").read_text(encoding="utf-8")))
    shell, option, script = deployment["spec"]["template"]["spec"]["containers"][0]["command"]
    (tmp_path / "resolv.conf").write_text(resolv_conf)
    script = script.replace("/etc/resolv.conf", str(tmp_path / "resolv.conf"))
    script = script.replace("/tmp/resolver.conf", str(tmp_path / "resolver.conf")).replace("exec nginx", "exec echo")
    said = subprocess.run([shell, option, script], capture_output=True, text=True, check=True, timeout=10).stdout
    assert said == "-c /etc/wecom-proxy/nginx.conf -g daemon off;\n"
    assert (tmp_path / "resolver.conf").read_text() == directive
