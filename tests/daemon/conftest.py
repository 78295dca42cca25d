"""A WeCom group on loopback, and the daemon between it and an API server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import Received, WeComGroup
from tests.support.api_servers import Server
from tests.support.daemon import PATIENCE, DaemonProcess, running_daemon

KEY = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"

SEED_TEMPLATE = (
    r'{"msgtype": "text","text": {"content": "Cluster:name\nEventType:{{ .Type }}\nEventNamespace:'
    r"{{ .InvolvedObject.Namespace }}\nEventKind:{{ .InvolvedObject.Kind }}\nEventObject:{{ .InvolvedObject.Name }}\n"
    r'EventReason:{{ .Reason }}\nEventTime:{{ .LastTimestamp }}\nEventMessage:{{ .Message }}","mentioned_list":'
    r'["wangqing","@all"]}}'
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The WeCom group and the address of its robot."""

    wecom: WeComGroup
    url: str

    def sink(self, options: str = "") -> str:
        """Return a --sink for the group's robot."""
        return f"--sink=webhook:{self.url}/cgi-bin/webhook/send?key={KEY}{'&' if options else ''}{options}"

    async def message(self) -> Received:
        """Return the next message that the group shows."""
        return await self.wecom.next_message(timeout=PATIENCE)


@pytest.fixture
async def group() -> AsyncIterator[Group]:
    """A WeCom group with one robot."""
    wecom = WeComGroup(keys=[KEY], clock=lambda: datetime.now(UTC))
    async with serve(wecom) as url:
        yield Group(wecom=wecom, url=url)


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """An API server, a WeCom group, and the means to start the daemon between them."""

    server: Server
    group: Group

    def daemon(self, *args: str) -> AbstractAsyncContextManager[DaemonProcess]:
        """Start the daemon on this API server."""
        return running_daemon(f"--source={self.server.source}", *args, environ=self.server.environ)

    async def config_map(self, name: str, **data: str) -> None:
        """Create a ConfigMap, or replace its data."""
        path = f"{self.server.config_maps}/{name}"
        body = {"metadata": {"name": name}, "data": data}
        answer = await self.server.client.post(self.server.config_maps, json=body)
        if answer.status_code == 409:
            answer = await self.server.client.put(path, json=body)
        assert answer.is_success, answer.text

    async def event(self, name: str, **fields: Any) -> None:
        """Create an event in the server's namespace."""
        await self.server.create(self.server.events, self.server.event(name, **fields))


@pytest.fixture
def pipeline(server: Server, group: Group) -> Pipeline:
    """The whole way, on each of the two API servers."""
    return Pipeline(server=server, group=group)
