"""Labelled ConfigMaps, Namespaces and Secrets on both API servers: listed and watched by a labelSelector.

The real server keeps these kinds in a cache of its own, which it does not do with events: so their watches may differ
from those, and have tests of their own.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api_servers import Line, Server

MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


class Kind:
    """One kind of object: where its objects are, and how one is changed."""

    def __init__(self, server: Server, kind: str) -> None:
        self.server = server
        self.kind = kind
        # Of this test alone: namespaces are for all.
        self.label = f"{server.namespace}/route"
        self.prefix = f"{server.namespace}-" if kind == "namespaces" else ""
        self.path = f"/api/v1/{kind}" if kind == "namespaces" else f"/api/v1/namespaces/{server.namespace}/{kind}"

    async def create(self, name: str, **labels: str) -> dict[str, Any]:
        metadata = {"name": self.prefix + name, "labels": self._labels(labels)}
        return await self.server.create(self.path, {"metadata": metadata})

    async def label_with(self, name: str, **labels: str | None) -> None:
        body = {"metadata": {"labels": self._labels(labels)}}
        path = f"{self.path}/{self.prefix}{name}"
        answer = await self.server.client.patch(path, json=body, headers=MERGE_PATCH)
        assert answer.is_success, answer.text

    def _labels(self, labels: dict[str, Any]) -> dict[str, Any]:
        return {f"{self.server.namespace}/{name}": value for name, value in labels.items()}

    def seen(self, line: Line) -> tuple[str, str, dict[str, str]]:
        """Type, name and labels of a line, as this test wrote them."""
        metadata = line["object"]["metadata"]
        labels = {name.rpartition("/")[2]: value for name, value in metadata.get("labels", {}).items()}
        labels.pop("metadata.name", None)
        return line["type"], metadata["name"].removeprefix(self.prefix), labels


@pytest.fixture(params=["configmaps", "namespaces", "secrets"])
def kind(request: pytest.FixtureRequest, server: Server) -> Kind:
    return Kind(server, request.param)


async def test_a_list_holds_what_bears_the_label(kind: Kind) -> None:
    """In pages as well, over all namespaces as well."""
    for name in ("a", "b", "c"):
        await kind.create(name, route="true")
    await kind.create("d", route="false")
    await kind.create("e")

    query: dict[str, str | int] = {"labelSelector": f"{kind.label}=true", "limit": 2}
    everywhere = f"/api/v1/{kind.kind}"
    first = (await kind.server.client.get(everywhere, params=query)).json()
    query["continue"] = first["metadata"]["continue"]
    second = (await kind.server.client.get(everywhere, params=query)).json()

    pages = [[item["metadata"]["name"].removeprefix(kind.prefix) for item in page["items"]] for page in (first, second)]
    assert pages == [["a", "b"], ["c"]]
    assert "remainingItemCount" not in first["metadata"]
    assert "continue" not in second["metadata"]
    # Every page names the version of the first.
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_objects_enter_and_leave_a_watch_with_their_label(kind: Kind, everywhere: bool) -> None:
    """ADDED and DELETED, whatever happened to the object; while it has no label it is not there."""
    path = f"/api/v1/{kind.kind}" if everywhere else kind.path
    version = await kind.server.version(kind.path)
    query = {"resourceVersion": version, "labelSelector": f"{kind.label}=true", "allowWatchBookmarks": "true"}
    async with kind.server.watch(path, **query) as watch:
        await kind.create("a")
        await kind.label_with("a", route="true")
        await kind.label_with("a", team="red")
        await kind.label_with("a", route="false")
        await kind.label_with("a", team="blue")
        await kind.label_with("a", route="true")
        await kind.label_with("a", route=None)
        lines = [await watch.next() for _ in range(5)]

    assert [kind.seen(line) for line in lines] == [
        ("ADDED", "a", {"route": "true"}),
        ("MODIFIED", "a", {"route": "true", "team": "red"}),
        ("DELETED", "a", {"route": "true", "team": "red"}),
        ("ADDED", "a", {"route": "true", "team": "blue"}),
        ("DELETED", "a", {"route": "true", "team": "blue"}),
    ]
    versions = [int(line["object"]["metadata"]["resourceVersion"]) for line in lines]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("name", ["configmaps", "secrets"])
async def test_a_deletion_is_seen_by_whom_the_object_was_selected(server: Server, name: str) -> None:
    """With a version above that of the last change: a position may go on from it."""
    kind = Kind(server, name)
    created = await kind.create("a", route="true")
    await kind.create("b")
    version = await server.version(kind.path)
    async with server.watch(kind.path, resourceVersion=version, labelSelector=f"{kind.label}=true") as watch:
        for each in ("b", "a"):
            await server.client.delete(f"{kind.path}/{each}")
        line = await watch.next()

    assert kind.seen(line) == ("DELETED", "a", {"route": "true"})
    assert line["object"]["metadata"]["uid"] == created["metadata"]["uid"]
    assert int(line["object"]["metadata"]["resourceVersion"]) > int(version)


async def test_a_quiet_watch_that_allows_bookmarks_has_nothing_else(kind: Kind) -> None:
    """A server may send them or not; what it sends has a version and nothing more."""
    await kind.create("a", route="true")
    version = await kind.server.version(kind.path)
    query = {"resourceVersion": version, "labelSelector": f"{kind.label}=true", "allowWatchBookmarks": "true"}
    async with kind.server.watch(kind.path, timeoutSeconds=3, **query) as watch:
        lines = await watch.rest()

    assert {line["type"] for line in lines} <= {"BOOKMARK"}
    assert all(int(line["object"]["metadata"]["resourceVersion"]) >= int(version) for line in lines)


async def test_a_watch_from_before_the_history_is_told_410_inside_a_200(kind: Kind) -> None:
    """The real server has to forget twice: its cache knows what etcd has compacted."""
    version = await kind.server.version(kind.path)
    await kind.create("a", route="true")
    await kind.create("b")
    kind.server.compact()
    kind.server.break_watches()
    async with kind.server.watch(kind.path, resourceVersion=version, labelSelector=f"{kind.label}=true") as watch:
        lines = await watch.rest()

    assert watch.response.status_code == 200
    assert [(line["type"], line["object"]["code"], line["object"]["reason"]) for line in lines] == [
        ("ERROR", 410, "Expired")
    ]
