"""The demo's API server and a real kube-apiserver give the same answers to what the daemon asks.

Every test runs on both. Where the real server does what one would not expect, a comment says so: it is the
demo that had to follow.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.api_servers import Line, Server


def status(answer: httpx.Response) -> tuple[int, str | None, Any]:
    """What a client acts upon: code, reason and details, the first checked against the HTTP status."""
    body = answer.json()
    assert (body["kind"], body["apiVersion"], body["status"]) == ("Status", "v1", "Failure")
    assert body["code"] == answer.status_code
    return body["code"], body.get("reason"), body.get("details")


def named(lines: list[Line]) -> list[tuple[str, str]]:
    """Type and name of each line."""
    return [(line["type"], line["object"]["metadata"]["name"]) for line in lines]


def revision(line: Line) -> int:
    """The resourceVersion of a line."""
    return int(line["object"]["metadata"]["resourceVersion"])


# Lists


async def test_a_list_carries_kind_version_and_items_without_their_own(server: Server) -> None:
    """A list says its kind and resourceVersion; its items carry no kind and no apiVersion."""
    created = await server.create(server.events, server.event("one"))

    listed = (await server.client.get(server.events)).json()

    assert (listed["kind"], listed["apiVersion"]) == ("EventList", "v1")
    assert int(listed["metadata"]["resourceVersion"]) >= int(created["metadata"]["resourceVersion"])
    assert [each["metadata"]["name"] for each in listed["items"]] == ["one"]
    assert not {"kind", "apiVersion"} & listed["items"][0].keys()


async def test_a_cluster_wide_list_holds_all_namespaces(server: Server) -> None:
    """Without a namespace in the path, events of every namespace are listed."""
    await server.create(server.events, server.event("here"))
    elsewhere = server.event("elsewhere", involvedObject={"kind": "Node", "name": "node-1"})
    elsewhere["metadata"]["generateName"] = elsewhere["metadata"].pop("name") + "-"
    await server.create("/api/v1/namespaces/default/events", elsewhere)

    listed = (await server.client.get("/api/v1/events")).json()

    assert {server.namespace, "default"} <= {each["metadata"]["namespace"] for each in listed["items"]}


async def test_an_unknown_namespace_is_an_empty_list(server: Server) -> None:
    """Listing in a namespace that does not exist is no error."""
    answer = await server.client.get("/api/v1/namespaces/no-such-namespace/events")

    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_pages_show_the_state_of_the_first_one(server: Server) -> None:
    """Pages come by name and show one consistent state, whatever is created between them."""
    for name in ("a", "b", "c", "d", "e"):
        await server.create(server.events, server.event(name))

    first = (await server.client.get(server.events, params={"limit": 2})).json()
    await server.create(server.events, server.event("bb"))
    token = first["metadata"]["continue"]
    second = (await server.client.get(server.events, params={"limit": 2, "continue": token})).json()
    token = second["metadata"]["continue"]
    third = (await server.client.get(server.events, params={"limit": 2, "continue": token})).json()

    pages = [[each["metadata"]["name"] for each in page["items"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    assert [page["metadata"].get("remainingItemCount") for page in (first, second, third)] == [3, 1, None]
    assert "continue" not in third["metadata"]
    assert len({page["metadata"]["resourceVersion"] for page in (first, second, third)}) == 1


async def test_a_continue_token_expires_with_its_snapshot(server: Server) -> None:
    """After a compaction the next page is 410, with a token that goes on without a consistent view."""
    for name in ("a", "b", "c"):
        await server.create(server.events, server.event(name))
    token = (await server.client.get(server.events, params={"limit": 1})).json()["metadata"]["continue"]
    await server.create(server.events, server.event("d"))
    server.compact()

    expired = await server.client.get(server.events, params={"limit": 1, "continue": token})
    assert status(expired) == (410, "Expired", None)
    token = expired.json()["metadata"]["continue"]
    rest = (await server.client.get(server.events, params={"continue": token})).json()

    assert [each["metadata"]["name"] for each in rest["items"]] == ["b", "c", "d"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "x"},
        {"continue": "garbage"},
        {"resourceVersion": "abc"},
        {"fieldSelector": "nosuch=1"},
        {"fieldSelector": "reason"},
        {"labelSelector": "a in 1"},
    ],
)
async def test_a_senseless_query_is_400(server: Server, query: dict[str, str]) -> None:
    """What can't be parsed is refused as BadRequest."""
    assert status(await server.client.get(server.events, params=query)) == (400, "BadRequest", None)


async def test_a_list_from_the_future_times_out(server: Server) -> None:
    """A list that must not be older than a resourceVersion that does not exist yet gets 504."""
    code, reason, details = status(
        await server.client.get(server.events, params={"resourceVersion": "99999999"}, timeout=10)
    )

    assert (code, reason) == (504, "Timeout")
    assert details["causes"][0]["reason"] == "ResourceVersionTooLarge"


