"""The same tests on two API servers: the demo's own, and a real one where there is one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import pytest

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.store import ObjectStore
from tests.support.envtest import RealCluster

Line = dict[str, Any]


class OpenWatch:
    """The lines of one watch, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Line:
        """The next line; StopAsyncIteration when the server has ended the watch."""
        line: Line = json.loads(await anext(self._lines))
        return line

    async def rest(self) -> list[Line]:
        """All lines until the server ends the watch."""
        return [json.loads(line) async for line in self._lines]


@dataclass(frozen=True, kw_only=True)
class Server:
    """An API server under test: a client with all rights, a namespace of the test's own."""

    client: httpx.AsyncClient
    namespace: str
    compact: Callable[[], object]

    @property
    def events(self) -> str:
        """The path of the namespace's events."""
        return f"/api/v1/namespaces/{self.namespace}/events"

    @property
    def config_maps(self) -> str:
        """The path of the namespace's ConfigMaps."""
        return f"/api/v1/namespaces/{self.namespace}/configmaps"

    def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """A small valid event of that name."""
        involved = {"kind": "Pod", "namespace": self.namespace, "name": "api-7d4b9"}
        defaults = {"reason": "BackOff", "message": "Back-off", "type": "Warning", "involvedObject": involved}
        return {**defaults, "metadata": {"name": name}, **fields}

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object that must be accepted."""
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def version(self, path: str) -> str:
        """The resourceVersion of a list."""
        listed = (await self.client.get(path)).json()
        return str(listed["metadata"]["resourceVersion"])

    @contextlib.asynccontextmanager
    async def watch(self, path: str, **parameters: str | int) -> AsyncIterator[OpenWatch]:
        """Open a watch, of 5 s unless ``timeoutSeconds`` says else."""
        query = {"watch": 1, "timeoutSeconds": 5, **parameters}
        async with self.client.stream("GET", path, params=query, timeout=10) as response:
            yield OpenWatch(response)


@contextlib.asynccontextmanager
async def demo_server() -> AsyncIterator[tuple[httpx.AsyncClient, Callable[[], object]]]:
    """The demo's API server, empty."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    app = ApiServer(store=store, random=Random(2))
    async with serve(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client, app.compact


@contextlib.asynccontextmanager
async def real_server(cluster: RealCluster) -> AsyncIterator[tuple[httpx.AsyncClient, Callable[[], object]]]:
    """The real API server, as the administrator sees it."""
    headers = {"Authorization": f"Bearer {cluster.admin_token}"}
    async with httpx.AsyncClient(
        base_url=cluster.url, headers=headers, verify=cluster.ssl_context(), trust_env=False
    ) as client:
        yield client, cluster.compact


@pytest.fixture(params=["demo", pytest.param("cluster", marks=pytest.mark.cluster)])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """One of the two servers, with a fresh namespace."""
    running = (
        demo_server() if request.param == "demo" else real_server(request.getfixturevalue("real_cluster"))
    )
    namespace = f"test-{uuid4().hex[:8]}"
    async with running as (client, compact):
        answer = await client.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
        assert answer.status_code == 201, answer.text
        yield Server(client=client, namespace=namespace, compact=compact)
