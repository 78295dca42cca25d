"""A WeCom group with its robots: an ASGI app for ``POST /cgi-bin/webhook/send?key=KEY``.

Owns keys, the pace of each key, and a record of all that came. What makes a message valid: wecom_rules.py.
Source: https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from kube_wecom_eventer.demo.faults import Action, Answer, Faults
from kube_wecom_eventer.demo.wecom_rules import (
    METHOD_NOT_POST,
    OK,
    TOO_FAST,
    UNKNOWN_KEY,
    Refused,
    check,
)

PATH = "/cgi-bin/webhook/send"
# The documentation says 20 a minute for a robot. That the window slides is our assumption, the stricter one.
PACE_LIMIT = 20
PACE_WINDOW = timedelta(seconds=60)
PACE_BLOCK = timedelta(seconds=60)  # how long a key that was too fast stays refused
RECORD_LIMIT = 50_000  # requests kept; the oldest are forgotten first

CAPTIVE_PORTAL = Answer(status=200, body=b"<html><body>Please log in</body></html>", content_type="text/html")

_MENTION = re.compile(r"<@([^<>\s]+)>")


@dataclass(frozen=True, kw_only=True)
class ErrCode(Action):
    """A planned fault: refuse with this errcode, in an HTTP 200."""

    errcode: int
    errmsg: str = "planned"

    async def play(self, exchange: Exchange) -> None:
        """Send the answer."""
        await _answer(exchange, self.errcode, self.errmsg)


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request to a robot.

    ``body`` is the decoded JSON, None where it is none. ``errcode`` is what was answered, None where the
    answer had none (an HTTP error, a page of HTML, silence); ``errmsg`` then names what happened.
    ``accepted``: the group shows the message.
    """

    at: datetime
    key: str
    body: Any
    errcode: int | None
    errmsg: str
    accepted: bool

    @property
    def kind(self) -> str:
        """The msgtype, empty where there is none."""
        return str(self.body.get("msgtype", "")) if isinstance(self.body, dict) else ""

    @property
    def content(self) -> str:
        """The text of a text or markdown message; else empty."""
        payload = self.body.get(self.kind) if isinstance(self.body, dict) else None
        return str(payload.get("content", "")) if isinstance(payload, dict) else ""

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


class WeComGroup:
    """The app. ``keys``: those of its robots.

    ``requests`` holds all that came, oldest first; ``messages`` those that were accepted, which is what a
    member of the group has on the screen.
    """

    def __init__(self, *, keys: Collection[str], clock: Callable[[], datetime]) -> None:
        self.faults = Faults()
        self.requests: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self.messages: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self._keys = set(keys)
        self._clock = clock
        self._accepted_at: dict[str, deque[datetime]] = {}
        self._blocked_until: dict[str, datetime] = {}
        self._untold: deque[Received] = deque(maxlen=RECORD_LIMIT)
        self._arrived = asyncio.Event()
        self._on_request: Callable[[Received], None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; all that WeCom itself refuses gets HTTP 200 too."""
        try:
            exchange = await read_exchange(scope, receive, send)
        except ClientGone:
            return None
        except BodyTooLarge as error:
            return await error.exchange.respond(413, b"", content_type="text/html")
        if exchange.request.path != PATH:
            return await exchange.respond(404, b"", content_type="text/html")
        return await self._receive(exchange)

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""

    @property
    def refused(self) -> list[Received]:
        """The requests that were not accepted, oldest first."""
        return [each for each in self.requests if not each.accepted]

    def remove_robot(self, key: str) -> None:
        """Remove a robot from the group: its key gets 93000 from here on."""
        self._keys.discard(key)

    def add_robot(self, key: str) -> None:
        """Add a robot to the group."""
        self._keys.add(key)

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

    async def _receive(self, exchange: Exchange) -> None:
        request = exchange.request
        key = request.query.get("key", "")
        body = _decoded(request.body)
        fault = self.faults.take(request)
        if fault is not None and not fault.accepts:
            errcode = fault.errcode if isinstance(fault, ErrCode) else None
            self._record(key, body, errcode=errcode, errmsg=fault.name, accepted=False)
            return await fault.play(exchange)
        try:
            self._judge(request, key, body)
        except Refused as refusal:
            self._record(key, body, errcode=refusal.errcode, errmsg=refusal.errmsg, accepted=False)
            return await _answer(exchange, refusal.errcode, refusal.errmsg)
        if fault is not None:
            self._record(key, body, errcode=None, errmsg=fault.name, accepted=True)
            return await fault.play(exchange)
        self._record(key, body, errcode=OK, errmsg="ok", accepted=True)
        return await _answer(exchange, OK, "ok")

    def _judge(self, request: Request, key: str, body: Any) -> None:
        """Raise Refused unless the robot posts this message now."""
        if request.method != "POST":
            raise Refused(METHOD_NOT_POST, "require POST method")
        if key not in self._keys:
            raise Refused(UNKNOWN_KEY, "invalid webhook url")
        self._keep_pace(key)
        check(body)
        self._accepted_at.setdefault(key, deque(maxlen=PACE_LIMIT)).append(self._clock())

    def _keep_pace(self, key: str) -> None:
        now = self._clock()
        # Asking again while blocked does not make the block longer.
        blocked = now < self._blocked_until.get(key, now)
        accepted = self._accepted_at.get(key)
        if not blocked and accepted and len(accepted) == PACE_LIMIT and now - accepted[0] < PACE_WINDOW:
            self._blocked_until[key] = now + PACE_BLOCK
            blocked = True
        if blocked:
            raise Refused(TOO_FAST, "api freq out of limit")

    def _record(self, key: str, body: Any, *, errcode: int | None, errmsg: str, accepted: bool) -> None:
        received = Received(at=self._clock(), key=key, body=body, errcode=errcode, errmsg=errmsg, accepted=accepted)
        self.requests.append(received)
        if accepted:
            self.messages.append(received)
            self._untold.append(received)
        self._arrived.set()
        if self._on_request is not None:
            self._on_request(received)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def _answer(exchange: Exchange, errcode: int, errmsg: str) -> None:
    body = msgspec.json.encode({"errcode": errcode, "errmsg": errmsg})
    await exchange.respond(200, body, content_type="application/json; charset=UTF-8")
