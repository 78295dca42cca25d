"""The follower of labelled objects on both API servers."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from kube_wecom_eventer.kube import labelled
from kube_wecom_eventer.kube.labelled import LabelledFollower, LabelledObject
from tests.support.api_servers import Server
from tests.support.wire import Wire


class Followed:
    """What a follower has told: the objects as they are now, and every call."""

    def __init__(self, server: Server, *, path: str = "/api/v1/configmaps") -> None:
        self.server = server
        self.wire = Wire(server)
        self.now: dict[tuple[str, str], LabelledObject] = {}
        self.told: list[str] = []
        self._told = asyncio.Event()
        # Of this test alone: the real server is shared.
        self.label = {f"{server.namespace}/route": "true"}
        self.follower = LabelledFollower(
            client=self.wire.api,
            path=path,
            selector=f"{server.namespace}/route=true",
            subject="routes",
            changed=self._changed,
            gone=self._gone,
            rng=random.Random(1),
        )

    def _changed(self, item: LabelledObject) -> None:
        self.told.append(f"+{item.name}")
        self.now[item.namespace, item.name] = item
        self._told.set()

    def _gone(self, namespace: str, name: str) -> None:
        self.told.append(f"-{name}")
        del self.now[namespace, name]
        self._told.set()

    def data(self) -> dict[str, str]:
        """The one value of each object."""
        return {name: item.data.get("k", "") for (_, name), item in self.now.items()}

    async def becomes(self, **data: str) -> None:
        await self.until(lambda: self.data() == data)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it."""
        try:
            async with asyncio.timeout(40):
                while not condition():
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            raise AssertionError(f"{self.data()} {self.told} {self.follower.trouble!r}") from None

    async def create(self, name: str, value: str, *, labelled: bool = True) -> None:
        metadata = {"name": name, "labels": self.label if labelled else {}}
        await self.server.create(self.server.config_maps, {"metadata": metadata, "data": {"k": value}})

    async def edit(self, name: str, **change: Any) -> None:
        """Patch as kubectl does."""
        answer = await self.server.client.patch(
            f"{self.server.config_maps}/{name}", json=change, headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.is_success, answer.text

    async def delete(self, name: str) -> None:
        assert (await self.server.client.delete(f"{self.server.config_maps}/{name}")).is_success


@contextlib.asynccontextmanager
async def followed(server: Server, **options: Any) -> AsyncIterator[Followed]:
    it = Followed(server, **options)
    task = asyncio.create_task(it.follower.follow())
    try:
        yield it
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("everywhere", [True, False])
async def test_an_objects_life(server: Server, everywhere: bool) -> None:
    """Created, edited, without its label, with it again, deleted; a neighbour without one is never told."""
    path = "/api/v1/configmaps" if everywhere else server.config_maps
    async with followed(server, path=path) as it:
        await it.follower.synced.wait()
        await it.create("other", "x", labelled=False)
        await it.create("a", "1")
        await it.becomes(a="1")
        item = it.now[server.namespace, "a"]
        assert item.uid
        assert item.labels == it.label
        await it.edit("a", data={"k": "2"}, metadata={"annotations": {"note": "n"}})
        await it.becomes(a="2")
        assert it.now[server.namespace, "a"].annotations == {"note": "n"}
        await it.edit("a", metadata={"labels": dict.fromkeys(it.label)})
        await it.becomes()
        await it.edit("a", data={"k": "3"})
        await it.edit("other", metadata={"labels": it.label})
        await it.edit("a", metadata={"labels": it.label})
        await it.becomes(a="3", other="x")
        await it.delete("a")
        await it.becomes(other="x")
        assert it.told == ["+a", "+a", "-a", "+other", "+a", "-a"]


async def test_what_is_there_comes_in_pages(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, and the watch after them."""
    monkeypatch.setattr(labelled, "_PAGE", 2)
    names = [f"m{number}" for number in range(5)]
    for name in names:
        await Followed(server).create(name, "1")
    async with followed(server) as it:
        await it.follower.synced.wait()
        assert it.told == [f"+{name}" for name in names]
        assert sum("continue" in query for query in it.wire.queries) == 2
        await it.edit("m3", data={"k": "2"})
        await it.until(lambda: it.data()["m3"] == "2")


async def test_a_restart_of_the_api_server_is_resumed_from(server: Server) -> None:
    """Nothing that did not change is told again."""
    async with followed(server) as it:
        await it.create("a", "1")
        await it.create("b", "1")
        await it.becomes(a="1", b="1")
        server.break_watches()
        await it.edit("b", data={"k": "2"})
        await it.becomes(a="1", b="2")
        await it.delete("a")
        await it.becomes(b="2")
        assert it.told == ["+a", "+b", "+b", "-a"]


async def test_a_position_that_is_compacted_is_listed_again(server: Server) -> None:
    """410, after an outage in which objects came, changed and went."""
    async with followed(server) as it:
        for name in ("a", "b", "c"):
            await it.create(name, "1")
        await it.becomes(a="1", b="1", c="1")
        it.wire.broken = True
        server.break_watches()
        await it.edit("b", data={"k": "2"})
        await it.delete("c")
        await it.create("d", "1")
        server.compact()
        # The real one keeps recent changes in memory, beside etcd: only a new process knows no more than that.
        server.break_watches()
        it.wire.queries.clear()
        it.wire.broken = False
        await it.becomes(a="1", b="2", d="1")
        assert [query for query in it.wire.queries if query.get("limit") == str(labelled._PAGE)]
        assert it.told[3:] == ["+b", "+d", "-c"]


async def test_namespaces_are_followed_too(server: Server) -> None:
    """They have no namespace and no data."""
    async with followed(server, path="/api/v1/namespaces") as it:
        await it.follower.synced.wait()
        answer = await server.client.patch(
            f"/api/v1/namespaces/{server.namespace}",
            json={"metadata": {"labels": it.label}},
            headers={"Content-Type": "application/merge-patch+json"},
        )
        assert answer.is_success
        await it.until(lambda: bool(it.now))
        assert it.now["", server.namespace].data == {}
        assert it.label.items() <= it.now["", server.namespace].labels.items()
