"""Two API servers for the same tests: the demo's own, and a real one where there is one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx

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
    """An API server under test: a client with all rights, a namespace of the test's own.

    ``source`` and ``environ`` are what a daemon needs to find it: on the real one as a ServiceAccount that may read
    events and ConfigMaps. ``break_watches`` ends all open watches, on the real one by killing and restarting it.
    """

    client: httpx.AsyncClient
    namespace: str
    compact: Callable[[], object]
    source: str
    environ: Mapping[str, str]
    break_watches: Callable[[], object]

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
async def demo_server() -> AsyncIterator[Server]:
    """The demo's API server, empty but for a namespace."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    app = ApiServer(store=store, random=Random(2))
    async with serve(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield Server(
            client=client,
            namespace=await _fresh_namespace(client),
            compact=app.compact,
            source=f"kubernetes:{url}?inClusterConfig=false",
            environ={},
            break_watches=app.close_watches,
        )


@contextlib.asynccontextmanager
async def real_server(cluster: RealCluster, folder: Path) -> AsyncIterator[Server]:
    """The real API server, as the administrator sees it. ``folder`` takes a ServiceAccount's files."""
    headers = {"Authorization": f"Bearer {cluster.admin_token}"}
    async with httpx.AsyncClient(
        base_url=cluster.url, headers=headers, verify=cluster.ssl_context(), trust_env=False
    ) as client:

        def restart() -> None:
            cluster.kill_api_server()
            cluster.start_api_server()

        namespace = await _fresh_namespace(client)
        await _allow_reading(client, namespace)
        yield Server(
            client=client,
            namespace=namespace,
            compact=cluster.compact,
            source=f"kubernetes:{cluster.url}",
            environ=service_account_environ(cluster, folder, namespace=namespace, name="eventer"),
            break_watches=restart,
        )


async def _fresh_namespace(client: httpx.AsyncClient) -> str:
    namespace = f"test-{uuid4().hex[:8]}"
    answer = await client.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
    assert answer.status_code == 201, answer.text
    return namespace


async def _allow_reading(client: httpx.AsyncClient, namespace: str) -> None:
    """Bind the rights of a kube-eventer user's ClusterRole to the account ``eventer`` of the namespace."""
    writing = ["get", "list", "watch", "create", "update"]
    rules = [
        {"apiGroups": [""], "resources": ["events", "namespaces"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": writing},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": writing},
    ]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    role = {"metadata": {"name": namespace}, "rules": rules}
    binding = {
        "metadata": {"name": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace},
        "subjects": [{"kind": "ServiceAccount", "name": "eventer", "namespace": namespace}],
    }
    for path, body in ((f"{rbac}/clusterroles", role), (f"{rbac}/clusterrolebindings", binding)):
        answer = await client.post(path, json=body)
        assert answer.status_code == 201, answer.text


def service_account_environ(cluster: RealCluster, folder: Path, *, namespace: str, name: str) -> dict[str, str]:
    """Write the account's files to ``folder`` as the kubelet would, and return the environment of its pod."""
    (folder / "token").write_text(cluster.service_account_token(namespace, name))
    (folder / "ca.crt").write_bytes(cluster.ca_file.read_bytes())
    (folder / "namespace").write_text(namespace)
    host, _, port = cluster.url.removeprefix("https://").partition(":")
    return {
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
        "KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR": str(folder),
    }
