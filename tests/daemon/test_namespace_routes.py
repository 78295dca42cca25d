"""Routes that teams declare in their own namespaces: applied, changed, deleted, rotated; and what they can't reach."""

from __future__ import annotations

import asyncio
import base64
import sys
from typing import Any
from urllib.parse import urlsplit

from tests.daemon.conftest import KEY, Pipeline, until

OTHER_KEY = "0c2d6f3e-other"


class Tenant:
    """A team with a namespace: what it writes there."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.namespace = pipeline.server.namespace
        self.host = urlsplit(pipeline.group.url).netloc

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("--namespace-routes", f"--route-allowed-hosts={self.host}", "--checkpoint=none")

    async def write(self, kind: str, name: str, **body: Any) -> None:
        """Create an object, or replace it."""
        path = f"/api/v1/namespaces/{self.namespace}/{kind}"
        metadata = {"name": name, **body.pop("metadata", {})}
        client = self.pipeline.server.client
        answer = await client.post(path, json={"metadata": metadata, **body})
        if answer.status_code == 409:
            answer = await client.put(f"{path}/{name}", json={"metadata": metadata, **body})
        assert answer.is_success, answer.text

    async def secret(self, key: str, name: str = "wecom-robot") -> None:
        """Keep a robot's key in a Secret."""
        await self.write("secrets", name, data={"key": base64.b64encode(key.encode()).decode()})

    async def route(self, options: str = "key_secret=wecom-robot&repeat_interval=0", **content: str) -> None:
        """Declare a route."""
        labels = {"kube-wecom-eventer.io/route": "true"}
        data = {"sink": f"wecom:?api={self.pipeline.group.url}&{options}", **content}
        await self.write("configmaps", "wecom", metadata={"labels": labels}, data=data)

    async def no_route(self) -> None:
        """Delete it."""
        answer = await self.pipeline.server.client.delete(f"{self.pipeline.server.config_maps}/wecom")
        assert answer.is_success


async def test_a_route_takes_effect_when_it_is_applied_and_ends_when_it_is_deleted(pipeline: Pipeline) -> None:
    """Within a second, without a restart."""
    tenant = Tenant(pipeline)
    async with pipeline.daemon(*tenant.arguments) as daemon:
        await daemon.ready()
        await pipeline.event("before", reason="Before")
        await tenant.secret(KEY)
        await tenant.route()
        await daemon.log("route_declared", route=f"{tenant.namespace}/wecom")
        await pipeline.event("one", reason="One")
        assert await pipeline.group.told() == "One"
        await tenant.no_route()
        await daemon.log("route_withdrawn")
        await pipeline.event("two", reason="Two")
        await tenant.route()
        declared = ("route_declared", f"{tenant.namespace}/wecom")
        await until(lambda: [(line["event"], line.get("route")) for line in daemon.logs].count(declared) == 2)
        await pipeline.event("three", reason="Three")
        assert await pipeline.group.told() == "Three"
        # The real server keeps what other tests have declared.
        own = [line for line in daemon.logs if line.get("route", "").startswith(tenant.namespace)]
        assert not [line for line in own if line["level"] in ("warning", "error")]


