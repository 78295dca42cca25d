"""The demo's cluster: its API server on a port, its first objects, and the events that happen in it.

Owns when an event comes to be. Knows nothing of messages and of how things are shown.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from random import Random

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.asgi import Application
from kube_wecom_eventer.demo.records import Clock
from kube_wecom_eventer.demo.resources import CONFIG_MAPS, EVENTS, NAMESPACES
from kube_wecom_eventer.demo.scenario import NAMESPACES as TEAMS
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.store import Key, ObjectStore

EVENTS_LIVE = timedelta(minutes=10)  # a real server keeps them for an hour; nobody here looks back that far
REBIND_TIMEOUT = 10.0  # seconds in which the port of a server that comes back must be free


class Port:
    """An app on a port of loopback, which it can leave and come back to, as a server that restarts."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._serving = contextlib.AsyncExitStack()
        self.url = ""

    async def open(self) -> None:
        """Serve: on a free port at first, on the same one later. Raises OSError where that is taken."""
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        async with asyncio.timeout(REBIND_TIMEOUT):
            while True:
                try:
                    self.url = await self._serving.enter_async_context(serve(self._app, port=port))
                except OSError:
                    if not port:
                        raise
                    await asyncio.sleep(0.1)  # a client of this machine may hold it for a moment
                else:
                    return

    async def close(self) -> None:
        """End all connections and refuse new ones."""
        await self._serving.aclose()


class Cluster:
    """``created`` hears of each event that is new or newer, whoever wrote it, and whether it is one of very many."""

    def __init__(self, *, random: Random, clock: Clock, created: Callable[[JsonObject, bool], None]) -> None:
        self.api = ApiServer(store=ObjectStore(clock=clock, random=random), random=random)
        self.port = Port(self.api)
        self._created = created
        self._seen = self.api.store.revision
        self._one_of_many = False
        self.api.store.subscribe(self._look)
        for name in TEAMS:
            content = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}
            self.api.store.create(Key(NAMESPACES.full_name, "", name), NAMESPACES.decode(content))

    def create(self, event: JsonObject, *, one_of_many: bool = False) -> None:
        """Create the event, or write it anew where one of its name exists."""
        self._one_of_many = one_of_many
        self.api.create_event(event)
        self._one_of_many = False

    def _look(self) -> None:
        """Tell what has been written; the store calls this at each write."""
        for change in self.api.store.since(self._seen):
            self._seen = change.revision
            if change.key.resource == EVENTS.full_name and change.type != "DELETED":
                self._created(change.now, self._one_of_many)

    def set_config_map(self, namespace: str, name: str, data: dict[str, str]) -> None:
        """Create a ConfigMap, or replace its data."""
        key = Key(CONFIG_MAPS.full_name, namespace, name)
        content = CONFIG_MAPS.decode(
            {
                "kind": CONFIG_MAPS.kind,
                "apiVersion": CONFIG_MAPS.api_version,
                "metadata": {"name": name, "namespace": namespace},
                "data": data,
            }
        )
        if self.api.store.find(key) is None:
            self.api.store.create(key, content)
        else:
            self.api.store.update(key, content)

    def forget_old_events(self) -> None:
        """Delete old events: a demo that is left running for a day must not grow."""
        self.api.store.expire(EVENTS.full_name, older_than=EVENTS_LIVE)

    async def watched(self, resource: str) -> None:
        """Return once somebody watches it."""
        while not self.api.open_watches(resource):  # noqa: ASYNC110 (seldom, and soon)
            await asyncio.sleep(0.05)
