"""Each level of rights for routes of namespaces, on the real API server: it is enough, and no more than it says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.cluster.applying import applied, create_event, started
from tests.support.daemon import PATIENCE, DaemonProcess
from tests.support.envtest import RealCluster, wait_for

ROOT = Path(__file__).parents[2]
EXAMPLES, MANIFESTS = ROOT / "examples", ROOT / "manifests"
TEAM = EXAMPLES / "namespace-routes" / "team"
OWN, DAEMON = "kube-wecom-eventer", "system:serviceaccount:kube-wecom-eventer:kube-wecom-eventer"
PLATFORMS_KEY, TEAMS_KEY = "xxxxxxx", "team-key"

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster(real_cluster: RealCluster) -> Iterator[RealCluster]:
    """The real API server with the namespaces of the examples; none of our rights before, and none after."""
    for namespace in (OWN, "payments", "shop"):
        real_cluster.ensure_namespace(namespace)
    _clean(real_cluster)
    yield real_cluster
    _clean(real_cluster)


def _clean(cluster: RealCluster) -> None:
    names = [OWN, *(f"{OWN}-{part}" for part in ("routes", "robot-secrets", "all-secrets"))]
    cluster.kubectl("delete", "clusterrolebinding,clusterrole", *names, "--ignore-not-found")
    for namespace in (OWN, "payments", "shop"):
        cluster.kubectl("-n", namespace, "delete", "rolebinding,role", OWN, "--ignore-not-found")
        cluster.kubectl("-n", namespace, "delete", "configmap", "wecom", f"{OWN}-checkpoint", "--ignore-not-found")
        cluster.kubectl("-n", namespace, "delete", "events", "--all")


def may(cluster: RealCluster, verb: str, resource: str, *, namespace: str = "", name: str = "") -> bool:
    """Return whether the daemon's ServiceAccount may do that."""
    attributes = {"verb": verb, "resource": resource, "namespace": namespace, "name": name}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    body = {"spec": {"user": DAEMON, "groups": ["system:authenticated"], "resourceAttributes": attributes}}
    return bool(cluster.request("POST", path, body).json()["status"]["allowed"])


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The robots of the platform and the team."""

    wecom: WeComGroup
    url: str


def team_applies(cluster: RealCluster, groups: Groups, *, kinds: Sequence[str], namespace: str = "payments") -> None:
    """Apply a team's side: its Secret, and of the example what is of these kinds. Only the host differs."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "wecom-robot", "namespace": namespace}}
    rendered = cluster.kubectl("kustomize", str(TEAM)).replace("payments", namespace)
    objects = [each for each in yaml.safe_load_all(rendered) if each["kind"] in kinds]
    for each in objects:
        if "data" in each:
            own = {key: text.replace("wecom:?", f"wecom:?api={groups.url}&") for key, text in each["data"].items()}
            each["data"] = own
    cluster.kubectl(
        "apply", "-f", "-", input=yaml.safe_dump_all([{**secret, "stringData": {"key": TEAMS_KEY}}, *objects])
    )


def daemon_of(cluster: RealCluster, objects: list[dict[str, Any]], folder: Path, groups: Groups) -> Any:
    """Start the daemon as its ServiceAccount, which sends to these groups."""
    keys = {"WECOM_ROBOT_KEY": PLATFORMS_KEY}
    return started(cluster, objects, folder, program=OWN, keys=keys, wecom_url=groups.url)


def troubles(daemon: DaemonProcess) -> list[dict[str, Any]]:
    """Return what the log warns of."""
    own = [line for line in daemon.logs if not line.get("route", "").startswith("test-")]
    return [line for line in own if line["level"] in ("warning", "error")]


async def states(daemon: DaemonProcess) -> dict[str, dict[str, Any]]:
    """Return what /routes says, by route; but for what other tests have declared on this server."""
    async with await daemon.ready() as http:
        found = {each["route"]: each for each in (await http.get("/routes")).json()["routes"]}
    return {route: each for route, each in found.items() if not route.startswith("test-")}


def layered(folder: Path, *components: str) -> Path:
    """Write a kustomization: the platform's example, and more components over it."""
    folder = folder / "layered"
    folder.mkdir()
    here = folder.resolve()
    written = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(EXAMPLES / "namespace-routes", here)],
        "components": [os.path.relpath(MANIFESTS / each, here) for each in components],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(written))
    return folder


