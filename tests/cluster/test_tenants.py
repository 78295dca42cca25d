"""Two teams with accounts of their own, RBAC on, and the daemon with the rights of manifests/namespace-routes.

What a team can write in its namespace reaches nothing of the other's. Each test names the guard that it is about.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from kube_wecom_eventer.demo.faults import Answer
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import Received, WeComGroup
from tests.cluster.applying import applied, started
from tests.cluster.tenants import LABELS, Tenant, tenant
from tests.daemon.conftest import until
from tests.daemon.test_isolation import GREEDY
from tests.support.daemon import DaemonProcess
from tests.support.envtest import RealCluster

ROOT = Path(__file__).parents[2]
OWN = "kube-wecom-eventer"
PLATFORMS_KEY = "xxxxxxx"
HUGE = f'{{"msgtype":"text","text":{{"content":"{"{{.Message}}" * 100}"}}}}'
"""A hundred times the message."""

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, kw_only=True)
class World:
    """Both teams and the platform. ``elsewhere``: a server at ``elsewhere_url`` where nobody may send."""

    cluster: RealCluster
    objects: list[dict[str, Any]]
    folder: Path
    wecom: WeComGroup
    url: str
    elsewhere: WeComGroup
    elsewhere_url: str
    payments: Tenant
    shop: Tenant

    def daemon(self) -> AbstractAsyncContextManager[DaemonProcess]:
        """Run the daemon as its ServiceAccount."""
        keys = {"WECOM_ROBOT_KEY": PLATFORMS_KEY}
        return started(self.cluster, self.objects, self.folder, program=OWN, keys=keys, wecom_url=self.url)

    async def told(self, key: str) -> Received:
        """Return the first message that came with this key."""
        await until(lambda: any(message.key == key for message in self.wecom.messages))
        return next(message for message in self.wecom.messages if message.key == key)

    async def told_to(self, team: Tenant) -> Received:
        """Return the first message in a team's group."""
        return await self.told(team.key)

    def keys_used(self) -> set[str]:
        """Return the keys of all requests so far, wherever they went."""
        return {each.key for each in (*self.wecom.requests, *self.elsewhere.requests)}


@pytest.fixture
def objects(real_cluster: RealCluster) -> Iterator[list[dict[str, Any]]]:
    """The platform's side, applied."""
    yield applied(real_cluster, ROOT / "examples" / "namespace-routes")
    for kind in ("clusterrolebinding", "clusterrole"):
        real_cluster.kubectl("delete", kind, OWN, f"{OWN}-routes", "--ignore-not-found")
    real_cluster.kubectl("-n", OWN, "delete", "configmap", f"{OWN}-checkpoint", "--ignore-not-found")


@pytest.fixture
async def world(real_cluster: RealCluster, objects: list[dict[str, Any]], tmp_path: Path) -> AsyncIterator[World]:
    """See `World`."""
    wecom = WeComGroup(keys=[PLATFORMS_KEY], clock=lambda: datetime.now(UTC))
    elsewhere = WeComGroup(keys=["any"], clock=lambda: datetime.now(UTC))
    async with (
        serve(wecom) as url,
        serve(elsewhere) as elsewhere_url,
        tenant(real_cluster, "payments", wecom, url) as payments,
        tenant(real_cluster, "shop", wecom, url) as shop,
    ):
        yield World(
            cluster=real_cluster,
            objects=objects,
            folder=tmp_path,
            wecom=wecom,
            url=url,
            elsewhere=elsewhere,
            elsewhere_url=elsewhere_url,
            payments=payments,
            shop=shop,
        )


async def test_no_team_can_write_into_another_ones_namespace(world: World) -> None:
    """What the other tests rest on."""
    for kind in ("configmaps", "secrets", "events"):
        answer = await world.payments.http.get(f"/api/v1/namespaces/{world.shop.namespace}/{kind}")
        assert answer.status_code == httpx.codes.FORBIDDEN


async def test_each_team_runs_its_own_route(world: World) -> None:
    """Applied, edited, its key rotated, deleted; the other's goes on, and the platform gets what is nobody's."""
    payments, shop = world.payments, world.shop
    async with world.daemon() as daemon:
        for team in (payments, shop):
            await team.route()
            await daemon.log("route_declared", route=f"{team.namespace}/wecom")
            await team.happens("First")
            assert "First" in (await world.told_to(team)).content
        world.wecom.messages.clear()
        await payments.route(content='{"msgtype":"text","text":{"content":"ours: {{.Reason}}"}}')
        await daemon.log("template_loaded", config_map=f"{payments.namespace}/wecom")
        await payments.happens("Second")
        assert (await world.told_to(payments)).content == "ours: Second"
        world.wecom.add_robot("rotated")
        await shop.secret("rotated")
        await asyncio.sleep(1.1)  # for so long a key that was read holds
        await shop.happens("Third")
        assert "Third" in (await world.told("rotated")).content
        await payments.no_route()
        await daemon.log("route_withdrawn", route=f"{payments.namespace}/wecom")
        await payments.happens("Fourth")
        assert "Fourth" in (await world.told(PLATFORMS_KEY)).content
        assert not world.wecom.refused


