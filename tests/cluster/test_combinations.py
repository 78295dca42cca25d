"""The parts of manifests/, alone and all together, and the manifests of one file, on the real API server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.manifests.rendering import MANIFESTS, Object, components, mixed, rendered
from tests.support.envtest import RealCluster

NEWER = {"policy/v1"}
"""APIs that the server of these tests, 1.20, does not know; tests/manifests checks them against published schemas."""
OF_OTHERS = ("monitoring.coreos.com/",)

pytestmark = pytest.mark.cluster

SETS = [(), *((part,) for part in components()), tuple(components())]


def accepted(cluster: RealCluster, objects: list[Object]) -> list[str]:
    """Let the API server check the objects, without storing them; return what it answers, a line each."""
    known = [each for each in objects if not each["apiVersion"].startswith(OF_OTHERS)]
    left_out = {each["apiVersion"] for each in known} - set(cluster.kubectl("api-versions").split())
    assert left_out <= NEWER
    known = [each for each in known if each["apiVersion"] not in left_out]
    cluster.ensure_namespace("kube-wecom-eventer")
    said = cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=yaml.safe_dump_all(known)).splitlines()
    assert len(said) == len(known)
    return said


@pytest.mark.parametrize("parts", SETS, ids=lambda parts: "+".join(parts) or "none")
def test_the_api_server_takes_each_part(real_cluster: RealCluster, tmp_path: Path, parts: tuple[str, ...]) -> None:
    """As it would be applied."""
    said = accepted(real_cluster, rendered(mixed(tmp_path, parts)))
    assert all(line.endswith("(server dry run)") for line in said)


@pytest.mark.parametrize("name", ["install.yaml", "install-namespace-routes.yaml"])
def test_the_api_server_takes_each_file(real_cluster: RealCluster, name: str) -> None:
    """With one command, on a cluster where there is nothing of it yet but the namespace, which a dry run can't make."""
    accepted(real_cluster, list(yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8"))))
