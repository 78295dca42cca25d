"""A WeCom group on loopback, and the daemon between it and an API server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.asgi import Request
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.store import Key, ObjectStore
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
    _told: list[str] = field(default_factory=list)

    def sink(self, options: str = "", *, key: str = KEY) -> str:
        """Return a --sink for a robot of the group; the tests' events are all alike, so repeats are not held back."""
        repeats = "" if "repeat_interval" in options else "&repeat_interval=0"
        return f"--sink=webhook:{self.url}/cgi-bin/webhook/send?key={key}{'&' if options else ''}{options}{repeats}"

    async def message(self) -> Received:
        """Return the next message that the group shows."""
        return await self.wecom.next_message(timeout=PATIENCE)

    async def told(self) -> str:
        """Return the reason of the next event that the group is told: of a message, or of a digest's line."""
        while not self._told:
            first, *lines = (await self.message()).content.split("\n")
            for line in [each for each in lines if each.startswith("• ")] if "组事件" in first else [first]:
                count = re.search(r" ×(\d+)", line)
                self._told.extend([line.split()[1]] * (int(count[1]) if count else 1))
        return self._told.pop(0)


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

    @property
    def checkpoint(self) -> str:
        """Where the daemon keeps its checkpoint: a ConfigMap of the server's namespace."""
        return f"--checkpoint=configmap:{self.server.namespace}/position"

    async def checkpoint_says(self, *, waiting: int, timeout: float = PATIENCE) -> None:
        """Wait until the checkpoint says so, of all events that there are now."""
        client, server = self.server.client, self.server
        events = (await client.get(server.events)).json()["items"]
        newest = max(int(each["metadata"]["resourceVersion"]) for each in events)

        async def says() -> bool:
            answer = await client.get(f"{server.config_maps}/position")
            if answer.status_code != 200:
                return False
            written = json.loads(answer.json()["data"]["checkpoint.json"])
            counts = [int(route["count"]) for route in written["routes"].values()]
            return int(written["streams"][""]["seen"]) >= newest and sum(counts) == waiting

        async with asyncio.timeout(timeout):
            while not await says():  # noqa: ASYNC110 nobody tells when it is written
                await asyncio.sleep(0.05)


@pytest.fixture
def pipeline(server: Server, group: Group) -> Pipeline:
    """The whole way, on each of the two API servers."""
    return Pipeline(server=server, group=group)


async def until(condition: Callable[[], bool], *, timeout: float = PATIENCE) -> None:
    """Return when ``condition`` holds, asked again and again; TimeoutError after ``timeout`` seconds."""
    async with asyncio.timeout(timeout):
        # The demo's servers have no asyncio.Event for everything that a test waits for.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo's API server, within reach of a test that breaks it, and a WeCom group; no HTTP in between."""

    api: ApiServer
    url: str
    group: Group

    def daemon(self, *args: str, **options: Any) -> AbstractAsyncContextManager[DaemonProcess]:
        """Start the daemon, by default with one sink that takes each Warning."""
        sinks = [] if any(arg.startswith("--sink") for arg in args) else [self.group.sink()]
        return running_daemon(f"--source=kubernetes:{self.url}?inClusterConfig=false", *sinks, *args, **options)

    def event(self, reason: str, **fields: Any) -> None:
        """Write an event of that reason, which names it, too."""
        involved = {"kind": "Pod", "namespace": "default", "name": "api-7d4b9"}
        metadata = {"namespace": "default", "name": reason.lower()}
        defaults = {"message": "Back-off", "type": "Warning", "involvedObject": involved, "metadata": metadata}
        self.api.create_event({**defaults, "reason": reason, **fields})

    def config_map(self, name: str, content: str) -> None:
        """Write a ConfigMap."""
        key = Key("configmaps", "default", name)
        metadata = {"name": name, "namespace": "default"}
        body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"content": content}}
        if self.api.store.find(key) is None:
            self.api.store.create(key, body)
        else:
            self.api.store.update(key, body)

    async def watched(self, *resources: str) -> None:
        """Wait until a watch of each resource is open; by default of events."""
        for resource in resources or ("events",):
            await until(lambda resource=resource: self.api.open_watches(resource) > 0)  # type: ignore[misc]

    async def told(self) -> str:
        """Return the reason of the next event that the group is told."""
        return await self.group.told()

    async def nothing_else_is_told(self) -> None:
        """A last event arrives next: whatever had come twice, or late, would stand before it."""
        self.event("Last")
        assert await self.told() == "Last"


@pytest.fixture
async def demo(group: Group) -> AsyncIterator[Demo]:
    """The demo's API server and a WeCom group."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    api = ApiServer(store=store, random=Random(2))
    async with serve(api) as url:
        yield Demo(api=api, url=url, group=group)


def lists_of(resource: str) -> Callable[[Request], bool]:
    """Requests for a list of the resource."""
    return lambda request: request.path.endswith(f"/{resource}") and "watch" not in request.query


def watches_of(resource: str) -> Callable[[Request], bool]:
    """Requests for a watch of the resource."""
    return lambda request: request.path.endswith(f"/{resource}") and "watch" in request.query
