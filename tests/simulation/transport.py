"""The network between one daemon and its peers, in one process: httpx's transport straight into an ASGI app.

Owns latency, timeouts, lost answers, broken connections and partitions. httpx keeps its timeouts in the network
backend that is replaced here, so they are enforced here. `httpx.ASGITransport` would hold a watch back until its end.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from kube_wecom_eventer.demo.asgi import HANG_UP, RESET, Application

Direction = Literal["requests", "answers"]
FOREVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Upset:
    """What happens to a request. ``reaches``: it takes effect, whatever becomes of its answer.

    ``kind``: refused, reset (the connection breaks), silent (no answer until the client gives up), slow (on either way
    from ``least`` to ``seconds``), or answer (``status`` and ``body`` come from something in between).
    """

    kind: Literal["refused", "reset", "silent", "slow", "answer"]
    reaches: bool = False
    least: float = 0.0
    seconds: float = 0.0
    status: int = 500
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Upsets = Callable[[httpx.Request], Upset | None]


def no_upset(_: httpx.Request) -> Upset | None:
    """Let everything pass."""
    return None


@dataclass(kw_only=True)
class Peer:
    """One server. ``down``: it refuses connections. ``upset`` is asked for each request that reaches it."""

    name: str
    app: Application
    down: bool = False
    upset: Upsets = no_upset
    cards: list[Card] = field(default_factory=list)

    def go_down(self) -> None:
        """Crash: every connection breaks, and none is taken until ``down`` is False again."""
        self.down = True
        self.break_connections()

    def break_connections(self) -> None:
        """Reset all that is open."""
        for card in self.cards:
            card.break_connections()


class Card(httpx.AsyncBaseTransport):
    """The network card of one daemon towards one peer.

    ``before`` is called with each request before it leaves, and may kill the daemon. ``heard`` is told of each answer
    as it comes back.
    """

    def __init__(
        self,
        *,
        peer: Peer,
        rng: random.Random,
        before: Callable[[httpx.Request], None],
        latency: tuple[float, float] = (0.001, 0.02),
    ) -> None:
        self.peer = peer
        self.rng = rng
        self.dead = False
        self.stray: set[asyncio.Task[None]] = set()
        self._before = before
        self._latency = latency
        self._blocked: set[Direction] = set()
        self._open: dict[_Exchange, None] = {}
        peer.cards.append(self)

    def block(self, *directions: Direction) -> None:
        """Let nothing pass in these directions, and say nothing: a partition. What is on its way waits."""
        self._blocked = set(directions)

    def unblock(self, *, breaking: bool) -> None:
        """End a partition; with ``breaking``, the connections that it hit don't survive it."""
        self._blocked = set()
        if breaking:
            self.break_connections()
        for exchange in tuple(self._open):
            exchange.wake()

    def blocks(self, direction: Direction) -> bool:
        """Whether nothing passes in this direction now."""
        return direction in self._blocked

    def delay(self) -> float:
        """Seconds on the way, one direction."""
        return self.rng.uniform(*self._latency)

    def break_connections(self) -> None:
        """Reset all open connections."""
        for exchange in tuple(self._open):
            exchange.break_off(httpx.ReadError("connection reset"))

    def die(self) -> None:
        """From now on nothing leaves any more; the peers see closed connections."""
        self.dead = True
        for exchange in tuple(self._open):
            exchange.hang_up()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        if self.dead:
            raise httpx.ConnectError("the process is dead")
        self._before(request)
        if self._refused():
            await asyncio.sleep(0)
            raise httpx.ConnectError("connection refused")
        upset = self.peer.upset(request)
        exchange = _Exchange(card=self, request=request, body=await request.aread(), upset=upset)
        self._open[exchange] = None
        try:
            return await exchange.response()
        except BaseException:
            exchange.hang_up()
            raise

    def _refused(self) -> bool:
        return self.dead or self.peer.down

    def forget(self, exchange: _Exchange) -> None:
        """An exchange is over."""
        self._open.pop(exchange, None)


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer."""

    def __init__(self, *, card: Card, request: httpx.Request, body: bytes, upset: Upset | None) -> None:
        self._card = card
        self._request = request
        self._body: bytes | None = body
        self._upset = upset
        self._timeout: dict[str, float | None] = request.extensions.get("timeout", {})
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._error: httpx.HTTPError | None = None
        self._gone = self._loop.create_future()
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._last_at = 0.0
        self._complete = False
        self._app: asyncio.Task[None] | None = None

    async def response(self) -> httpx.Response:
        upset = self._upset
        if upset and upset.kind == "refused":
            raise httpx.ConnectError("connection refused")
        await self._pass("requests", self._deadline("connect"), httpx.ConnectTimeout)
        deadline = self._deadline("read")
        started = self._loop.time()
        travel = self._travel()
        try:
            await self._pause(travel, deadline)
        except asyncio.CancelledError:
            # It had left, and whoever waited for its answer is gone.
            if upset or self._card.rng.random() < 0.5:
                self._stray(started + travel)
            raise
        if upset and not upset.reaches and upset.kind != "slow":
            return await self._upset_answer(upset, deadline)
        await self._run(deadline)
        if upset and upset.kind == "answer":
            return await self._upset_answer(upset, deadline)
        if upset and upset.kind == "reset":
            raise httpx.ReadError("connection reset")
        if upset and upset.kind == "silent":
            await self._pause(FOREVER, deadline)
        await self._pass("answers", deadline, httpx.ReadTimeout)
        while self._head is None:
            await self._pause(FOREVER, deadline)
        status, headers = self._head
        return httpx.Response(status, headers=headers, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            deadline = self._deadline("read")
            while not self._chunks or self._chunks[0][0] > self._loop.time() or self._card.blocks("answers"):
                if self._error:
                    raise self._error
                if self._complete and not self._chunks:
                    return
                due = self._chunks[0][0] - self._loop.time() if self._chunks else FOREVER
                await self._pause(FOREVER if self._card.blocks("answers") else due, deadline)
            yield self._chunks.popleft()[1]

    async def aclose(self) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """The client is gone."""
        self._card.forget(self)
        if not self._gone.done():
            self._gone.set_result(None)

    def break_off(self, error: httpx.HTTPError) -> None:
        """The connection breaks, for both sides."""
        self._error = error
        self.hang_up()
        self.wake()

    def wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _deadline(self, name: str) -> float:
        seconds = self._timeout.get(name)
        return FOREVER if seconds is None else self._loop.time() + seconds

    async def _pause(
        self, seconds: float, deadline: float, late: type[httpx.TimeoutException] = httpx.ReadTimeout
    ) -> None:
        """Wait so long, or until woken; raise what broke the connection, or ``late`` at the deadline."""
        until = min(self._loop.time() + seconds, deadline)
        self._waiter = self._loop.create_future()
        timer = None if until == FOREVER else self._loop.call_at(until, self.wake)
        try:
            await self._waiter
        finally:
            if timer:
                timer.cancel()
            self._waiter = None
        if self._error:
            raise self._error
        if self._loop.time() >= deadline:
            raise late("")

    async def _pass(self, direction: Direction, deadline: float, late: type[httpx.TimeoutException]) -> None:
        while self._card.blocks(direction):
            await self._pause(FOREVER, deadline, late)

    async def _upset_answer(self, upset: Upset, deadline: float) -> httpx.Response:
        if upset.kind == "answer":
            await self._pause(self._card.delay(), deadline)
            self.hang_up()
            return httpx.Response(upset.status, headers=upset.headers, content=upset.body)
        if upset.kind == "silent":
            await self._pause(FOREVER, deadline)
        raise httpx.ReadError("connection reset")

    async def _run(self, deadline: float) -> None:
        """Let the app answer: a watch goes on beside us, all else is over when it is over."""
        if b"watch=1" in self._request.url.query:
            self._app = self._loop.create_task(self._streamed())
            while self._head is None:
                await self._pause(FOREVER, deadline)
            return
        await self._called()
        if self._error:
            raise self._error
        await self._pause(self._travel(), deadline)

    def _travel(self) -> float:
        upset = self._upset
        return self._card.delay() + (self._card.rng.uniform(upset.least, upset.seconds) if upset else 0.0)

    async def _streamed(self) -> None:
        await self._called()
        self.wake()

    async def _called(self) -> None:
        try:
            await self._card.peer.app(self._scope(), self._receive, self._send)
        except ConnectionResetError:
            self._reset()

    def _stray(self, moment: float) -> None:
        """A request that was given up arrives all the same."""

        async def arrive() -> None:
            await asyncio.sleep(moment - self._loop.time())
            self._gone = self._loop.create_future()
            await self._called()

        task = self._loop.create_task(arrive())
        self._card.stray.add(task)
        task.add_done_callback(self._card.stray.discard)

    def _reset(self) -> None:
        self.break_off(httpx.ReadError("connection reset"))

    def _cut(self) -> None:
        self.break_off(httpx.RemoteProtocolError("peer closed connection without sending complete message body"))

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._head = (message["status"], message["headers"])
            self.wake()
            return
        if body := message.get("body", b""):
            streams = self._app is not None
            # Chunks keep their order, whatever each one's latency is.
            self._last_at = max(self._last_at, self._loop.time() + (self._card.delay() if streams else 0.0))
            self._chunks.append((self._last_at, body))
        self._complete = not message.get("more_body", False)
        self.wake()

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "method": self._request.method,
            "path": url.path,
            "query_string": url.query,
            "headers": self._request.headers.raw,
            "extensions": {RESET: self._reset, HANG_UP: self._cut},
        }