# Selectors


@pytest.mark.parametrize(
    ("query", "selected"),
    [
        ({"fieldSelector": "reason=BackOff"}, {"a", "b"}),
        ({"fieldSelector": "reason!=BackOff"}, {"c"}),
        ({"fieldSelector": "reason==BackOff,type=Normal"}, {"b"}),
        ({"fieldSelector": "metadata.name=c"}, {"c"}),
        ({"fieldSelector": "involvedObject.kind=Pod,involvedObject.name=other"}, {"c"}),
        ({"labelSelector": "team"}, {"a", "b"}),
        ({"labelSelector": "!team"}, {"c"}),
        ({"labelSelector": "team=red"}, {"a"}),
        ({"labelSelector": "team!=red"}, {"b", "c"}),
        ({"labelSelector": "team in (red, blue)"}, {"a", "b"}),
        ({"labelSelector": "team notin (red)"}, {"b", "c"}),
        ({"labelSelector": "team", "fieldSelector": "type=Warning"}, {"a"}),
    ],
)
async def test_selectors(server: Server, query: dict[str, str], selected: set[str]) -> None:
    """Field and label selectors choose the same events."""
    other = {"kind": "Pod", "namespace": server.namespace, "name": "other"}
    red, blue = ({"name": name, "labels": {"team": team}} for name, team in (("a", "red"), ("b", "blue")))
    await server.create(server.events, server.event("", metadata=red))
    await server.create(server.events, server.event("", metadata=blue, type="Normal"))
    await server.create(server.events, server.event("c", reason="Failed", involvedObject=other))

    listed = (await server.client.get(server.events, params=query)).json()

    assert {each["metadata"]["name"] for each in listed["items"]} == selected


async def test_a_change_can_enter_and_leave_a_selection(server: Server) -> None:
    """For a watch with a selector, an object that starts to match is ADDED, one that stops is DELETED."""
    version = await server.version(server.events)
    created = await server.create(server.events, server.event("one", reason="Pulled"))
    path = f"{server.events}/one"
    await server.client.put(path, json={**created, "reason": "BackOff"})
    await server.client.put(path, json={**created, "reason": "Killing", "metadata": {"name": "one"}})

    async with server.watch(server.events, resourceVersion=version, fieldSelector="reason=BackOff") as watch:
        lines = [await watch.next(), await watch.next()]

    assert [line["type"] for line in lines] == ["ADDED", "DELETED"]
    # The deletion shows the object as this client last knew it, with the revision of the later change.
    assert lines[1]["object"]["reason"] == "BackOff"
    assert revision(lines[0]) < revision(lines[1])


# Watches


async def test_a_watch_from_a_list_tells_each_change_in_order(server: Server) -> None:
    """From a list's resourceVersion on: ADDED, MODIFIED, DELETED, with increasing versions."""
    version = await server.version(server.events)
    async with server.watch(server.events, resourceVersion=version) as watch:
        created = await server.create(server.events, server.event("one"))
        await server.client.put(f"{server.events}/one", json={**created, "count": 2})
        await server.client.delete(f"{server.events}/one")
        lines = [await watch.next() for _ in range(3)]

    assert named(lines) == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]
    revisions = [int(version), *(revision(line) for line in lines)]
    assert revisions == sorted(set(revisions))
    assert {(line["object"]["kind"], line["object"]["apiVersion"]) for line in lines} == {("Event", "v1")}
    assert watch.response.headers["content-type"] == "application/json"


async def test_a_watch_resumes_after_the_last_version_seen(server: Server) -> None:
    """A second watch goes on where the first one ended."""
    version = await server.version(server.events)
    for name in ("one", "two", "three"):
        await server.create(server.events, server.event(name))
    async with server.watch(server.events, resourceVersion=version) as watch:
        seen = await watch.next()

    async with server.watch(server.events, resourceVersion=revision(seen)) as watch:
        lines = [await watch.next(), await watch.next()]

    assert named([seen, *lines]) == [("ADDED", "one"), ("ADDED", "two"), ("ADDED", "three")]


