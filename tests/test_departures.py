from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from kube_wecom_eventer.config.filter import FilterSettings
from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.departures import LINGER, MOST, Departures
from kube_wecom_eventer.match import EventFilter, Route
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Terms
from kube_wecom_eventer.render import LogWording
from kube_wecom_eventer.routing import RouteTable, Way
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time


def way(name: str, *, destination: str = "", template: str | None = None) -> Way:
    terms = Terms(route=name, wording=LogWording(), sink=ScriptedSink())
    route = Route(name=name, filter=EventFilter(FilterSettings()), destination=destination or f"to-{name}")
    settings = parse_sink("log:", number=1, environ={}, problems=[], warnings=[])
    assert settings is not None
    return Way(settings=settings, route=route, identity=name, terms=terms, merges=False, template=template)


class Going:
    """Routes that come and go, and what is exported of them."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.routes = RouteTable()
        self.routes.set("args", [way("args")])
        self.departures = Departures(metrics=self.metrics, routes=self.routes)
        self.declare("args", way("args"))

    def declare(self, source: str, *ways: Way) -> None:
        """Let a source declare just these, and count something for each."""
        self.routes.set(source, ways)
        for each in ways:
            self.count(each.route.name)
            destination = each.route.destination
            self.metrics.failed.labels(destination=destination, reason="timeout").inc()
            self.metrics.delivery.labels(destination=destination).observe(1.0)
            self.departures.last_told[each.route.name] = datetime.now(UTC)
            if each.template:
                self.metrics.template_failures.labels(template=each.template, stage="parse").inc()

    def count(self, route: str) -> None:
        self.metrics.dropped.labels(route=route, reason="route_removed").inc()

    def exported(self, word: str) -> int:
        """How many lines of the exposition have a word in quotes."""
        return self.metrics.exposition().decode().count(f'"{word}"')


@asynccontextmanager
async def going() -> AsyncIterator[Going]:
    it = Going()
    task = asyncio.create_task(it.departures.run())
    await asyncio.sleep(0)
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_what_was_counted_last_of_a_route_can_be_scraped_and_then_goes() -> None:
    """Also of its destination and its template; what stays is not touched."""
    async with going() as it:
        it.declare("shop/cm", way("shop/cm", destination="robot", template="shop/cm"))
        it.routes.set("shop/cm", [])
        it.count("shop/cm")
        before = it.exported("args")
        await asyncio.sleep(LINGER - 1)
        text = it.metrics.exposition().decode()
        assert 'kube_wecom_eventer_events_dropped_total{reason="route_removed",route="shop/cm"} 2.0' in text
        assert it.exported("robot") > 0
        await asyncio.sleep(2)
        assert (it.exported("shop/cm"), it.exported("robot")) == (0, 0)
        assert (it.exported("args"), set(it.departures.last_told)) == (before, {"args"})


@virtual_time
async def test_who_comes_back_in_time_goes_on_counting() -> None:
    """A ConfigMap that is deleted and applied again is no new route to Prometheus; a later end counts from there."""
    async with going() as it:
        it.declare("shop/cm", way("shop/cm"))
        it.routes.set("shop/cm", [])
        await asyncio.sleep(LINGER / 2)
        it.declare("shop/cm", way("shop/cm"))
        await asyncio.sleep(LINGER)
        labels = {"route": "shop/cm", "reason": "route_removed"}
        assert it.metrics.registry.get_sample_value("kube_wecom_eventer_events_dropped_total", labels) == 2
        it.routes.set("shop/cm", [])
        await asyncio.sleep(LINGER - 1)
        assert it.exported("shop/cm") > 0
        await asyncio.sleep(2)
        assert it.exported("shop/cm") == 0


@virtual_time
async def test_a_destination_stays_while_one_route_has_it() -> None:
    """Several routes share a robot; the last one takes it along, an edited one leaves the old."""
    async with going() as it:
        it.declare("a/cm", way("a/cm", destination="robot"))
        it.declare("b/cm", way("b/cm", destination="robot"))
        it.routes.set("a/cm", [])
        await asyncio.sleep(LINGER + 1)
        assert (it.exported("a/cm"), it.exported("robot") > 0) == (0, True)
        it.declare("b/cm", way("b/cm", destination="another"))
        await asyncio.sleep(LINGER + 1)
        assert (it.exported("robot"), it.exported("another") > 0, it.exported("b/cm") > 0) == (0, True, True)


@virtual_time
async def test_names_without_end_do_not_grow_what_is_exported() -> None:
    """Far more routes than there may be at a time come and go within the minutes that each would stay."""
    async with going() as it:
        sizes = []
        for number in range(3 * MOST):
            name = f"shop/{number}"
            it.declare("shop/cm", way(name, template=name))
            if number % 49 == 0:
                sizes.append(len(it.metrics.exposition().splitlines()))
        assert max(sizes) < 1.1 * max(sizes[: len(sizes) // 3])
        assert it.exported(f"shop/{3 * MOST - 1}") > 0
        assert len(it.departures.last_told) < MOST
        await asyncio.sleep(LINGER + 1)
        assert (it.exported(f"shop/{3 * MOST - 2}"), it.exported("args") > 0) == (0, True)


@virtual_time
async def test_what_is_counted_for_a_route_of_an_earlier_process_goes_too() -> None:
    """It waited in the checkpoint, and its route is no more: that is counted, scraped, and goes."""
    async with going() as it:
        it.departures.count_for("of-the-checkpoint")
        it.count("of-the-checkpoint")
        await asyncio.sleep(LINGER - 1)
        assert it.exported("of-the-checkpoint") == 1
        await asyncio.sleep(2)
        assert it.exported("of-the-checkpoint") == 0
