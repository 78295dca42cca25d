"""Requests to the API server, and its refusals as our errors."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import msgspec
from socksio.exceptions import SOCKSError

from kube_wecom_eventer.errors import (
    ApiError,
    ConfigError,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Overloaded,
    Unauthorized,
)
from kube_wecom_eventer.http1 import DirectTransport, proxied
from kube_wecom_eventer.kube.credentials import Connection

_TIMEOUT = 10.0
"""Seconds, for connecting and for each answer but a watch's."""
_LONGEST_ANSWER = 60.0
"""Seconds for the whole of an answer but a watch's, however it trickles."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not the wanted JSON: bad UTF-8 and deep nesting have errors of their own."""
UNANSWERED = (httpx.HTTPError, SOCKSError)
"""What httpx raises for a request that gets no answer: it lets a SOCKS proxy's errors through."""
_IN_WORDS = {
    "ReadError": "the connection broke",
    "ReadTimeout": "no answer in time",
    "ConnectTimeout": "no connection in time",
}
"""For the errors of httpx that have a name only."""
_LONGEST_LINE = 16 * 1024 * 1024
"""Bytes. The API server stores nothing above 1.5 MB, so a longer line is no line."""


class Status(msgspec.Struct, rename="camel"):
    """The API server's ``Status``, its way to say that a request failed."""

    class Details(msgspec.Struct, rename="camel"):
        """The part of ``details`` that we use."""

        retry_after_seconds: int = 0

    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