async def test_a_rewrite_without_a_change_is_not_told(server: Server) -> None:
    """A PUT of what is already there keeps the resourceVersion, and no watch hears of it."""
    created = await server.create(server.events, server.event("one"))

    again = (await server.client.put(f"{server.events}/one", json=created)).json()

    assert again["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


@pytest.mark.parametrize("version", ["", "0"])
async def test_a_watch_from_no_version_begins_with_what_is_there(server: Server, version: str) -> None:
    """Without a resourceVersion, or with 0, a watch first tells all objects as ADDED."""
    await server.create(server.events, server.event("old"))
    async with server.watch(server.events, resourceVersion=version) as watch:
        lines = [await watch.next()]
        await server.create(server.events, server.event("new"))
        lines.append(await watch.next())

    assert named(lines) == [("ADDED", "old"), ("ADDED", "new")]


async def test_a_watch_from_a_compacted_version_is_told_410_inside_a_200(server: Server) -> None:
    """410 comes as one ERROR line, and the watch ends."""
    version = await server.version(server.events)
    for name in ("one", "two", "three"):
        await server.create(server.events, server.event(name))
    server.compact()

    async with server.watch(server.events, resourceVersion=version) as watch:
        lines = await watch.rest()

    # The HTTP status is 200: who only looks there takes the end for a quiet watch.
    assert watch.response.status_code == 200
    assert [line["type"] for line in lines] == ["ERROR"]
    error = lines[0]["object"]
    assert (error["kind"], error["code"], error["reason"]) == ("Status", 410, "Expired")


async def test_an_open_watch_outlives_a_compaction(server: Server) -> None:
    """Compaction is for positions in the past: a watch that is open goes on."""
    version = await server.version(server.events)
    async with server.watch(server.events, resourceVersion=version) as watch:
        await server.create(server.events, server.event("one"))
        assert named([await watch.next()]) == [("ADDED", "one")]
        server.compact()
        await server.create(server.events, server.event("two"))
        assert named([await watch.next()]) == [("ADDED", "two")]


async def test_a_watch_from_the_future_is_silent(server: Server) -> None:
    """A resourceVersion that does not exist yet is no error: 200, and changes up to it are not told."""
    version = int(await server.version(server.events)) + 1000
    async with server.watch(server.events, resourceVersion=version, timeoutSeconds=1) as watch:
        await server.create(server.events, server.event("one"))
        lines = await watch.rest()

    assert (watch.response.status_code, lines) == (200, [])


async def test_timeout_seconds_ends_a_watch_cleanly(server: Server) -> None:
    """After timeoutSeconds the stream is complete, without an error."""
    started = asyncio.get_running_loop().time()
    async with server.watch(
        server.events, resourceVersion=await server.version(server.events), timeoutSeconds=1
    ) as watch:
        lines = await watch.rest()

    assert lines == []
    assert 0.9 < asyncio.get_running_loop().time() - started < 3


async def test_no_bookmarks_come_for_events(server: Server) -> None:
    """Asking for bookmarks on events gives none, so a quiet watch's position grows old."""
    version = await server.version(server.events)
    async with server.watch(
        server.events, resourceVersion=version, timeoutSeconds=2, allowWatchBookmarks="true"
    ) as watch:
        assert await watch.rest() == []


async def test_a_watch_with_a_bad_version_is_500(server: Server) -> None:
    """A resourceVersion that is no number is answered 500 without a reason, where a list says 400."""
    async with server.watch(server.events, resourceVersion="abc") as watch:
        await watch.response.aread()

    assert status(watch.response) == (500, None, None)


async def test_a_watch_with_an_unknown_field_is_400(server: Server) -> None:
    """A bad selector is refused before the stream starts."""
    async with server.watch(server.events, fieldSelector="nosuch=1") as watch:
        await watch.response.aread()

    assert status(watch.response) == (400, "BadRequest", None)


async def test_one_config_map_is_watched_by_its_name(server: Server) -> None:
    """metadata.name as a field selector follows one ConfigMap, deletion and second creation included."""
    await server.create(server.config_maps, {"metadata": {"name": "other"}, "data": {"content": "x"}})
    version = await server.version(server.config_maps)
    mine = {"metadata": {"name": "mine"}, "data": {"content": "v1"}}
    async with server.watch(server.config_maps, resourceVersion=version, fieldSelector="metadata.name=mine") as watch:
        await server.create(server.config_maps, mine)
        await server.client.put(f"{server.config_maps}/other", json={"metadata": {"name": "other"}})
        await server.client.put(f"{server.config_maps}/mine", json={**mine, "data": {"content": "v2"}})
        await server.client.delete(f"{server.config_maps}/mine")
        await server.create(server.config_maps, mine)
        lines = [await watch.next() for _ in range(4)]

    assert [line["type"] for line in lines] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    assert [line["object"]["data"]["content"] for line in lines] == ["v1", "v2", "v2", "v1"]


async def test_config_maps_have_their_own_words_for_an_unknown_field(server: Server) -> None:
    """A field that only events have is refused for ConfigMaps."""
    answer = await server.client.get(server.config_maps, params={"fieldSelector": "reason=x"})

    assert status(answer) == (400, "BadRequest", None)
    assert "not a known field selector" in answer.json()["message"]
