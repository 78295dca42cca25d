"""Migrating what runs in a real cluster: the API server takes what is printed, and the daemon needs nothing more."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.applying import applied, create_event, deployed
from tests.support.daemon import PATIENCE, installed
from tests.support.envtest import RealCluster, wait_for

ROOT = Path(__file__).parents[2]
SEED = ROOT / "examples" / "from-kube-eventer"
NAME = "kube-wecom-eventer"

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster(real_cluster: RealCluster) -> Iterator[RealCluster]:
    """The real API server with a user's kube-eventer on it; nothing of ours before and after."""
    real_cluster.ensure_namespace("xxxx")
    applied(real_cluster, SEED)
    _clean(real_cluster)
    yield real_cluster
    _clean(real_cluster)


def _clean(cluster: RealCluster) -> None:
    everything = "deployment,role,rolebinding,secret,serviceaccount,configmap"
    cluster.kubectl(
        "-n", "kube-system", "delete", everything, NAME, f"{NAME}-keys", f"{NAME}-checkpoint", "--ignore-not-found"
    )
    cluster.kubectl("-n", "xxxx", "delete", "role,rolebinding", f"{NAME}-kube-system", "--ignore-not-found")
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", f"{NAME}-kube-system", "--ignore-not-found")


def migrate(cluster: RealCluster, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a kubeconfig for the server."""
    kubeconfig = cluster.write_kubeconfig(folder / "kubeconfig")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(kubeconfig)}
    command = [*installed(NAME), "migrate", *args]
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)


async def test_a_running_kube_eventer_is_migrated(cluster: RealCluster, tmp_path: Path) -> None:
    """Asked of the API server, applied there, run as its ServiceAccount: the event arrives, and no right is missing."""
    ran = migrate(cluster, tmp_path, "--namespace=kube-system", "--name=kube-eventer")
    assert ran.returncode == 0, ran.stderr
    assert "with the template is not in the input" not in ran.stderr
    cluster.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", input=ran.stdout)
    cluster.kubectl("apply", "-f", "-", input=ran.stdout)
    objects: list[dict[str, Any]] = list(yaml.safe_load_all(ran.stdout))
    keys = {"WECOM_ROBOT_KEY": "xxxxxxx"}
    async with deployed(cluster, objects, tmp_path, program=NAME, keys=keys) as (daemon, wecom):
        for name in ("custom-webhook-body0", "custom-webhook-body1"):
            await daemon.log("template_loaded", config_map=f"xxxx/{name}")
        await asyncio.to_thread(create_event, cluster, "default", "elsewhere-migrated")
        await asyncio.to_thread(create_event, cluster, "xxxx", "migrated")
        told = [await wecom.next_message(timeout=PATIENCE) for _ in range(2)]
        assert await daemon.stop() == 0
    assert [message.mentions for message in told] == [("wangqing", "@all"), ("wangqing",)]
    troubles = [line for line in daemon.logs if line["level"] in ("warning", "error")]
    assert [line["event"] for line in troubles] == ["configuration_doubtful"]
    assert "[^Unhealthy]" in str(troubles)
    checkpoint = cluster.kubectl("-n", "kube-system", "get", "configmap", f"{NAME}-checkpoint", "-o", "name")
    assert checkpoint == f"configmap/{NAME}-checkpoint\n"


def test_the_account_may_do_what_it_needs_and_no_more(cluster: RealCluster, tmp_path: Path) -> None:
    """Its two templates and its checkpoint by name; no other ConfigMap, and no Secret, not even its own."""
    cluster.kubectl("apply", "-f", "-", input=migrate(cluster, tmp_path, "--name=kube-eventer").stdout)
    wait_for(lambda: _may(cluster, "list", "events"))
    wait_for(lambda: _may(cluster, "update", "configmaps", "kube-system", f"{NAME}-checkpoint"))
    wait_for(lambda: _may(cluster, "watch", "configmaps", "xxxx", "custom-webhook-body0"))
    assert not _may(cluster, "watch", "configmaps", "xxxx")
    assert not _may(cluster, "list", "configmaps", "kube-system")
    assert not _may(cluster, "get", "configmaps", "kube-system", "coredns")
    assert not _may(cluster, "get", "secrets", "kube-system", f"{NAME}-keys")


def _may(cluster: RealCluster, verb: str, resource: str, namespace: str = "", name: str = "") -> bool:
    attributes = {"verb": verb, "resource": resource, "namespace": namespace, "name": name}
    body = {"spec": {"user": f"system:serviceaccount:kube-system:{NAME}", "resourceAttributes": attributes}}
    answer = cluster.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
    return bool(answer.json()["status"]["allowed"])


def test_what_kubectl_prints_is_migrated_as_well(cluster: RealCluster, tmp_path: Path) -> None:
    """With all that the API server and kubectl wrote into it; the result is what asking gives."""
    printed = cluster.kubectl("-n", "kube-system", "get", "deployment,configmap", "-o", "yaml")
    (tmp_path / "printed.yaml").write_text(printed)
    from_file = migrate(cluster, tmp_path, str(tmp_path / "printed.yaml"))
    assert from_file.returncode == 0, from_file.stderr
    asked = migrate(cluster, tmp_path, "--name=kube-eventer")
    assert list(yaml.safe_load_all(from_file.stdout)) == list(yaml.safe_load_all(asked.stdout))


def test_a_missing_template_is_known(cluster: RealCluster, tmp_path: Path) -> None:
    """The API server says so, and the comment stands at the sink."""
    cluster.kubectl("-n", "xxxx", "delete", "configmap", "custom-webhook-body1")
    ran = migrate(cluster, tmp_path, "--name=kube-eventer", "--lang=en")
    assert "--sink 2: There is no ConfigMap xxxx/custom-webhook-body1" in ran.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ["--name=nope"],
            "there is no Deployment kube-system/nope; say where it is: --namespace=NAMESPACE --name=NAME",
        ),
        (["--namespace=xxxx"], "there is no Deployment xxxx/kube-eventer"),
    ],
)
def test_one_that_is_not_there_is_a_clear_line(
    cluster: RealCluster, tmp_path: Path, args: list[str], words: str
) -> None:
    """Exit 2."""
    ran = migrate(cluster, tmp_path, *args)
    assert ran.returncode == 2
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    assert words in line
