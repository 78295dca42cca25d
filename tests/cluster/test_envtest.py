"""The real server that the cluster tests stand on does what they rely on."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.envtest import RealCluster

pytestmark = pytest.mark.cluster


def test_service_account_tokens_are_accepted_and_bound_by_rbac(real_cluster: RealCluster) -> None:
    """A ServiceAccount's token is a real one: accepted, and refused what no role allows."""
    token = real_cluster.service_account_token("default", f"reader-{uuid4().hex[:8]}")

    with httpx.Client(base_url=real_cluster.url, verify=real_cluster.ssl_context()) as client:
        answer = client.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["reason"]) == (403, "Forbidden")


def test_data_and_certificate_outlive_a_killed_api_server(real_cluster: RealCluster) -> None:
    """A killed API server comes back at the same address with the same data and certificate."""
    name = f"kept-{uuid4().hex[:8]}"
    real_cluster.request("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": name}})

    real_cluster.kill_api_server()
    with pytest.raises(httpx.ConnectError):
        real_cluster.request("GET", "/version")
    real_cluster.start_api_server()

    assert real_cluster.request("GET", f"/api/v1/namespaces/default/configmaps/{name}").is_success


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_kubectl_uses_the_written_kubeconfig(real_cluster: RealCluster, tmp_path: Path) -> None:
    """kubectl reads the kubeconfig that the handle writes."""
    assert "default" in real_cluster.kubectl("get", "namespaces", "-o", "name")
