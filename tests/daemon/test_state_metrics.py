"""What the metrics say of how things are, and that it ends with what it is about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.status import forbidden
from kube_wecom_eventer.demo.store import Key
from tests.daemon.conftest import Demo, lists_of
from tests.daemon.test_faults_api import refused
from tests.support.daemon import PATIENCE, DaemonProcess

USER = "system:serviceaccount:default:eventer"
LABELS = {"kube-wecom-eventer.io/route": "true"}


class Exported:
    """The samples of a daemon's /metrics, under their names without our prefix."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def text(self) -> str:
        return (await self._http.get("/metrics")).text

    async def samples(self, name: str) -> dict[str, float]:
        """Return a metric's values by their labels, as they are written."""
        found = {}
        for line in (await self.text()).splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == f"kube_wecom_eventer_{name}":
                found[sample.partition("{")[2].rstrip("}")] = float(value)
        return found

    async def become(self, name: str, wanted: dict[str, float]) -> None:
        """Wait until a metric has just these values."""
        values: dict[str, float] = {}
        try:
            async with asyncio.timeout(PATIENCE):
                while (values := await self.samples(name)) != wanted:  # noqa: ASYNC110 nobody tells when it changes
                    await asyncio.sleep(0.05)
        except TimeoutError:
            assert values == wanted
            raise

    async def reach(self, name: str, label: str, least: float) -> None:
        """Wait until the metric's samples with a label are that much in sum."""
        async with asyncio.timeout(PATIENCE):
            while sum(v for labels, v in (await self.samples(name)).items() if label in labels) < least:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.05)


@asynccontextmanager
async def exported(daemon: DaemonProcess) -> AsyncIterator[Exported]:
    async with await daemon.ready() as http:
        yield Exported(http)


def declare(demo: Demo, namespace: str, sink: str, **data: str) -> None:
    """Write a route, or write it anew."""
    key = Key("configmaps", namespace, "wecom")
    metadata = {"name": "wecom", "namespace": namespace, "labels": LABELS}
    body: dict[str, Any] = {"kind": "ConfigMap", "metadata": metadata, "data": {"sink": sink, **data}}
    if demo.api.store.find(key) is None:
        demo.api.store.create(key, body)
    else:
        demo.api.store.update(key, body)


def event_of(demo: Demo, namespace: str, reason: str) -> None:
    about = {"kind": "Pod", "namespace": namespace, "name": "api-7d4b9"}
    demo.event(reason, involvedObject=about, metadata={"namespace": namespace, "name": reason.lower()})


def arguments(demo: Demo) -> tuple[str, ...]:
    host = demo.group.url.removeprefix("http://")
    return (demo.group.sink(), "--namespace-routes", f"--route-allowed-hosts={host}")


async def test_a_declared_route_is_counted_by_its_state(demo: Demo) -> None:
    """What can't be a route; what was edited into something wrong; what is gone leaves no figure at all."""
    sink = f"wecom:?api={demo.group.url}&key=x"
    declare(demo, "shop", sink)
    declare(demo, "pay", "wecom:?api=http://elsewhere&key=x")

    def states(ok: int, refused: int, unchanged: int, *, namespace: str) -> dict[str, float]:
        counts = {"ok": ok, "refused": refused, "unchanged": unchanged}
        return {f'route_namespace="{namespace}",state="{state}"': count for state, count in counts.items()}

    async with demo.daemon(*arguments(demo)) as daemon, exported(daemon) as figures:
        pay = states(0, 1, 0, namespace="pay")
        await figures.become("declared_routes", {**states(1, 0, 0, namespace="shop"), **pay})
        assert 'destination="wecom-' in next(
            labels for labels in await figures.samples("route_info") if 'route="shop/wecom"' in labels
        )
        declare(demo, "shop", "wecom:?api=http://elsewhere&key=x")
        await figures.become("declared_routes", {**states(0, 0, 1, namespace="shop"), **pay})
        demo.api.store.delete(Key("configmaps", "shop", "wecom"))
        await figures.become("declared_routes", pay)
        assert not [labels for labels in await figures.samples("route_info") if "shop" in labels]


