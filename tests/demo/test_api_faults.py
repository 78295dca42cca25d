"""The faults that a test can ask of the demo's API server, and the end of its watches."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.faults import Answer, Hang, Reset, path_contains
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.store import ObjectStore

EVENTS = "/api/v1/namespaces/default/events"


@dataclass(frozen=True)
class Demo:
    """A running demo API server and a client."""

    app: ApiServer
    client: httpx.AsyncClient
    url: str

    async def create(self, name: str) -> dict[str, Any]:
        """Create an event."""
        body = {"metadata": {"name": name}, "involvedObject": {"kind": "Node", "name": "n"}, "reason": "R"}
        answer = await self.client.post(EVENTS, json=body)
        assert answer.status_code == 201
        created: dict[str, Any] = answer.json()
        return created

    @contextlib.asynccontextmanager
    async def watch(self, version: int) -> AsyncIterator[httpx.Response]:
        """Open a watch."""
        query = {"watch": 1, "resourceVersion": version}
        async with self.client.stream("GET", EVENTS, params=query, timeout=5) as response:
            yield response


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    """An empty demo API server."""
    app = ApiServer(store=ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1)), random=Random(2))
    async with serve(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield Demo(app, client, url)


async def test_a_line_leaves_within_moments(demo: Demo) -> None:
    """From the start of a create to the line in the client's hands: a few milliseconds."""
    delays = []
    async with demo.watch(demo.app.store.revision) as response:
        lines = response.aiter_lines()
        for number in range(50):
            started = time.perf_counter()
            await demo.create(f"e{number}")
            await anext(lines)
            delays.append(time.perf_counter() - started)

    assert median(delays) < 0.025  # 2 ms on an idle machine


async def test_watches_end_cleanly_when_asked(demo: Demo) -> None:
    """close_watches ends every open watch without an error, and none is left over."""
    async with demo.watch(demo.app.store.revision) as response:
        demo.app.close_watches()
        assert [line async for line in response.aiter_lines()] == []

    assert demo.app.open_watches() == 0


async def test_a_client_that_goes_takes_its_watch_with_it(demo: Demo) -> None:
    """The server forgets a watch when its client disconnects."""
    async with demo.watch(demo.app.store.revision):
        assert demo.app.open_watches() == 1

    async with asyncio.timeout(2):
        while demo.app.open_watches():  # noqa: ASYNC110 (the server has no event for it, and needs none)
            await asyncio.sleep(0.01)


async def test_a_stopped_server_ends_its_watches() -> None:
    """The end of the server is the clean end of a watch, and comes at once."""
    app = ApiServer(store=ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1)), random=Random(2))
    async with contextlib.AsyncExitStack() as clients:
        async with serve(app) as url:
            client = await clients.enter_async_context(httpx.AsyncClient(trust_env=False))
            stream = client.stream("GET", f"{url}{EVENTS}", params={"watch": 1, "resourceVersion": 1000})
            response = await clients.enter_async_context(stream)
            started = time.perf_counter()
        assert time.perf_counter() - started < 1.0
        assert [line async for line in response.aiter_lines()] == []


