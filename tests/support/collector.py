"""A webhook of one's own beside a WeCom group, on one address: what came, when, and from which replica."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kube_wecom_eventer.demo.asgi import ClientGone, Receive, Scope, Send, read_exchange
from kube_wecom_eventer.demo.wecom import PATH, WeComGroup
from tests.support.event_writer import Version, count_of

REPLICA = "X-Replica"
"""The header in which a daemon says who it is."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    """One request to the webhook or to the group; times are seconds on the loop's clock."""

    replica: str
    began: float
    ended: float
    path: str
    facts: dict[str, Any]

    @property
    def version(self) -> Version:
        """The version of an `EventWriter`'s event that the webhook was told."""
        return self.facts["EventObject"], count_of(datetime.fromisoformat(self.facts["EventTime"]))


class Collector:
    """The app. What comes for WeCom's path goes to ``wecom``; anything else is taken after ``pause`` seconds."""

    def __init__(self, *, wecom: WeComGroup, pause: float = 0.0) -> None:
        self.wecom = wecom
        self.requests: list[Collected] = []
        self._pause = pause

    @property
    def told(self) -> list[Collected]:
        """What the webhook was told, in the order of the answers."""
        return [each for each in self.requests if each.path != PATH]

    def versions(self) -> Counter[Version]:
        """Return how often the webhook was told each version."""
        return Counter(each.version for each in self.told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = asyncio.get_running_loop().time()
        headers = {name.lower(): value.decode() for name, value in scope["headers"]}
        replica, path = headers.get(REPLICA.lower().encode(), ""), scope["path"]
        facts: dict[str, Any] = {}
        if path == PATH:
            await self.wecom(scope, receive, send)
        else:
            try:
                exchange = await read_exchange(scope, receive, send)
            except ClientGone:
                return
            facts = json.loads(exchange.request.body)
            await asyncio.sleep(self._pause)
            await exchange.respond(200, b"{}")
        ended = asyncio.get_running_loop().time()
        self.requests.append(Collected(replica=replica, began=began, ended=ended, path=path, facts=facts))

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""


def collector(*, key: str, pause: float = 0.0) -> Collector:
    """Return a collector with a WeCom group that has one robot."""
    return Collector(wecom=WeComGroup(keys=[key], clock=lambda: datetime.now(UTC)), pause=pause)