@pytest.fixture
async def groups() -> Any:
    """Return a WeCom with both robots."""
    wecom = WeComGroup(keys=[PLATFORMS_KEY, TEAMS_KEY], clock=lambda: datetime.now(UTC))
    async with serve(wecom) as url:
        yield Groups(wecom=wecom, url=url)


@dataclass(frozen=True, kw_only=True)
class Level:
    """What the platform adds, what of the example the team applies, which other Secrets are open then."""

    components: tuple[str, ...]
    team: tuple[str, ...]
    open_too: tuple[str, ...]


LEVELS = (
    Level(components=(), team=("Role", "RoleBinding", "ConfigMap"), open_too=()),
    Level(components=("robot-secrets",), team=("ConfigMap",), open_too=("shop/wecom-robot",)),
    Level(
        components=("all-secrets",),
        team=("ConfigMap",),
        open_too=("payments/other", "shop/wecom-robot", "shop/other"),
    ),
)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: "-".join(level.components) or "the-teams-own-role")
async def test_each_level_of_namespace_routes_is_enough(
    cluster: RealCluster, groups: Groups, tmp_path: Path, level: Level
) -> None:
    """A team's event goes to the team's group, another's to the platform's; no right is missing, none is needless."""
    folder = layered(tmp_path, *level.components) if level.components else EXAMPLES / "namespace-routes"
    objects = applied(cluster, folder)
    team_applies(cluster, groups, kinds=level.team)
    wait_for(lambda: may(cluster, "get", "secrets", namespace="payments", name="wecom-robot"))
    wait_for(lambda: may(cluster, "watch", "configmaps", namespace="shop"))
    for place in ("payments/other", "shop/wecom-robot", "shop/other"):
        namespace, _, name = place.partition("/")
        assert may(cluster, "get", "secrets", namespace=namespace, name=name) is (place in level.open_too), place
    assert not may(cluster, "list", "secrets")
    async with daemon_of(cluster, objects, tmp_path, groups) as daemon:
        await daemon.log("route_declared", route="payments/wecom/warnings")
        for namespace in ("payments", "shop"):
            await asyncio.to_thread(create_event, cluster, namespace, "e")
        told = [await groups.wecom.next_message(timeout=PATIENCE) for _ in range(2)]
        routes = await states(daemon)
    assert {each.key: each.content.count("shop") > 0 for each in told} == {TEAMS_KEY: False, PLATFORMS_KEY: True}
    assert {name: each["state"] for name, each in routes.items()} == {
        "platform": "ok",
        "payments/wecom/probes": "ok",
        "payments/wecom/warnings": "ok",
    }
    assert troubles(daemon) == []


async def test_a_teams_probes_are_told_in_the_words_of_its_template(
    cluster: RealCluster, groups: Groups, tmp_path: Path
) -> None:
    """From the tenth on."""
    objects = applied(cluster, EXAMPLES / "namespace-routes")
    team_applies(cluster, groups, kinds=("Role", "RoleBinding", "ConfigMap"))
    wait_for(lambda: may(cluster, "get", "secrets", namespace="payments", name="wecom-robot"))
    async with daemon_of(cluster, objects, tmp_path, groups) as daemon:
        await daemon.log("route_declared", route="payments/wecom/probes")
        await asyncio.to_thread(create_event, cluster, "payments", "p", reason="Unhealthy", count=10, message="503")
        told = await groups.wecom.next_message(timeout=PATIENCE)
    assert (told.key, told.content) == (TEAMS_KEY, "p ×10\n503")
    assert troubles(daemon) == []


