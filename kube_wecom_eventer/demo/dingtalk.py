"""A DingTalk group with its robots: an ASGI app for ``POST /robot/send?access_token=TOKEN``.

Owns tokens, what secures each robot, the pace, and the shapes of messages.
Source: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kube_wecom_eventer.demo.asgi import Exchange, Request
from kube_wecom_eventer.demo.chat import Chat, Received, Taken
from kube_wecom_eventer.demo.pace import RobotPace
from kube_wecom_eventer.demo.wecom_rules import Refused

PATH = "/robot/send"
PACE_LIMIT = 20
PACE_BLOCK = timedelta(minutes=10)
BODY_LIMIT = 20_000  # bytes
SIGNED_FOR = timedelta(hours=1)

UNKNOWN_TOKEN = 300001
INSECURE = 310000
TOO_FAST = 410100
TOO_LONG = 460101
BAD_MESSAGE_TYPE = 400105
MISSING = 40035
BAD_CONTENT_TYPE = 43004

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "actionCard": ("title", "text"),
    "feedCard": ("links",),
}


@dataclass(frozen=True, kw_only=True)
class Robot:
    """What secures a robot: a ``secret`` that signs its requests, or ``keywords``, one of which a message must have."""

    secret: str = ""
    keywords: tuple[str, ...] = ()


class DingTalkReceived(Received):
    """A request to a robot of DingTalk."""

    @property
    def mentions(self) -> tuple[str, ...]:
        """Whom the message pings: only who is in ``at`` is, and in a markdown only who is in its text, too."""
        at = self.body.get("at") if isinstance(self.body, dict) else None
        if not isinstance(at, dict):
            return ()
        named = [str(each) for name in ("atMobiles", "atUserIds") for each in at.get(name) or ()]
        if self.kind == "markdown":
            named = [each for each in named if f"@{each}" in self.content]
        return ("@all", *named) if at.get("isAtAll") is True else tuple(named)


class DingTalkGroup(Chat):
    """The app. ``robots`` by their tokens."""

    received = DingTalkReceived

    def __init__(self, *, robots: Mapping[str, Robot], clock: Callable[[], datetime]) -> None:
        super().__init__(clock=clock)
        self._robots = dict(robots)
        self._pace = RobotPace(limit=PACE_LIMIT, block=PACE_BLOCK)

    def remove_robot(self, token: str) -> None:
        """Remove a robot from the group."""
        self._robots.pop(token, None)

    def add_robot(self, token: str, robot: Robot) -> None:
        """Add a robot to the group, or change what secures it."""
        self._robots[token] = robot

    async def serve(self, exchange: Exchange) -> None:
        """Take a robot's message."""
        if exchange.request.path != PATH or exchange.request.method != "POST":
            return await exchange.respond(404, b"", content_type="text/html")
        return await self.take(exchange, key=exchange.request.query.get("access_token", ""), judge=self._judge)

    def _judge(self, request: Request, body: Any) -> Taken:
        """Raise Refused unless the robot posts this message now."""
        token = request.query.get("access_token", "")
        if (robot := self._robots.get(token)) is None:
            raise Refused(UNKNOWN_TOKEN, "token is not exist")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused(BAD_CONTENT_TYPE, "content-type error")
        now = self._clock()
        if not self._pace.allows(token, now):
            raise Refused(TOO_FAST, "send too fast, exceed 20 times per minute")
        _check(body, len(request.body))
        if robot.secret:
            _check_signature(request.query, robot.secret, now)
        if robot.keywords and not any(keyword in request.body.decode() for keyword in robot.keywords):
            raise Refused(INSECURE, "keywords not in content")
        self._pace.count(token, now)
        return Taken()


def _check(body: Any, size: int) -> None:
    if not isinstance(body, dict):
        raise Refused(MISSING, "缺少参数 json")
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Refused(BAD_MESSAGE_TYPE, "不支持的消息类型")
    payload = body.get(kind)
    if not isinstance(payload, dict) or not all(payload.get(field) for field in _FIELDS[kind]):
        raise Refused(MISSING, f"缺少参数 {kind}")
    at = body.get("at", {})
    if not isinstance(at, dict):
        raise Refused(MISSING, "at is no object")
    if size > BODY_LIMIT:
        raise Refused(TOO_LONG, "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;")


def _check_signature(query: Mapping[str, str], secret: str, now: datetime) -> None:
    timestamp, sign = query.get("timestamp", ""), query.get("sign", "")
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    if not timestamp.isdigit() or sign != base64.b64encode(digest).decode():
        raise Refused(INSECURE, "sign not match")
    if abs(now.timestamp() - int(timestamp) / 1000) > SIGNED_FOR.total_seconds():
        raise Refused(INSECURE, "invalid timestamp")
