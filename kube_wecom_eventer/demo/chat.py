"""What the demo's chats have in common: planned faults, a record of all that came, and waiting for it.

Knows no API: what a request means, and what is answered, is the business of the chat itself.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

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
from kube_wecom_eventer.demo.faults import Action, Faults
from kube_wecom_eventer.demo.wecom_rules import OK, Refused

RECORD_LIMIT = 50_000  # requests kept; the oldest are forgotten first

_MENTION = re.compile(r"<@([^<>\s]+)>")


@dataclass(frozen=True, kw_only=True)
class ErrCode(Action):
    """A planned fault: refuse with this errcode, in an HTTP 200."""

    errcode: int
    errmsg: str = "planned"

    async def play(self, exchange: Exchange) -> None:
        """Send the answer."""
        await answer(exchange, {"errcode": self.errcode, "errmsg": self.errmsg})


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request to a robot or an application, whose name is ``key``.

    ``body`` is the decoded JSON, None where it is none. ``errcode`` is what was answered, None where the
    answer had none (an HTTP error, a page of HTML, silence); ``errmsg`` then names what happened.
    ``accepted``: the chat shows the message, or has shown it when the same request came before; then ``shown``
    is False.
    """

    at: datetime
    key: str
    body: Any
    errcode: int | None
    errmsg: str
    accepted: bool
    shown: bool = True

    @property
    def kind(self) -> str:
        """The msgtype, empty where there is none."""
        return str(self.body.get("msgtype", "")) if isinstance(self.body, dict) else ""

    @property
    def content(self) -> str:
        """The text of a message that has one; else empty."""
        payload = self.body.get(self.kind) if isinstance(self.body, dict) else None
        if not isinstance(payload, dict):
            return ""
        return next((str(payload[name]) for name in ("content", "text", "description") if name in payload), "")

    @property
    def mentions(self) -> tuple[str, ...]:
        """Whom the message pings: userids, telephone numbers, ``@all``. Only text and markdown can.

        ``<@all>`` pings everybody in a text message only.
        """
        if self.kind not in ("text", "markdown"):
            return ()
        named = _MENTION.findall(self.content)
        if self.kind == "markdown":
            return tuple(dict.fromkeys(name for name in named if name != "all"))
        payload = self.body["text"]
        listed = [*payload.get("mentioned_list", []), *payload.get("mentioned_mobile_list", [])]
        named = ["@all" if name == "all" else name for name in named]
        return tuple(dict.fromkeys([*named, *listed]))


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What becomes of a message that is not refused. ``shown``: False for one that was there before."""

    shown: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)


class Chat:
    """An ASGI app. ``requests`` holds all messages that came, oldest first; ``messages`` those that were accepted and
    shown, which is what people have on their screens."""

    received: type[Received] = Received

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self.faults = Faults()
        self.requests: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self.messages: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self._clock = clock
        self._untold: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self._arrived = asyncio.Event()
        self._on_request: Callable[[Received], None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; all that the chat itself refuses gets HTTP 200 too."""
        try:
            exchange = await read_exchange(scope, receive, send)
        except ClientGone:
            return None
        except BodyTooLarge as error:
            return await error.exchange.respond(413, b"", content_type="text/html")
        return await self.serve(exchange)

    async def serve(self, exchange: Exchange) -> None:
        """Answer a request that was read."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""

    @property
    def refused(self) -> list[Received]:
        """The requests that were not accepted, oldest first."""
        return [each for each in self.requests if not each.accepted]

    def on_request(self, callback: Callable[[Received], None]) -> None:
        """Call ``callback`` with each request, accepted or not, the moment it is judged."""
        self._on_request = callback

    async def next_message(self, *, timeout: float = 5.0) -> Received:
        """The next accepted message that no call has returned yet; TimeoutError after ``timeout`` seconds."""
        await self.wait_until(lambda: bool(self._untold), timeout=timeout)
        return self._untold.popleft()

    async def wait_until(self, condition: Callable[[], bool], *, timeout: float = 5.0) -> None:
        """Return when ``condition`` holds, asked after each request; TimeoutError after ``timeout`` s."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    async def take(self, exchange: Exchange, *, key: str, judge: Callable[[Request, Any], Taken]) -> None:
        """Answer a request with a message. ``judge`` raises Refused unless it is taken now."""
        request = exchange.request
        body = decoded(request.body)
        fault = self.faults.take(request)
        if fault is not None and not fault.accepts:
            errcode = fault.errcode if isinstance(fault, ErrCode) else None
            self._record(key, body, errcode=errcode, errmsg=fault.name, accepted=False)
            return await fault.play(exchange)
        try:
            taken = judge(request, body)
        except Refused as refusal:
            self._record(key, body, errcode=refusal.errcode, errmsg=refusal.errmsg, accepted=False)
            return await answer(exchange, {"errcode": refusal.errcode, "errmsg": refusal.errmsg, **refusal.extra})
        if fault is not None:
            self._record(key, body, errcode=None, errmsg=fault.name, accepted=True, shown=taken.shown)
            return await fault.play(exchange)
        self._record(key, body, errcode=OK, errmsg="ok", accepted=True, shown=taken.shown)
        return await answer(exchange, {"errcode": OK, "errmsg": "ok", **taken.extra})

    def _record(
        self, key: str, body: Any, *, errcode: int | None, errmsg: str, accepted: bool, shown: bool = True
    ) -> None:
        received = self.received(
            at=self._clock(), key=key, body=body, errcode=errcode, errmsg=errmsg, accepted=accepted, shown=shown
        )
        self.requests.append(received)
        if accepted and shown:
            self.messages.append(received)
            self._untold.append(received)
        self._arrived.set()
        if self._on_request is not None:
            self._on_request(received)


def decoded(body: bytes) -> Any:
    """Return decoded JSON; None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def answer(exchange: Exchange, document: Mapping[str, Any]) -> None:
    """Answer with JSON, in an HTTP 200."""
    body = msgspec.json.encode(document)
    await exchange.respond(200, body, content_type="application/json; charset=UTF-8")