async def test_watched_namespaces_need_no_right_beyond_them(
    cluster: RealCluster, groups: Groups, tmp_path: Path
) -> None:
    """No ClusterRole: events, routes and Secrets of two namespaces, and the checkpoint in its own."""
    objects = applied(cluster, EXAMPLES / "watch-namespaces")
    assert not [each["metadata"]["name"] for each in objects if each["kind"].startswith("ClusterRole")]
    team_applies(cluster, groups, kinds=("ConfigMap",), namespace="shop")
    wait_for(lambda: may(cluster, "get", "secrets", namespace="shop", name="wecom-robot"))
    for verb, resource in (("list", "events"), ("list", "configmaps"), ("get", "secrets")):
        assert not may(cluster, verb, resource)
        assert not may(cluster, verb, resource, namespace="default")
    async with daemon_of(cluster, objects, tmp_path, groups) as daemon:
        await daemon.log("route_declared", route="shop/wecom/warnings")
        for namespace in ("payments", "shop"):
            await daemon.log("event_stream_starts", namespace=namespace)
        for namespace in ("default", "payments", "shop"):
            await asyncio.to_thread(create_event, cluster, namespace, f"watched-{namespace}")
        told = [await groups.wecom.next_message(timeout=PATIENCE) for _ in range(2)]
        assert await daemon.stop() == 0
    words = {each.key: each.content for each in told}
    assert "shop" in words[TEAMS_KEY]
    assert "payments" in words[PLATFORMS_KEY]
    assert troubles(daemon) == []
    assert '"shop"' in checkpoint(cluster)


async def without_the_role(cluster: RealCluster, groups: Groups, folder: Path) -> tuple[list[dict[str, Any]], str, str]:
    """Let a team forget its Role; return the platform's objects, what /routes says of it, and what the log does.

    What waits then is in the checkpoint.
    """
    objects = applied(cluster, EXAMPLES / "namespace-routes")
    team_applies(cluster, groups, kinds=("ConfigMap",))
    wait_for(lambda: may(cluster, "watch", "configmaps", namespace="payments"))
    async with daemon_of(cluster, objects, folder, groups) as daemon:
        await daemon.log("route_declared", route="payments/wecom/warnings")
        await asyncio.to_thread(create_event, cluster, "payments", "waits")
        said = await daemon.log("destination_broken")
        state = (await states(daemon))["payments/wecom/warnings"]
        # What waits, while nothing is told, is noted every half minute.
        await asyncio.to_thread(wait_for, lambda: "payments/wecom/warnings" in checkpoint(cluster), timeout=45)
    assert state["state"] == "broken"
    return objects, state["trouble"], str(said)


def checkpoint(cluster: RealCluster) -> str:
    """Return the checkpoint as it is."""
    return cluster.kubectl("-n", OWN, "get", "configmap", f"{OWN}-checkpoint", "--ignore-not-found", "-o", "yaml")


async def test_without_the_teams_role_it_is_said_and_the_role_helps(
    cluster: RealCluster, groups: Groups, tmp_path: Path
) -> None:
    """In the log and in /routes, in the API server's own words; what waited is told."""
    objects, trouble, said = await without_the_role(cluster, groups, tmp_path)
    for words in ("Secret payments/wecom-robot", 'cannot get resource "secrets"'):
        assert words in trouble
        assert words in said
    team_applies(cluster, groups, kinds=("Role", "RoleBinding"))
    await told_after_a_restart(cluster, objects, groups, tmp_path)


async def test_the_missing_rule_can_be_pasted(cluster: RealCluster, groups: Groups, tmp_path: Path) -> None:
    """It stands in the log and in /routes; in a Role it is enough."""
    objects, trouble, said = await without_the_role(cluster, groups, tmp_path)
    rule = '{apiGroups: [""], resources: ["secrets"], resourceNames: ["wecom-robot"], verbs: ["get"]}'
    assert f"{rule}, in a Role of namespace payments" in said
    assert rule in trouble
    role, binding = yaml.safe_load_all((TEAM / "rbac.yaml").read_text())
    role["rules"] = yaml.safe_load(f"[{rule}]")
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([role, binding]))
    await told_after_a_restart(cluster, objects, groups, tmp_path)


async def told_after_a_restart(
    cluster: RealCluster, objects: list[dict[str, Any]], groups: Groups, folder: Path
) -> None:
    """A daemon that found a destination broken asks again after a minute; a new one asks at once."""
    wait_for(lambda: may(cluster, "get", "secrets", namespace="payments", name="wecom-robot"))
    async with daemon_of(cluster, objects, folder, groups) as daemon:
        assert (await groups.wecom.next_message(timeout=PATIENCE)).key == TEAMS_KEY
        assert troubles(daemon) == []
