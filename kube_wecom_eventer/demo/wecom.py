"""A WeCom group with its robots: an ASGI app for ``POST /cgi-bin/webhook/send?key=KEY``.

Owns keys and the pace of each key. What makes a message valid: wecom_rules.py.
Source: https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from kube_wecom_eventer.demo.asgi import Exchange, Request
from kube_wecom_eventer.demo.chat import Chat, ErrCode, Received, Taken
from kube_wecom_eventer.demo.faults import Answer
from kube_wecom_eventer.demo.pace import RobotPace
from kube_wecom_eventer.demo.wecom_rules import METHOD_NOT_POST, TOO_FAST, UNKNOWN_KEY, Refused, check

__all__ = ["CAPTIVE_PORTAL", "PATH", "ErrCode", "Received", "WeComGroup"]

PATH = "/cgi-bin/webhook/send"
# The documentation says 20 a minute for a robot. That the window slides is our assumption, the stricter one.
PACE_LIMIT = 20
PACE_BLOCK = timedelta(seconds=60)  # how long a key that was too fast stays refused

CAPTIVE_PORTAL = Answer(status=200, body=b"<html><body>Please log in</body></html>", content_type="text/html")


class WeComGroup(Chat):
    """The app. ``keys``: those of its robots."""

    def __init__(self, *, keys: Collection[str], clock: Callable[[], datetime]) -> None:
        super().__init__(clock=clock)
        self._keys = set(keys)
        self._pace = RobotPace(limit=PACE_LIMIT, block=PACE_BLOCK)

    def remove_robot(self, key: str) -> None:
        """Remove a robot from the group: its key gets 93000 from here on."""
        self._keys.discard(key)

    def add_robot(self, key: str) -> None:
        """Add a robot to the group."""
        self._keys.add(key)

    async def serve(self, exchange: Exchange) -> None:
        """Take a robot's message."""
        if exchange.request.path != PATH:
            return await exchange.respond(404, b"", content_type="text/html")
        return await self.take(exchange, key=exchange.request.query.get("key", ""), judge=self._judge)

    def _judge(self, request: Request, body: Any) -> Taken:
        """Raise Refused unless the robot posts this message now."""
        key = request.query.get("key", "")
        if request.method != "POST":
            raise Refused(METHOD_NOT_POST, "require POST method")
        if key not in self._keys:
            raise Refused(UNKNOWN_KEY, "invalid webhook url")
        now = self._clock()
        if not self._pace.allows(key, now):
            raise Refused(TOO_FAST, "api freq out of limit")
        check(body)
        self._pace.count(key, now)
        return Taken()