class ApiClient:
    """Requests to one API server. All failures are `ApiError`s, but for a proxy that is none: a ConfigError.

    ``date``: the last answer's own, as it is in its header; empty before the first one.
    """

    def __init__(self, *, connection: Connection, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if transport is None and not connection.proxy and not (connection.trust_env and proxied()):
            verify = connection.verify
            tls = verify if isinstance(verify, ssl.SSLContext) else httpx.create_ssl_context(verify=verify)
            transport = DirectTransport(tls=tls, socket_options=_keep_alive())
        try:
            self._http = httpx.AsyncClient(
                base_url=connection.server,
                auth=connection.auth,
                verify=connection.verify,
                transport=transport,
                trust_env=connection.trust_env,
                proxy=connection.proxy,
                timeout=_TIMEOUT,
                headers={"User-Agent": "kube-wecom-eventer", "Accept": "application/json"},
            )
        except (ValueError, httpx.InvalidURL):
            place = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or the kubeconfig's proxy-url"
            raise ConfigError([f"{place}: no proxy's URL; write http://HOST:PORT or socks5://HOST:PORT"]) from None
        self.server = connection.server
        self.date = ""
        self._extensions = {"sni_hostname": connection.server_name} if connection.server_name else {}

    async def get(
        self, path: str, params: Mapping[str, str | int] | None = None, *, timeout: float = _LONGEST_ANSWER
    ) -> bytes:
        """Return the body of a successful GET. ``timeout``: seconds for the whole answer. Raises ApiError."""
        return await self._whole(self._http.get(path, params=params, extensions=self._extensions), seconds=timeout)

    async def send(self, method: str, path: str, body: Mapping[str, object], *, timeout: float | None = None) -> bytes:
        """Write ``body`` as JSON (POST: create, PUT: replace) and return what is stored then.

        ``timeout``: seconds for all of it, when it must be known sooner. A write that got no answer may have had its
        effect all the same. Raises ApiError; Conflict for a write that came too late.
        """
        request = self._http.request(
            method,
            path,
            content=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
            extensions=self._extensions,
        )
        return await self._whole(request, seconds=_LONGEST_ANSWER if timeout is None else timeout)

    @asynccontextmanager
    async def lines(
        self, path: str, params: Mapping[str, str | int], *, read_timeout: float
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """Open a stream of lines. ``read_timeout``: seconds of silence after which the peer counts as gone.

        Raises ApiError, on entering and while reading.
        """
        timeout = httpx.Timeout(_TIMEOUT, read=read_timeout)
        stream = self._http.stream("GET", path, params=params, timeout=timeout, extensions=self._extensions)
        async with AsyncExitStack() as stack:
            try:
                response = await _answered(stack.enter_async_context(stream))
                if not response.is_success:
                    raise refusal(response.status_code, await response.aread(), response.headers)
                _not_a_page(response)
                yield _split_lines(response.aiter_bytes())
            except UNANSWERED as error:
                raise unreachable(error) from None

    async def _whole(self, answering: Awaitable[httpx.Response], *, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                response = await answering
        except TimeoutError:
            raise ApiError(f"the answer is not complete after {seconds:g} s") from None
        except UNANSWERED as error:
            raise unreachable(error) from None
        self.date = response.headers.get("date", "")
        if not response.is_success:
            raise refusal(response.status_code, response.content, response.headers)
        _not_a_page(response)
        return response.content

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def _not_a_page(response: httpx.Response) -> None:
    if "html" in response.headers.get("content-type", ""):
        # Read as JSON it would be an "invalid character", and lines of a watch that can't be read.
        raise ApiError(f"{response.status_code} with a page of HTML: something in between answers for the API server")


async def _answered(opening: Awaitable[httpx.Response]) -> httpx.Response:
    """Wait for a watch's headers: its read timeout is that of a quiet watch, and a healthy server agrees at once."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await opening
    except TimeoutError:
        raise ApiError(f"no answer to a watch within {_TIMEOUT:g} s") from None


def _keep_alive() -> list[tuple[int, int, int]]:
    """Let the kernel notice a peer that vanished, within about a minute, instead of the read timeout's five."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


async def _split_lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Split on newlines only: a message may hold other characters that text iterators take for line ends."""
    rest: list[bytes] = []
    waiting = 0
    async for chunk in chunks:
        head, newline, tail = chunk.partition(b"\n")
        rest.append(head)
        waiting += len(head)
        if waiting > _LONGEST_LINE:
            raise ApiError(f"a watch line is longer than {_LONGEST_LINE} bytes")
        if not newline:
            continue
        yield b"".join(rest)
        *whole, last = tail.split(b"\n")
        for line in whole:
            yield line
        rest, waiting = [last], len(last)


def unreachable(error: Exception) -> ApiError:
    """Describe a request that got no answer."""
    name = type(error).__name__
    return ApiError(f"{name}: {str(error) or _IN_WORDS.get(name, 'no answer')}")


def refusal(code: int, body: bytes, headers: Mapping[str, str]) -> ApiError:
    """Turn an unsuccessful answer, a Status or whatever stands in its place, into the error that fits."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except UNREADABLE:
        status = Status(message=f"the answer is no Status: {body[:120]!r}")
    status.code = status.code or code
    return status_error(status, headers)


def status_error(status: Status, headers: Mapping[str, str] | None = None) -> ApiError:
    """Return the error of our tree that fits a Status."""
    code = status.code
    text = " ".join(f"{code} {status.reason}: {status.message}".split())
    seconds = _retry_after(status, headers or {})
    if code == 429 or (seconds and code >= 500):
        return Overloaded(text, code=code, retry_after=seconds or 1.0)
    kinds: dict[int, type[ApiError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict, 410: Gone}
    return kinds.get(code, ApiError)(text, code=code)


def missing_rule(
    resource: str,
    *,
    kind: str,
    group: str = "",
    verbs: Sequence[str] = ("list", "watch"),
    names: Sequence[str] = (),
) -> str:
    """Return the RBAC rule that a refused request needs, to be pasted, and where it belongs.

    ``group`` is the resource's API group; the core group's is empty. ``names``: of the objects that it is about, all
    where there are none.
    """
    only = f", resourceNames: [{_quoted(names)}]" if names else ""
    return f'{{apiGroups: ["{group}"], resources: ["{resource}"]{only}, verbs: [{_quoted(verbs)}]}}, in a {kind}'


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def _retry_after(status: Status, headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(float(text), 300.0)
    return min(float(status.details.retry_after_seconds), 300.0) if status.details else 0.0
