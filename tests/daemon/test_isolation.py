"""Two teams and a platform: what one team writes in its namespace reaches nothing of the other's."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.daemon.conftest import Pipeline, until
from tests.daemon.test_namespace_routes import Tenant

KEYS = ("key-of-payments", "key-of-shop")

GREEDY = (
    '{{define "t0"}}{{.Count}}{{end}}'
    + "".join(
        f'{{{{define "t{n}"}}}}{{{{template "t{n - 1}" .}}}}{{{{template "t{n - 1}" .}}}}{{{{end}}}}'
        for n in range(1, 20)
    )
    + '{"msgtype":"text","text":{"content":"{{template "t19" .}}"}}'
)
"""A template of a few lines with half a million steps."""


@pytest.fixture
async def tenants(pipeline: Pipeline) -> tuple[Tenant, Tenant]:
    """Two teams, each with a robot of its own and a Secret with its key; neither is in the daemon's own namespace."""
    teams = []
    for _ in KEYS:
        namespace = f"test-{uuid4().hex[:8]}"
        answer = await pipeline.server.client.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
        assert answer.is_success
        teams.append(Tenant(replace(pipeline, server=replace(pipeline.server, namespace=namespace))))
    both = teams[0], teams[1]
    for tenant, key in zip(both, KEYS, strict=True):
        pipeline.group.wecom.add_robot(key)
        await tenant.secret(key)
    return both


async def told_by(pipeline: Pipeline, count: int) -> list[tuple[str, str]]:
    """Return the next messages: the key that they came with, and their first line."""
    messages = [await pipeline.group.message() for _ in range(count)]
    return sorted((message.key, message.content.split("\n")[0]) for message in messages)


async def test_each_team_gets_its_own_events_only(pipeline: Pipeline, tenants: tuple[Tenant, Tenant]) -> None:
    """Also where it asks for those of another namespace."""
    payments, shop = tenants
    await payments.route(f"key_secret=wecom-robot&repeat_interval=0&namespaces={shop.namespace}")
    await shop.route()
    async with pipeline.daemon(*payments.arguments) as daemon:
        await daemon.ready()
        await payments.pipeline.event("a", reason="OfPayments")
        await shop.pipeline.event("b", reason="OfShop")
        first, second = await told_by(pipeline, 2)
        assert (first[0], "OfPayments" in first[1]) == (KEYS[0], True)
        assert (second[0], "OfShop" in second[1]) == (KEYS[1], True)
        doubt = await daemon.log("route_doubtful", route=f"{payments.namespace}/wecom")
        assert "namespaces= and exclude_namespaces= are ignored" in doubt["detail"]
        assert len(pipeline.group.wecom.requests) == 2


@pytest.mark.parametrize("reach", ["{other}/wecom-robot", "../{other}/secrets/wecom-robot", "..%2F{other}%2Fx"])
async def test_no_team_reads_another_ones_secret(
    pipeline: Pipeline, tenants: tuple[Tenant, Tenant], reach: str
) -> None:
    """key_secret names a Secret of the own namespace, whatever stands in it."""
    payments, shop = tenants
    await payments.route(f"key_secret={reach.format(other=shop.namespace)}&repeat_interval=0")
    async with pipeline.daemon(*payments.arguments) as daemon:
        await daemon.ready()
        await payments.pipeline.event("a", reason="OfPayments")
        await until(lambda: any(line["event"] in ("route_refused", "destination_broken") for line in daemon.logs))
        await asyncio.sleep(0.3)
        assert not pipeline.group.wecom.requests
        assert KEYS[1] not in daemon.output


async def test_a_teams_greedy_template_costs_its_own_layout(pipeline: Pipeline, tenants: tuple[Tenant, Tenant]) -> None:
    """The other team's events are told as fast as ever."""
    payments, shop = tenants
    await payments.route(content=GREEDY)
    await shop.route()
    async with pipeline.daemon(*payments.arguments) as daemon:
        await daemon.ready()
        for number in range(40):
            await payments.pipeline.event(f"a{number}", reason="Storm", message=f"{'abcdefghij'[number % 10]} fails")
        started = time.monotonic()
        await shop.pipeline.event("b", reason="OfShop")
        await until(lambda: any(message.key == KEYS[1] for message in pipeline.group.wecom.messages))
        assert time.monotonic() - started < 2
        await until(lambda: any(message.key == KEYS[0] for message in pipeline.group.wecom.messages))
        assert await daemon.log("template_failed", config_map=f"{payments.namespace}/wecom")


async def test_a_team_has_twenty_routes_at_most(pipeline: Pipeline, tenants: tuple[Tenant, Tenant]) -> None:
    """In however many ConfigMaps; the other's are not counted."""
    payments, shop = tenants
    sink = f"wecom:?api={pipeline.group.url}&key_secret=wecom-robot"
    labels = {"kube-wecom-eventer.io/route": "true"}
    for name in ("x", "y"):
        data = {f"sink.r{number}": sink for number in range(12)}
        await payments.write("configmaps", name, metadata={"labels": labels}, data=data)
    await shop.route()
    async with pipeline.daemon(*payments.arguments) as daemon, await daemon.ready() as http:
        await daemon.log("route_declared", route=f"{shop.namespace}/wecom")
        states = [
            state
            for state in (await http.get("/routes")).json()["routes"]
            if f" {payments.namespace}/" in state["source"]
        ]
        assert sorted(state["state"] for state in states) == ["ok"] * 20 + ["refused"] * 4
        problems = [line["problem"] for line in daemon.logs if line["event"] == "route_refused"]
        assert f"namespace {payments.namespace} has 20 routes already; remove one" in problems


async def test_no_event_of_one_team_speaks_in_another_ones_group(
    pipeline: Pipeline, tenants: tuple[Tenant, Tenant]
) -> None:
    """Text from an event mentions nobody and forges no markup, in the platform's group neither."""
    payments, shop = tenants
    await shop.route("key_secret=wecom-robot&msgtype=markdown&repeat_interval=0")
    async with pipeline.daemon(*payments.arguments, pipeline.group.sink("msgtype=markdown")) as daemon:
        await daemon.ready()
        await payments.pipeline.event("a", reason="Evil", message="<@all> <@boss> [click](http://evil) \n# big")
        message = await pipeline.group.message()
        assert message.mentions == ()
        assert "](http" not in message.content
        assert not [each for each in pipeline.group.wecom.messages if each.key == KEYS[1]]
