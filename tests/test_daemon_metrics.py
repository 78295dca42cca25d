"""A whole daemon on a virtual clock: what its metrics say over minutes that nobody wants to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from kube_wecom_eventer.app import Daemon
from kube_wecom_eventer.building import HttpClients
from kube_wecom_eventer.config import load_settings
from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.store import Key, ObjectStore
from kube_wecom_eventer.demo.wecom import WeComGroup
from kube_wecom_eventer.departures import LINGER
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from tests.support.network import Link
from tests.support.virtual_time import virtual_time

WALL = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
ROUTE = Key("configmaps", "shop", "wecom")
SERVER = "http://api.test"


def wall() -> datetime:
    return WALL + timedelta(seconds=asyncio.get_running_loop().time())


class Network(Link):
    """Each sink has an HTTP client of its own, and they all share this: one that closes must not end the others'."""

    async def aclose(self) -> None:
        """Do nothing."""


class World:
    """An API server, a WeCom group, a daemon, and the link to each."""

    def __init__(self) -> None:
        self.api = ApiServer(store=ObjectStore(clock=wall, random=Random(1)), random=Random(2))
        self.to_api = Link(self.api)
        self.to_wecom = Network(WeComGroup(keys=["key"], clock=wall))
        self.daemon: Daemon

    def declare(self) -> None:
        metadata = {"namespace": "shop", "name": "wecom", "labels": {"kube-wecom-eventer.io/route": "true"}}
        sink = "wecom:?key=key&level=Warning"
        self.api.store.create(ROUTE, {"kind": "ConfigMap", "metadata": metadata, "data": {"sink": sink}})

    def event(self, reason: str) -> None:
        about = {"kind": "Pod", "namespace": "shop", "name": "api", "uid": "1"}
        metadata = {"namespace": "shop", "name": reason.lower()}
        self.api.create_event({"type": "Warning", "reason": reason, "involvedObject": about, "metadata": metadata})

    def exported(self) -> str:
        return self.daemon.metrics.exposition().decode()

    def value(self, name: str) -> float:
        return self.daemon.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}") or 0.0

    def silence(self) -> float:
        """How long the API server has not been heard of, in seconds."""
        return wall().timestamp() - self.value("watch_last_heard_timestamp_seconds")


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    it = World()
    settings = load_settings(["--namespace-routes", "--checkpoint=none"], environ={})
    connection = Connection(server=SERVER, described="a test", namespace="default")
    async with AsyncExitStack() as stack:
        client = ApiClient(connection=connection, transport=it.to_api)
        stack.push_async_callback(client.aclose)
        it.daemon = Daemon(
            settings=settings,
            connection=connection,
            client=client,
            clients=HttpClients(stack, transport=it.to_wecom),
            identity="me",
            now=wall,
            rng=Random(3),
        )
        running = asyncio.create_task(it.daemon.tell())
        await asyncio.sleep(5)
        try:
            yield it
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await Link.aclose(it.to_wecom)


@virtual_time
async def test_what_is_exported_of_a_route_goes_some_minutes_after_it() -> None:
    """With what was dropped when it ended; the daemon runs on."""
    async with world() as it:
        it.declare()
        await asyncio.sleep(5)
        it.to_wecom.cut()
        it.event("BackOff")
        await asyncio.sleep(5)
        it.api.store.delete(ROUTE)
        await asyncio.sleep(LINGER / 2)
        assert 'events_dropped_total{reason="route_removed",route="shop/wecom"} 1.0' in it.exported()
        await asyncio.sleep(LINGER)
        assert "shop/wecom" not in it.exported()
        it.to_wecom.mend()
        it.declare()
        await asyncio.sleep(5)
        it.event("Failed")
        await asyncio.sleep(5)
        assert 'events_told_total{route="shop/wecom"} 1.0' in it.exported()


@virtual_time
async def test_a_peer_that_falls_silent_shows_within_minutes_and_so_does_its_return() -> None:
    """Nothing closes the connection, so the watch stays open; kube-eventer's own figure goes on meanwhile."""
    async with world() as it:
        it.declare()
        await asyncio.sleep(1000)
        assert it.silence() <= 301
        it.to_api.cut()
        await asyncio.sleep(200)
        assert it.silence() >= 200
        eventer = it.daemon.metrics.registry.get_sample_value("eventer_scraper_last_time_seconds")
        assert wall().timestamp() - (eventer or 0) == 0
        await asyncio.sleep(1000)
        assert it.silence() >= 1200
        it.to_api.mend()
        await asyncio.sleep(120)
        assert it.silence() <= 120
