"""The demo's page: an ASGI app with the page's files, a stream of what happens, and the buttons.

Owns paths, headers, and who may ask. What is shown comes from feed.py, what a button does from actions.py, the
page itself is in page/. Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.resources import files

import msgspec

from kube_wecom_eventer.demo.actions import Actions, NotNow
from kube_wecom_eventer.demo.asgi import (
    BodyTooLarge,
    ClientGone,
    Exchange,
    Receive,
    Request,
    Scope,
    Send,
    read_exchange,
)
from kube_wecom_eventer.demo.feed import Feed

TOGETHER = 0.05  # seconds: what happens within them is one update
HEARTBEAT = 10.0  # seconds after which an update is sent in any case, so that a vanished browser is noticed
MOST_STREAMS = 20  # pages at a time

HEADERS = {
    # Our own files and nothing else; no script can be made of text.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGES = {"/": "index.html", "/gallery": "gallery.html"}
_LOOPBACK = ("127.0.0.1", "localhost")

_encode = msgspec.json.encode


def page_files() -> Mapping[str, tuple[str, bytes]]:
    """The page's files by their paths: content type and content."""
    found = {}
    for each in files("kube_wecom_eventer.demo").joinpath("page").iterdir():
        kind = _TYPES.get("." + each.name.rpartition(".")[2])
        if kind:
            found["/" + each.name] = (kind, each.read_bytes())
    return {**found, **{path: found["/" + name] for path, name in _PAGES.items()}}


class Watchers:
    """The pages that are open: how many, and since when there has been none."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: seconds, monotonic."""
        self._clock = clock
        self._open = 0
        self._last_seen: float | None = None

    @property
    def count(self) -> int:
        """How many are open now."""
        return self._open

    def came(self) -> None:
        """Another one is open."""
        self._open += 1

    def went(self) -> None:
        """One of them was closed."""
        self._open -= 1
        self._last_seen = self._clock()

    def absent_for(self) -> float:
        """Seconds since the last one was closed: 0 while one is open, endless where there was none."""
        if self._open:
            return 0.0
        return float("inf") if self._last_seen is None else self._clock() - self._last_seen


class Page:
    """The app. ``gallery`` makes the JSON of the gallery, when it is first asked for."""

    def __init__(self, *, feed: Feed, actions: Actions, watchers: Watchers, gallery: Callable[[], bytes]) -> None:
        self._feed = feed
        self._actions = actions
        self._watchers = watchers
        self._gallery = gallery
        self._files = page_files()
        self._streams: set[asyncio.Event] = set()
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            exchange = await read_exchange(scope, receive, send)
        except ClientGone:
            return None
        except BodyTooLarge as error:
            return await _refuse(error.exchange, 413, "the request is too large")
        if not _is_ours(exchange.request):
            return await _refuse(exchange, 403, "only for pages of 127.0.0.1 and localhost")
        if exchange.request.method == "POST":
            return await self._press(exchange)
        if exchange.request.method not in ("GET", "HEAD"):
            return await _refuse(exchange, 405, "GET, or POST to /actions/NAME")
        return await self._show(exchange)

    def shut_down(self) -> None:
        """End all streams, once they have sent what there is."""
        self._ended = True
        for wake in self._streams:
            wake.set()

    async def _show(self, exchange: Exchange) -> None:
        path = exchange.request.path
        if path == "/stream" and exchange.request.method == "GET":
            return await self._stream(exchange)
        if path == "/gallery.json":
            return await _respond(exchange, 200, "application/json", self._gallery())
        if path in self._files:
            return await _respond(exchange, 200, *self._files[path])
        return await _refuse(exchange, 404, "there are /, /gallery, /gallery.json and /stream")

    async def _press(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.headers.get("origin", "") != f"http://{request.headers['host']}".lower():
            return await _refuse(exchange, 403, "only this page's own buttons may do that")
        _, _, name = request.path.partition("/actions/")
        try:
            self._actions.press(name)
        except KeyError:
            return await _refuse(exchange, 404, f"there are {', '.join(self._actions.states)}")
        except NotNow:
            return await _refuse(exchange, 409, "not now: it is under way, or the demo is not ready")
        return await _respond(exchange, 202, "application/json", b"{}")

    async def _stream(self, exchange: Exchange) -> None:
        if len(self._streams) >= MOST_STREAMS:
            return await _refuse(exchange, 503, "too many pages are open")
        wake = asyncio.Event()
        gone = asyncio.create_task(_when_gone(exchange, wake))
        unsubscribe = self._feed.subscribe(wake.set)
        self._streams.add(wake)
        self._watchers.came()
        try:
            await exchange.start(200, content_type="text/event-stream; charset=utf-8", headers=HEADERS)
            await self._send_news(exchange, wake, gone)
        finally:
            self._watchers.went()
            self._streams.discard(wake)
            unsubscribe()
            gone.cancel()

    async def _send_news(self, exchange: Exchange, wake: asyncio.Event, gone: asyncio.Task[None]) -> None:
        """Send until the demo ends or the browser has gone. A slow browser is waited for, nothing piles up."""
        position: dict[str, int] | None = None
        while not gone.done():
            wake.clear()
            kind = "snapshot" if position is None else "update"
            ended = self._ended
            news, position = self._feed.news(position)
            await exchange.write(b"event: %s\ndata: %s\n\n" % (kind.encode(), _encode(news)))
            if ended:
                return await exchange.finish()
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(TOGETHER)
        return None


async def _when_gone(exchange: Exchange, wake: asyncio.Event) -> None:
    await exchange.disconnected()
    wake.set()


def _is_ours(request: Request) -> bool:
    """Whether the browser was told the address of loopback, not a name that somebody points there."""
    return request.headers.get("host", "").partition(":")[0].lower() in _LOOPBACK


async def _respond(exchange: Exchange, status: int, content_type: str, body: bytes) -> None:
    body = b"" if exchange.request.method == "HEAD" else body
    await exchange.respond(status, body, content_type=content_type, headers=HEADERS)


async def _refuse(exchange: Exchange, status: int, why: str) -> None:
    await _respond(exchange, status, "text/plain; charset=utf-8", why.encode() + b"\n")
