"""What a user applies: our manifests, and a Deployment that was written for kube-eventer. On the real API server."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from structlog.testing import capture_logs

from kube_wecom_eventer.config import CheckpointSettings, ObjectName, SourceSettings, load_settings
from kube_wecom_eventer.config.checkpoint import resolve
from kube_wecom_eventer.errors import CheckpointError
from kube_wecom_eventer.kube.checkpoint_store import ConfigMapStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import connect
from kube_wecom_eventer.kube.leadership import LeaseLeadership
from tests.cluster.applying import applied, container_of, create_event, deployed, pod_of
from tests.support.api_servers import service_account_environ
from tests.support.daemon import PATIENCE, installed
from tests.support.envtest import RealCluster

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "manifests"
HIGH_AVAILABILITY = ROOT / "examples" / "high-availability"
SEED = ROOT / "examples" / "from-kube-eventer"

pytestmark = pytest.mark.cluster


@asynccontextmanager
async def default_checkpoint(
    cluster: RealCluster, objects: list[dict[str, Any]], folder: Path, *, name: str = ""
) -> AsyncIterator[ConfigMapStore]:
    """Where the Deployment's daemon keeps its checkpoint, as its ServiceAccount; ``name``: elsewhere."""
    _, namespace, account = container_of(objects)
    environ = service_account_environ(cluster, folder, namespace=namespace, name=account)
    connection = connect(SourceSettings(), environ=environ)
    place = resolve(CheckpointSettings(), in_cluster=True, namespace=connection.namespace, pod_name=pod_of(objects))
    assert place.name is not None
    name = name or place.name.name
    cluster.kubectl("-n", namespace, "delete", "configmap", name, "--ignore-not-found")
    client = ApiClient(connection=connection)
    try:
        yield ConfigMapStore(client=client, namespace=namespace, name=name, writer="me")
    finally:
        await client.aclose()


async def once_allowed(call: Callable[[], Awaitable[object]]) -> None:
    """Try until the API server has heard of the new rules: that takes it a moment."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await call()
            except CheckpointError as error:
                if not error.hint:
                    raise
                await asyncio.sleep(0.05)
            else:
                return


async def test_our_manifests_and_their_rights_are_enough(real_cluster: RealCluster, tmp_path: Path) -> None:
    """As the ServiceAccount that they create, with its own token: events arrive in the words of their template."""
    objects = applied(real_cluster, MANIFESTS)
    keys = {"WECOM_ROBOT_KEY": "xxxxxxx"}
    async with deployed(real_cluster, objects, tmp_path, program="kube-wecom-eventer", keys=keys) as (daemon, wecom):
        await daemon.log("template_loaded", config_map="kube-wecom-eventer/wecom-message")
        await asyncio.to_thread(create_event, real_cluster, "default", "manifests", count=3)
        told = await wecom.next_message(timeout=PATIENCE)
        assert told.content == (
            "Warning BackOff\n命名空间: default\n对象: Pod/p\n次数: 3\n"
            '时间: 2026-11-20 09:02:03 +0800 CST\na "quoted"\nmessage'
        )
        assert await daemon.stop() == 0
    assert [line for line in daemon.logs if line["level"] in ("warning", "error")] == []


async def test_our_service_account_may_keep_its_checkpoint_and_no_other(
    real_cluster: RealCluster, tmp_path: Path
) -> None:
    """Create, read, replace, keep aside what is broken; another ConfigMap of the namespace is none of its business."""
    objects = applied(real_cluster, MANIFESTS)
    async with default_checkpoint(real_cluster, objects, tmp_path) as store:
        assert store.described == "ConfigMap kube-wecom-eventer/kube-wecom-eventer-checkpoint"
        await once_allowed(store.read)
        assert await store.read() is None
        for document in (b'{"writer": "me"}', b'{"writer": "me", "count": 2}'):
            await store.write(document)
            assert await store.read() == document
        await store.keep_aside(b"{half")
    async with default_checkpoint(real_cluster, objects, tmp_path, name="another") as other:
        with pytest.raises(CheckpointError, match=r'can\'t be read: 403 Forbidden: .*cannot get resource "configmaps"'):
            await other.read()


async def test_without_the_rights_the_rules_are_shown(real_cluster: RealCluster, tmp_path: Path) -> None:
    """A kube-eventer's may read everything and write nothing; what to add is ready to paste, and then enough."""
    real_cluster.ensure_namespace("xxxx")
    objects = applied(real_cluster, SEED)
    async with default_checkpoint(real_cluster, objects, tmp_path) as store:
        await once_allowed(store.read)
        with pytest.raises(CheckpointError, match=r"can\'t be written: 403 Forbidden: .*cannot create") as caught:
            await store.write(b'{"writer": "me"}')
        rules, _, namespace = caught.value.hint.partition(", in a Role of namespace ")
        assert namespace == "kube-system"
        rbac = yaml.safe_load_all((MANIFESTS / "rbac.yaml").read_text())
        role, binding = (each for each in rbac if each["kind"] in ("Role", "RoleBinding"))
        for each in (role, binding):
            each["metadata"] = {"namespace": namespace, "name": "pasted"}
        role["rules"] = yaml.safe_load(f"[{rules}]")
        binding["roleRef"]["name"] = "pasted"
        binding["subjects"] = [{"kind": "ServiceAccount", "name": "kube-eventer", "namespace": namespace}]
        real_cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([role, binding]))
        try:
            await once_allowed(lambda: store.write(b'{"writer": "me"}'))
            await store.write(b'{"writer": "me", "count": 2}')
            assert await store.read() == b'{"writer": "me", "count": 2}'
        finally:
            real_cluster.kubectl("-n", namespace, "delete", "rolebinding", "pasted")