async def test_a_route_sees_its_own_namespace_only(world: World) -> None:
    """Guard: the filter of a declared route. What it asks for of others, or of the cluster, is ignored and doubted."""
    payments, shop = world.payments, world.shop
    await payments.route(f"key_secret=wecom-robot&namespaces={shop.namespace},_cluster&level=Normal")
    node = {"kind": "Node", "name": "node-1"}
    async with world.daemon() as daemon:
        doubt = await daemon.log("route_doubtful", route=f"{payments.namespace}/wecom")
        assert "namespaces= and exclude_namespaces= are ignored" in doubt["detail"]
        await shop.happens("OfShop")
        body = {**shop.event("OfNode", involvedObject=node), "metadata": {"name": f"n-{shop.namespace}"}}
        world.cluster.request("POST", "/api/v1/namespaces/default/events", body).raise_for_status()
        await payments.happens("OfPayments")
        assert "OfPayments" in (await world.told_to(payments)).content
        await until(lambda: len([each for each in world.wecom.messages if each.key == PLATFORMS_KEY]) == 2)
        assert [each.key for each in world.wecom.messages].count(payments.key) == 1


async def test_no_event_claims_to_be_about_another_namespace(world: World) -> None:
    """Guard: the API server's own check, and ours behind it (tests/test_routing.py)."""
    about = {"kind": "Pod", "namespace": world.shop.namespace, "name": "api-0"}
    body = world.payments.event("Forged", involvedObject=about)
    answer = await world.payments.http.post(f"/api/v1/namespaces/{world.payments.namespace}/events", json=body)
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("reach", ["{other}/wecom-robot", "../{other}/secrets/wecom-robot", "..%2F{other}%2Fx"])
async def test_a_route_reads_secrets_of_its_own_namespace_only(world: World, reach: str) -> None:
    """Guard: where key_secret is looked for. The daemon may read the other's Secret; this route may not."""
    payments, shop = world.payments, world.shop
    await shop.route()
    await payments.route(f"key_secret={reach.format(other=shop.namespace)}")
    async with world.daemon() as daemon:
        await payments.happens("OfPayments")
        await until(lambda: any(_about(line, payments.namespace) for line in daemon.logs))
        await shop.happens("OfShop")
        assert "OfShop" in (await world.told_to(shop)).content
        # The platform's own group may have it, where the route was refused and is none.
        assert shop.key not in {each.key for each in world.wecom.requests if "OfPayments" in each.content}


def _about(line: dict[str, Any], namespace: str) -> bool:
    names = (line.get("route", ""), line.get("destination", "").removeprefix("wecom-"))
    return line["event"] in ("route_refused", "destination_broken") and any(
        each.startswith(namespace) for each in names
    )


async def test_a_team_opens_its_own_secret_only(world: World) -> None:
    """Guard: RBAC. A team that grants nothing is told so, and its neighbour's grant does not help it."""
    payments, shop = world.payments, world.shop
    await payments.grant("another")
    for team in (payments, shop):
        await team.route()
    async with world.daemon() as daemon:
        said = await daemon.log("destination_broken", destination=f"wecom-{payments.namespace}/wecom-robot")
        assert f"in a Role of namespace {payments.namespace}" in said["detail"]
        for team in (payments, shop):
            await team.happens("BackOff")
        await world.told_to(shop)
        assert payments.key not in world.keys_used()


@pytest.mark.parametrize("option", ["custom_body_configmap=words", "custom_body_configmap_namespace={other}"])
async def test_a_route_reads_config_maps_of_its_own_namespace_only(world: World, option: str) -> None:
    """Guard: what a declared sink may say. Another namespace's template can't be named at all."""
    payments, shop = world.payments, world.shop
    words = {"content": '{"msgtype":"text","text":{"content":"words of shop"}}'}
    await shop.write("configmaps", {"metadata": {"name": "words"}, "data": words})
    await payments.route(f"key_secret=wecom-robot&{option.format(other=shop.namespace)}")
    async with world.daemon() as daemon:
        refused = await daemon.log("route_refused", route=f"{payments.namespace}/wecom")
        assert "is not for declared routes" in refused["problem"]


