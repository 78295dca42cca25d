"""Candidates for one Lease on the demo's API server, each with a network link of its own; for the virtual clock."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.faults import Answer, When
from kube_wecom_eventer.demo.resources import LEASES
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.store import Key, ObjectStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.kube.leadership import LeaseLeadership
from tests.support.network import Link
from tests.support.scripted import status_body

NAME = ObjectName("default", "eventer")
KEY = Key(LEASES.full_name, NAME.namespace, NAME.name)
WALL = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def now() -> float:
    return asyncio.get_running_loop().time()


class Candidate:
    """One process: its link, its leadership, and when it led."""

    def __init__(self, api: ApiServer, identity: str, *, skew: timedelta, delay: Callable[[], float]) -> None:
        self.identity = identity
        self.link = Link(api, delay=delay)
        self.client = ApiClient(connection=Connection(server="http://api.test", described=""), transport=self.link)
        self.leadership = LeaseLeadership(
            client=self.client,
            name=NAME,
            identity=identity,
            now=lambda: WALL + skew + timedelta(seconds=now()),
            rng=random.Random(identity),
        )
        self.acquired: list[float] = []
        self.lost: list[float] = []
        self.task: asyncio.Task[None] | None = None

    async def lead(self) -> None:
        """Lead whenever that is possible."""
        while True:
            await self.leadership.acquire()
            self.acquired.append(now())
            await self.leadership.hold()
            self.lost.append(now())

    def start(self) -> Candidate:
        self.task = asyncio.create_task(self.lead())
        return self

    async def kill(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    @property
    def may_start(self) -> bool:
        return now() <= self.leadership.may_start_until()


class World:
    """An API server and the candidates for its one Lease."""

    def __init__(self) -> None:
        self.store = ObjectStore(clock=lambda: WALL, random=random.Random(1))
        self.api = ApiServer(store=self.store, random=random.Random(2))
        self.candidates: list[Candidate] = []

    def candidate(
        self, identity: str, *, skew: timedelta = timedelta(0), delay: Callable[[], float] = lambda: 0.0
    ) -> Candidate:
        self.candidates.append(Candidate(self.api, identity, skew=skew, delay=delay))
        return self.candidates[-1]

    @property
    def spec(self) -> JsonObject:
        spec: JsonObject = self.store.get(KEY)["spec"]
        return spec

    def write(self, spec: JsonObject | None, **metadata: Any) -> None:
        """Write the Lease as anybody may, past all rules of the API server."""
        content: JsonObject = {
            "kind": LEASES.kind,
            "apiVersion": LEASES.api_version,
            "metadata": {"name": NAME.name, "namespace": NAME.namespace, **metadata},
        }
        if spec is not None:
            content["spec"] = spec
        if self.store.find(KEY):
            self.store.update(KEY, content)
        else:
            self.store.create(KEY, content)

    def refuse(self, code: int, reason: str, *, when: When, times: int = 1) -> None:
        body = httpx.Response(code, json=status_body(code, reason)).content
        self.api.faults.plan(Answer(status=code, body=body), when=when, times=times)


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    made = World()
    try:
        yield made
    finally:
        for candidate in made.candidates:
            await candidate.kill()
            await candidate.client.aclose()