async def test_a_template_is_unusable_until_it_is_mended_or_gone(demo: Demo) -> None:
    """Missing, then there, then broken; and one that a namespace declares, which takes its figure along."""
    declare(demo, "shop", f"wecom:?api={demo.group.url}&key=x", content="{{ .Nonsense }")
    sink = demo.group.sink("custom_body_configmap=tpl")
    async with demo.daemon(sink, *arguments(demo)[1:]) as daemon, exported(daemon) as figures:
        shop = {'template="shop/wecom"': 1.0}
        await figures.become("template_unusable", {'template="default/tpl"': 1.0, **shop})
        demo.config_map("tpl", '{"msgtype":"text","text":{"content":"{{ .Reason }}"}}')
        await figures.become("template_unusable", {'template="default/tpl"': 0.0, **shop})
        demo.config_map("tpl", "{{ end }}")
        demo.api.store.delete(Key("configmaps", "shop", "wecom"))
        await figures.become("template_unusable", {'template="default/tpl"': 1.0})


async def test_what_waits_for_a_broken_destination_is_shown_until_its_route_ends(demo: Demo) -> None:
    """Then what waited is counted as dropped, and that stays to be scraped; the destination's state does not."""
    declare(demo, "shop", f"wecom:?api={demo.group.url}&key_secret=robot")
    async with demo.daemon(*arguments(demo)) as daemon, exported(daemon) as figures:
        ours = 'destination="wecom-shop/robot"'
        await daemon.log("route_declared", route="shop/wecom")
        event_of(demo, "shop", "One")
        await daemon.log("destination_broken", routes=["shop/wecom"])
        for name in ("destination_broken", "events_pending", "messages_failed_total"):
            await figures.reach(name, ours, 1)
        await figures.reach("events_waiting_seconds", ours, 0.2)
        demo.api.store.delete(Key("configmaps", "shop", "wecom"))
        await daemon.log("event_dropped", reason="route_removed", route="shop/wecom")
        for name in ("destination_broken", "events_pending", "events_waiting_seconds"):
            assert ours not in await figures.samples(name), name
        dropped = 'reason="route_removed",route="shop/wecom"'
        assert (await figures.samples("events_dropped_total"))[dropped] == 1


@pytest.mark.parametrize(
    ("resource", "objects"), [("configmaps", "routes"), ("namespaces", "namespaces")], ids=["routes", "namespaces"]
)
async def test_objects_that_may_not_be_read_are_shown(demo: Demo, resource: str, objects: str) -> None:
    """Nobody is told of an event by a route that can't be read; and it ends when the right is granted."""
    may_not = refused(forbidden("list", resource, user=USER))
    demo.api.faults.plan(may_not, when=lists_of(resource), times=4)
    sink = demo.group.sink("namespace_selector=team%3Dshop")
    async with demo.daemon(sink, *arguments(demo)[1:]) as daemon, exported(daemon) as figures:
        good = {'objects="config_maps"': 0.0, 'objects="namespaces"': 0.0, 'objects="routes"': 0.0}
        await figures.become("objects_unreadable", {**good, f'objects="{objects}"': 1.0})
        await daemon.log(f"{objects}_unreadable")
        await figures.become("objects_unreadable", good)
        await daemon.log(f"{objects}_readable")


async def test_a_checkpoint_that_cannot_be_written_is_shown(demo: Demo) -> None:
    """As long as it lasts."""
    may_not = refused(forbidden("create", "configmaps", user=USER))
    demo.api.faults.plan(may_not, when=lambda request: request.method == "POST", times=2)
    async with (
        demo.daemon("--checkpoint=configmap:default/position", *arguments(demo)) as daemon,
        exported(daemon) as figures,
    ):
        await figures.become("checkpoint_broken", {"": 1.0})
        assert (await figures.samples("checkpoint_writes_total"))['result="failed"'] >= 1


async def test_the_api_server_was_heard_of_just_now(demo: Demo) -> None:
    """By the daemon's own wall clock; and the process tells its memory under the usual name."""
    async with demo.daemon(*arguments(demo)) as daemon, exported(daemon) as figures:
        await demo.watched()
        (heard,) = (await figures.samples("watch_last_heard_timestamp_seconds")).values()
        assert abs(time.time() - heard) < PATIENCE
        assert "\nprocess_resident_memory_bytes " in await figures.text()