async def test_a_kube_eventer_users_deployment_with_its_own_rights(real_cluster: RealCluster, tmp_path: Path) -> None:
    """Its command, its args, its ClusterRole (get, list, watch) and its ConfigMaps work as they stand."""
    real_cluster.ensure_namespace("xxxx")
    objects = applied(real_cluster, SEED)
    container, _, _ = container_of(objects)
    assert container["command"][0] == "/kube-eventer"
    async with deployed(real_cluster, objects, tmp_path, program="kube-eventer", keys={}) as (daemon, wecom):
        for name in ("custom-webhook-body0", "custom-webhook-body1"):
            await daemon.log("template_loaded", config_map=f"xxxx/{name}")
        await asyncio.to_thread(create_event, real_cluster, "default", "elsewhere")
        await asyncio.to_thread(create_event, real_cluster, "xxxx", "here")
        told = [await wecom.next_message(timeout=PATIENCE) for _ in range(2)]
        assert await daemon.stop() == 0
    assert {message.content for message in told} == {
        "Cluster:name\nEventType:Warning\nEventNamespace:xxxx\nEventKind:Pod\nEventObject:p\nEventReason:BackOff\n"
        'EventTime:2026-11-20 09:02:03 +0800 CST\nEventMessage:a "quoted"\nmessage'
    }
    assert [message.mentions for message in told] == [("wangqing", "@all"), ("wangqing",)]
    assert len(wecom.requests) == 2


async def test_a_missing_right_is_said_and_costs_what_it_must(real_cluster: RealCluster, tmp_path: Path) -> None:
    """Without the right to read ConfigMaps the built-in body goes out, and the log has the API server's own words."""
    objects = applied(real_cluster, MANIFESTS)
    real_cluster.kubectl("-n", "kube-wecom-eventer", "delete", "rolebinding", "kube-wecom-eventer")
    keys = {"WECOM_ROBOT_KEY": "xxxxxxx"}
    async with deployed(real_cluster, objects, tmp_path, program="kube-wecom-eventer", keys=keys) as (daemon, wecom):
        line = await daemon.log("config_map_unreadable")
        assert 'cannot list resource "configmaps"' in line["error"]
        await asyncio.to_thread(create_event, real_cluster, "default", "no-rights")
        assert (await wecom.next_message(timeout=PATIENCE)).content.startswith("⚠️ BackOff · Pod default/p")


async def test_two_replicas_have_the_rights_to_a_lease(real_cluster: RealCluster, tmp_path: Path) -> None:
    """As the ServiceAccount: one leads, the other follows when it leaves; no right is missing, and none is needless."""
    objects = applied(real_cluster, HIGH_AVAILABILITY)
    container, namespace, account = container_of(objects)
    settings = load_settings(container["args"], environ={"WECOM_ROBOT_KEY": "k"})
    assert settings.leader_election is not None
    lease = settings.leader_election.lease.within(namespace)
    environ = service_account_environ(real_cluster, tmp_path, namespace=namespace, name=account)
    connection = connect(SourceSettings(server=real_cluster.url), environ=environ)
    assert connection.namespace == namespace
    client = ApiClient(connection=connection)
    one, two = (
        LeaseLeadership(client=client, name=lease, identity=name, now=lambda: datetime.now(UTC), rng=Random(1))
        for name in ("one", "two")
    )
    try:
        with capture_logs() as logs:
            async with asyncio.timeout(PATIENCE):
                await one.acquire()
                waiting = asyncio.create_task(two.acquire())
                holding = asyncio.create_task(one.hold())
                await asyncio.sleep(3)  # a renewal of the one, a watch of the other
                holding.cancel()
                await one.release()
                await waiting
                await two.release()
            other = LeaseLeadership(
                client=client,
                name=ObjectName(namespace, "another"),
                identity="one",
                now=lambda: datetime.now(UTC),
                rng=Random(1),
            )
            refused = asyncio.create_task(other.acquire())
            await asyncio.sleep(1)
            refused.cancel()
    finally:
        await client.aclose()
    assert [entry["event"] for entry in logs] == [
        "leadership_acquired",
        "leader_changed",
        "leadership_released",
        "leadership_acquired",
        "leadership_released",
        "leadership_unavailable",
    ]
    assert 'cannot get resource "leases"' in logs[-1]["error"]


def test_high_availability_layers_over_any_args(real_cluster: RealCluster) -> None:
    """Two replicas on two machines that change one by one; the args are the user's own, and one more."""
    objects = [each for each in yaml.safe_load_all(real_cluster.kubectl("kustomize", str(HIGH_AVAILABILITY))) if each]
    base = [each for each in yaml.safe_load_all(real_cluster.kubectl("kustomize", str(MANIFESTS))) if each]
    assert container_of(objects)[0]["args"] == [*container_of(base)[0]["args"], "--leader-elect"]
    (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["strategy"]["type"] == "RollingUpdate"
    affinity = deployment["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    (term,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["labelSelector"]["matchLabels"] == labels
    (budget,) = [each for each in objects if each["kind"] == "PodDisruptionBudget"]
    assert budget["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": labels}}


def test_the_images_second_name_is_installed() -> None:
    """Users' Deployments name /kube-eventer; the Dockerfile links it to the program of that name's twin."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"ln -s /venv/bin/kube-wecom-eventer /kube-eventer$", dockerfile, re.MULTILINE)
    shown = subprocess.run([*installed("kube-eventer"), "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("kube-wecom-eventer ")