async def test_a_restarted_server_has_the_same_port_and_data() -> None:
    """A second server on the same store and port goes on where the first one ended."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    async with (
        serve(ApiServer(store=store, random=Random(2))) as url,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        body = {"metadata": {"name": "kept"}, "involvedObject": {"kind": "Node", "name": "n"}}
        await client.post(f"{url}{EVENTS}", json=body)

    async with (
        serve(ApiServer(store=store, random=Random(3)), port=httpx.URL(url).port or 0) as again,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        assert again == url
        assert (await client.get(f"{url}{EVENTS}/kept")).status_code == 200


async def test_a_cut_line_ends_in_the_middle(demo: Demo) -> None:
    """Half a line arrives, then the connection is gone without a proper end."""
    async with demo.watch(demo.app.store.revision) as response:
        demo.app.cut_watches()
        await demo.create("one")
        received = b""
        with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 (what came before the error matters)
            async for chunk in response.aiter_bytes():
                received += chunk

    assert received.startswith(b'{"type":"ADDED"')
    assert not received.endswith(b"\n")


async def test_garbage_does_not_end_a_watch(demo: Demo) -> None:
    """A broken line stands between two good ones."""
    async with demo.watch(demo.app.store.revision) as response:
        lines = response.aiter_lines()
        demo.app.send_garbage()
        garbage = await anext(lines)
        await demo.create("one")
        good = json.loads(await anext(lines))

    with pytest.raises(json.JSONDecodeError):
        json.loads(garbage)
    assert good["object"]["metadata"]["name"] == "one"


async def test_a_restored_server_is_lower_and_silent(demo: Demo) -> None:
    """After a restore the revision is the old one, later objects are gone, and old positions hear nothing."""
    kept = await demo.create("kept")
    lost = await demo.create("lost")
    async with demo.watch(int(lost["metadata"]["resourceVersion"])) as response:
        demo.app.restore(int(kept["metadata"]["resourceVersion"]))
        assert [line async for line in response.aiter_lines()] == []

    listed = (await demo.client.get(EVENTS)).json()
    assert listed["metadata"]["resourceVersion"] == kept["metadata"]["resourceVersion"]
    assert [each["metadata"]["name"] for each in listed["items"]] == ["kept"]
    query = {"watch": 1, "resourceVersion": int(lost["metadata"]["resourceVersion"]) + 5, "timeoutSeconds": 1}
    async with demo.client.stream("GET", EVENTS, params=query) as response:
        await demo.create("later")
        assert [line async for line in response.aiter_lines()] == []


async def test_planned_answers_meet_the_chosen_requests(demo: Demo) -> None:
    """A planned answer is used by as many requests as planned, of those that it is for."""
    overloaded = Answer(status=429, headers={"Retry-After": "1"}, body=b"{}")
    demo.app.faults.plan(overloaded, when=path_contains("/events"), times=2)

    codes = [(await demo.client.get(EVENTS)).status_code for _ in range(3)]
    other = await demo.client.get("/api/v1/namespaces")

    assert codes == [429, 429, 200]
    assert other.status_code == 200


async def test_a_request_can_hang_or_be_reset(demo: Demo) -> None:
    """No answer at all, in both ways."""
    demo.app.faults.plan(Hang())
    demo.app.faults.plan(Reset())

    with pytest.raises(httpx.ReadTimeout):
        await demo.client.get(EVENTS, timeout=0.05)
    with pytest.raises(httpx.NetworkError):
        await demo.client.get(EVENTS)


async def test_bearer_tokens() -> None:
    """A wrong token is 401; none at all is anonymous, whom RBAC refuses."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    app = ApiServer(store=store, random=Random(2), tokens={"good"})
    async with serve(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        codes = [
            (await client.get(EVENTS, headers=headers)).status_code
            for headers in ({"Authorization": "Bearer good"}, {"Authorization": "Bearer bad"}, {})
        ]

    assert codes == [200, 401, 403]


def test_a_full_history_forgets_its_oldest_part() -> None:
    """The history is bounded: a position that it no longer covers is 410."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1), history_limit=10)
    app = ApiServer(store=store, random=Random(2))
    start = store.revision
    for number in range(50):
        app.create_event({"metadata": {"name": f"e{number}", "namespace": "default"}})

    assert len(list(store.since(store.revision - 10))) == 10
    with pytest.raises(Exception, match="too old"):
        list(store.since(start))


def test_events_expire() -> None:
    """What was last written longer ago than the limit is deleted, and told as a change."""
    now = datetime(2026, 3, 8, tzinfo=UTC)
    store = ObjectStore(clock=lambda: now, random=Random(1))
    app = ApiServer(store=store, random=Random(2))
    app.create_event({"metadata": {"name": "old", "namespace": "default"}})
    now += timedelta(minutes=50)
    app.create_event({"metadata": {"name": "young", "namespace": "default"}})
    now += timedelta(minutes=20)

    assert store.expire("events", older_than=timedelta(hours=1)) == 1
    assert [each["metadata"]["name"] for each in store.list("events")] == ["young"]
    assert [change.type for change in store.since(store.revision - 1)] == ["DELETED"]
