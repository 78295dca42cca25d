"""Teams on the real API server, each with an account that may do anything in its own namespace, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.support.envtest import RealCluster

ACCOUNT = "team"
DAEMON_NAMESPACE = DAEMON_ACCOUNT = "kube-wecom-eventer"
LABELS = {"kube-wecom-eventer.io/route": "true"}
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_ALL_OF_ITS_NAMESPACE = [
    {"apiGroups": [""], "resources": ["configmaps", "secrets", "events", "pods"], "verbs": ["*"]},
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["*"]},
    {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["*"]},
]


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A team. ``http`` asks the API server with its own account; ``key`` is its robot's, in the group at ``url``."""

    namespace: str
    key: str
    url: str
    http: httpx.AsyncClient

    async def write(self, path: str, body: dict[str, Any]) -> None:
        """Create an object in the team's namespace, or replace it. ``path``: of its kind, behind the namespace."""
        group, _, kind = path.rpartition("/")
        place = f"{group or '/api/v1'}/namespaces/{self.namespace}/{kind}"
        answer = await self.http.post(place, json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            answer = await self.http.put(f"{place}/{body['metadata']['name']}", json=body)
        assert answer.is_success, answer.text

    async def secret(self, key: str | None = None, *, name: str = "wecom-robot") -> None:
        """Keep the robot's key."""
        data = {"key": base64.b64encode((key or self.key).encode()).decode()}
        await self.write("secrets", {"metadata": {"name": name}, "data": data})

    async def grant(self, *names: str) -> None:
        """Let the daemon read these Secrets."""
        rules = [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": list(names), "verbs": ["get"]}]
        await self.write(f"{_RBAC}/roles", {"metadata": {"name": DAEMON_ACCOUNT}, "rules": rules})
        await self.write(f"{_RBAC}/rolebindings", _binding("Role", DAEMON_ACCOUNT, DAEMON_ACCOUNT, DAEMON_NAMESPACE))

    async def route(self, options: str = "key_secret=wecom-robot", *, sink: str = "", **content: str) -> None:
        """Declare a route to the group; ``sink``: the whole of another one."""
        data = {"sink": sink or f"wecom:?api={self.url}&repeat_interval=0&{options}", **content}
        await self.write("configmaps", {"metadata": {"name": "wecom", "labels": LABELS}, "data": data})

    async def no_route(self) -> None:
        """Delete it."""
        answer = await self.http.delete(f"/api/v1/namespaces/{self.namespace}/configmaps/wecom")
        assert answer.is_success, answer.text

    def event(self, reason: str, **fields: Any) -> dict[str, Any]:
        """Return an event about one of the team's pods."""
        about = {"kind": "Pod", "namespace": self.namespace, "name": "api-0"}
        return {
            "metadata": {"name": f"e-{uuid4().hex[:12]}", "namespace": self.namespace},
            "involvedObject": about,
            "type": "Warning",
            "reason": reason,
            "message": reason,
            **fields,
        }

    async def happens(self, reason: str, **fields: Any) -> None:
        """Write such an event."""
        await self.write("events", self.event(reason, **fields))


@asynccontextmanager
async def tenant(cluster: RealCluster, team: str, wecom: WeComGroup, url: str) -> AsyncIterator[Tenant]:
    """A team with a fresh namespace, a robot, its key in a Secret, and the Role that lets the daemon read that."""
    namespace = f"test-{team}-{uuid4().hex[:6]}"
    token = cluster.service_account_token(namespace, ACCOUNT)
    roles = f"{_RBAC}/namespaces/{namespace}"
    role = {"metadata": {"name": ACCOUNT}, "rules": _ALL_OF_ITS_NAMESPACE}
    for path, body in (("roles", role), ("rolebindings", _binding("Role", ACCOUNT, ACCOUNT, namespace))):
        cluster.request("POST", f"{roles}/{path}", body).raise_for_status()
    headers = {"Authorization": f"Bearer {token}"}
    key = f"key-of-{namespace}"
    wecom.add_robot(key)
    async with httpx.AsyncClient(
        base_url=cluster.url, verify=cluster.ssl_context(), headers=headers, trust_env=False
    ) as http:
        team_itself = Tenant(namespace=namespace, key=key, url=url, http=http)
        await team_itself.secret()
        await team_itself.grant("wecom-robot")
        yield team_itself
        await http.delete(f"/api/v1/namespaces/{namespace}/configmaps/wecom")


def _binding(kind: str, role: str, account: str, namespace: str) -> dict[str, Any]:
    return {
        "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