@pytest.mark.parametrize(
    "sink",
    [
        "wecom:?api={elsewhere}&key=any",
        "wecom:?api=http://{allowed}@{host}&key=any",
        "webhook:{elsewhere}/cgi-bin/webhook/send?key=any",
        "webhook:{elsewhere}/hook?method=POST",
        "webhook:http://127.0.0.1/hook?method=POST",
        "webhook:http://127.0.0.1.example.com/hook?method=POST",
    ],
)
async def test_a_route_posts_to_allowed_hosts_only(world: World, sink: str) -> None:
    """Guard: --route-allowed-hosts, which names a host with its port, and nothing that begins or ends like it."""
    host, allowed = urlsplit(world.elsewhere_url).netloc, urlsplit(world.url).netloc
    written = sink.format(elsewhere=world.elsewhere_url, host=host, allowed=allowed)
    await world.payments.route(sink=written)
    async with world.daemon() as daemon:
        refused = await daemon.log("route_refused", route=f"{world.payments.namespace}/wecom")
        assert "declared routes may not send there" in refused["problem"] or "no address" in refused["problem"]
        await world.payments.happens("BackOff")
        await world.told(PLATFORMS_KEY)
        assert not world.elsewhere.requests


async def test_no_redirect_leads_elsewhere(world: World) -> None:
    """Guard: redirects are not followed. An allowed host that answers with one has not taken the message."""
    there = f"{world.elsewhere_url}/cgi-bin/webhook/send?key=any"
    await world.payments.route()
    # 307 keeps the method and the body.
    world.wecom.faults.plan(Answer(status=307, headers={"location": there}))
    async with world.daemon():
        await world.payments.happens("BackOff")
        assert "BackOff" in (await world.told_to(world.payments)).content
        assert not world.elsewhere.requests


@pytest.mark.parametrize(("content", "problem"), [(GREEDY, "steps"), (HUGE, "output")], ids=["steps", "output"])
async def test_a_template_is_bounded_and_slows_nobody(world: World, content: str, problem: str) -> None:
    """Guard: the steps and the output of a declared template. The event is told in the built-in words."""
    payments, shop = world.payments, world.shop
    await payments.route(content=content)
    await shop.route()
    async with world.daemon() as daemon:
        for number in range(10):
            await payments.happens(f"Storm{number}", message="x" * 1000)
        started_at = time.monotonic()
        await shop.happens("OfShop")
        assert "OfShop" in (await world.told_to(shop)).content
        assert time.monotonic() - started_at < 2
        assert "Storm" in (await world.told_to(payments)).content
        failed = await daemon.log("template_failed", config_map=f"{payments.namespace}/wecom")
        assert problem in failed["problem"]


async def test_a_template_has_a_size(world: World) -> None:
    """Guard: the size of a declared template."""
    await world.payments.route(content=" " * 32 * 1024 + "x")
    async with world.daemon() as daemon:
        refused = await daemon.log("route_refused", route=f"{world.payments.namespace}/wecom")
        assert "has more than 32768 bytes" in refused["problem"]


async def test_a_namespace_has_twenty_routes(world: World) -> None:
    """Guard: the number of routes, over all ConfigMaps of a namespace; the other's are not counted."""
    payments, shop = world.payments, world.shop
    sink = f"wecom:?api={world.url}&key_secret=wecom-robot"
    for name in ("x", "y"):
        data = {f"sink.r{number}": sink for number in range(12)}
        await payments.write("configmaps", {"metadata": {"name": name, "labels": LABELS}, "data": data})
    await shop.route()
    async with world.daemon() as daemon, await daemon.ready() as http:
        await daemon.log("route_declared", route=f"{shop.namespace}/wecom")
        routes = (await http.get("/routes")).json()["routes"]
        states = [each["state"] for each in routes if each["route"].startswith(payments.namespace)]
        assert sorted(states) == ["ok"] * 20 + ["refused"] * 4


@pytest.mark.parametrize("msgtype", ["text", "markdown", "markdown_v2"])
async def test_no_event_mentions_or_forges_in_a_group(world: World, msgtype: str) -> None:
    """Guard: what is done to an event's text. Also in the platform's group, where a team's events may be told."""
    payments, shop = world.payments, world.shop
    await shop.route(f"key_secret=wecom-robot&msgtype={msgtype}")
    evil = '<@all> <@boss> @all [click](http://evil.example) \n# big\n```\n<font color="info">ok</font>'
    async with world.daemon() as daemon:
        await daemon.log("route_declared", route=f"{shop.namespace}/wecom")
        await payments.happens("Evil", message=evil)
        await shop.happens("Evil", message=evil)
        for message in (await world.told(PLATFORMS_KEY), await world.told_to(shop)):
            assert message.mentions == ()
            if message.kind == "markdown":
                assert "](http" not in message.content
                assert "\n# big" not in message.content
            if message.kind == "markdown_v2":  # it stands in a fence, which it must not end
                assert message.content.count("```") == 2