async def test_a_changed_route_tells_in_its_new_words(pipeline: Pipeline) -> None:
    """The template stands beside the sink."""
    tenant = Tenant(pipeline)
    await tenant.secret(KEY)
    await tenant.route(content='{"msgtype":"text","text":{"content":"first {{.Reason}}"}}')
    async with pipeline.daemon(*tenant.arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        assert (await pipeline.group.message()).content == "first One"
        await tenant.route(content='{"msgtype":"text","text":{"content":"second {{.Reason}}"}}')
        await until(lambda: len([line for line in daemon.logs if line["event"] == "template_loaded"]) == 2)
        await pipeline.event("two", reason="Two")
        assert (await pipeline.group.message()).content == "second Two"


async def test_a_rotated_key_is_used_from_the_next_message_on(pipeline: Pipeline) -> None:
    """Nothing waits for a restart, and nothing that waited is lost."""
    tenant = Tenant(pipeline)
    await tenant.secret(KEY)
    await tenant.route()
    async with pipeline.daemon(*tenant.arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        assert await pipeline.group.told() == "One"
        pipeline.group.wecom.remove_robot(KEY)
        pipeline.group.wecom.add_robot(OTHER_KEY)
        await tenant.secret(OTHER_KEY)
        await asyncio.sleep(1.1)
        await pipeline.event("two", reason="Two")
        message = await pipeline.group.message()
        assert (message.key, "Two" in message.content) == (OTHER_KEY, True)
        assert KEY not in daemon.output
        assert OTHER_KEY not in daemon.output


async def test_a_route_without_its_secret_waits_for_it(pipeline: Pipeline) -> None:
    """What is missing is said; its events stay, and are told soon after it is there."""
    tenant = Tenant(pipeline)
    await tenant.route("key_secret=missing-at-first&repeat_interval=0")
    async with pipeline.daemon(*tenant.arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        line = await daemon.log("destination_broken", destination=f"wecom-{tenant.namespace}/missing-at-first")
        assert f"{tenant.namespace}/missing-at-first" in line["detail"]
        await tenant.secret(KEY, "missing-at-first")
        assert await pipeline.group.told() == "One"


async def test_what_waits_follows_a_route_that_is_mended(pipeline: Pipeline) -> None:
    """The Secret's name was wrong: what waited leaves by the new one, at once."""
    tenant = Tenant(pipeline)
    await tenant.secret(KEY)
    await tenant.route("key_secret=wrong-name&repeat_interval=0")
    async with pipeline.daemon(*tenant.arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        await daemon.log("destination_broken")
        await pipeline.event("two", reason="Two")
        await tenant.route()
        assert [await pipeline.group.told(), await pipeline.group.told()] == ["One", "Two"]
        route = f"{tenant.namespace}/wecom"
        assert await daemon.metric("events_dropped_total", route=route, reason="route_removed") == 0


async def test_what_waits_for_a_route_that_is_deleted_is_counted(pipeline: Pipeline) -> None:
    """Nobody is told of it any more, and that is said."""
    tenant = Tenant(pipeline)
    await tenant.route("key_secret=wrong-name&repeat_interval=0")
    async with pipeline.daemon(*tenant.arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        route = f"{tenant.namespace}/wecom"
        await daemon.log("destination_broken", routes=[route])
        await pipeline.event("two", reason="Two")
        async with asyncio.timeout(10):
            while await daemon.metric("events_matched_total", route=route) < 2:  # noqa: ASYNC110 no event tells
                await asyncio.sleep(0.1)
        await tenant.no_route()
        await daemon.log("route_withdrawn", route=route)
        async with asyncio.timeout(10):
            while await daemon.metric("events_dropped_total", route=route, reason="route_removed") < 2:  # noqa: ASYNC110 no event tells
                await asyncio.sleep(0.1)
        assert not pipeline.group.wecom.messages


async def test_what_reaches_beyond_its_namespace_is_refused_in_words(pipeline: Pipeline) -> None:
    """Files of the daemon, hosts that the platform does not list, other ConfigMaps."""
    tenant = Tenant(pipeline)
    async with pipeline.daemon("--namespace-routes", "--checkpoint=none") as daemon:
        await daemon.ready()
        for options, words in (
            ("key_file=/etc/passwd", "key_file= is not for declared routes"),
            ("key_secret=other/wecom-robot/key/x", "no Secret's name; write key_secret=NAME"),
            ("key_secret=wecom-robot", f"ask the platform for --route-allowed-hosts={tenant.host}"),
        ):
            await tenant.route(options)
            await until(lambda words=words: any(words in line.get("problem", "") for line in daemon.logs))  # type: ignore[misc]
        await pipeline.event("one", reason="One")
        assert await daemon.metric("events_matched_total", route=f"{tenant.namespace}/wecom") == 0


async def test_a_platform_route_selects_namespaces_by_label_and_mentions_who_is_in_charge(pipeline: Pipeline) -> None:
    """One route for many teams: their namespaces say who they are."""
    tenant = Tenant(pipeline)
    client, path = pipeline.server.client, f"/api/v1/namespaces/{tenant.namespace}"
    annotations = {"kube-wecom-eventer.io/mentioned-list": "wangqing, lihua"}

    async def label(team: str) -> None:
        answer = await client.patch(
            path,
            json={"metadata": {"labels": {"team": team}, "annotations": annotations}},
            headers={"Content-Type": "application/merge-patch+json"},
        )
        assert answer.is_success, answer.text

    await label("payments")
    options = "namespace_selector=team in (payments,shop)&mention_owner=true"
    async with pipeline.daemon(pipeline.group.sink(options), "--checkpoint=none") as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        message = await pipeline.group.message()
        assert "One" in message.content
        assert message.mentions == ("wangqing", "lihua")
        await label("other")
        # The change of a label has no order with events: what follows waits until it is known.
        await asyncio.sleep(0.5)
        await pipeline.event("two", reason="Two")
        await label("shop")
        await asyncio.sleep(0.5)
        await pipeline.event("three", reason="Three")
        assert await pipeline.group.told() == "Three"


async def test_the_routes_can_be_asked_for(pipeline: Pipeline) -> None:
    """What is well, what is wrong and why: without any secret."""
    tenant = Tenant(pipeline)
    await tenant.secret(KEY)
    await tenant.route()
    async with (
        pipeline.daemon(*tenant.arguments, pipeline.group.sink("route=platform")) as daemon,
        await daemon.ready() as http,
    ):
        await daemon.log("route_declared")
        await pipeline.event("one", reason="One")
        for _ in range(2):
            assert await pipeline.group.told() == "One"
        own = f"{tenant.namespace}/wecom"
        states = {state["route"]: state for state in (await http.get("/routes")).json()["routes"]}
        assert (states[own]["state"], states[own]["source"]) == ("ok", f"ConfigMap {own}")
        assert states["platform"]["source"] == "args"
        await tenant.route("level=Wrong&key_secret=wecom-robot")
        await daemon.log("route_refused", route=own, used_instead="the last good route")
        states = {state["route"]: state for state in (await http.get("/routes")).json()["routes"]}
        assert (states[own]["state"], states[own]["trouble"].partition(":")[0]) == ("unchanged", "level=Wrong")
        assert KEY not in (await http.get("/routes")).text
        shown = await routes_command(str(http.base_url))
        assert "unchanged" in shown
        assert "level=Wrong: unknown level" in shown


async def routes_command(url: str) -> str:
    """Run the command as a person does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kube_wecom_eventer", "routes", f"--url={url}", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 1
    return out.decode()
