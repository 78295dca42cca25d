from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.kube.labelled import LabelledFollower, LabelledObject
from tests.support.scripted import (
    Answer,
    ScriptedApi,
    json_answer,
    status_answer,
    status_body,
    watch_answer,
    watch_line,
)
from tests.support.virtual_time import virtual_time

FOREVER = 10_000_000.0


def config_map(name: str, version: int, **data: str) -> dict[str, Any]:
    metadata = {"namespace": "team", "name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": metadata, "data": data}


def listing(version: int, *items: dict[str, Any], more: str = "") -> httpx.Response:
    return json_answer({"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)})


def bookmark(version: int) -> bytes:
    """As the API server sends it."""
    metadata = {"resourceVersion": str(version), "creationTimestamp": None}
    return watch_line("BOOKMARK", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata})


class Following:
    """A follower over answers in the order in which they are asked for; ``told`` is what it told."""

    def __init__(self, *answers: Answer, path: str = "/api/v1/configmaps", selector: str = "route=true") -> None:
        self._answers = list(answers)
        self.api = ScriptedApi(self._next)
        self.times: list[float] = []
        self.told: list[Any] = []
        self.objects: list[LabelledObject] = []
        self.follower = LabelledFollower(
            client=self.api.client,
            path=path,
            selector=selector,
            subject="routes",
            changed=self._changed,
            gone=lambda namespace, name: self.told.append(f"-{name}"),
            rng=random.Random(1),
        )

    def _next(self, _request: httpx.Request) -> Answer:
        self.times.append(asyncio.get_running_loop().time())
        return self._answers.pop(0) if self._answers else watch_answer(FOREVER)

    def _changed(self, item: LabelledObject) -> None:
        self.objects.append(item)
        self.told.append((item.name, *item.data.values()))

    async def run(self, seconds: float = 3600.0) -> list[Any]:
        """Follow for some virtual seconds and return what was told; all answers must have been asked for."""
        task = asyncio.create_task(self.follower.follow())
        await asyncio.sleep(seconds)
        assert not task.done(), task.exception()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert self._answers == []
        return self.told

    def asked(self) -> list[str]:
        """Return what each request asked for: a page, the newest version, or a watch from one."""
        return [self._name(dict(request.url.params)) for request in self.api.requests]

    @staticmethod
    def _name(query: dict[str, str]) -> str:
        if "watch" in query:
            return f"watch {query['resourceVersion']}"
        return "newest" if query["limit"] == "1" else f"list {query.get('continue', '')}".strip()


@virtual_time
async def test_objects_are_told_as_they_are_and_as_they_change() -> None:
    """Those of the selector only; bookmarks are asked for."""
    it = Following(
        listing(5, config_map("a", 3, k="1")),
        watch_answer(
            watch_line("ADDED", config_map("b", 6, k="1")),
            watch_line("MODIFIED", config_map("a", 7, k="2")),
            watch_line("DELETED", config_map("b", 8, k="1")),
            FOREVER,
        ),
    )
    assert await it.run() == [("a", "1"), ("b", "1"), ("a", "2"), "-b"]
    (pages, watch) = [dict(request.url.params) for request in it.api.requests]
    assert pages == {"labelSelector": "route=true", "limit": "10"}
    assert 240 <= int(watch.pop("timeoutSeconds")) <= 300
    assert watch == {
        "labelSelector": "route=true",
        "allowWatchBookmarks": "true",
        "watch": "1",
        "resourceVersion": "5",
    }


@virtual_time
async def test_an_object_is_told_with_its_metadata() -> None:
    """What is missing is empty; an empty selector is none."""
    metadata = {"name": "team", "uid": "u", "resourceVersion": "3", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    bare = {"metadata": {"name": "bare", "resourceVersion": "4", "labels": None}, "data": None}
    it = Following(listing(5, {"metadata": metadata, "spec": {}}, bare), path="/api/v1/namespaces", selector="")
    await it.run()
    assert it.objects == [
        LabelledObject(namespace="", name="team", uid="u", labels={"a": "b"}, annotations={"c": "d"}, data={}),
        LabelledObject(namespace="", name="bare", uid="", labels={}, annotations={}, data={}),
    ]
    assert "labelSelector" not in dict(it.api.requests[0].url.params)


@virtual_time
async def test_a_watch_that_ends_is_resumed_from_the_last_version_seen() -> None:
    """A bookmark counts as seen, so does a deletion; nothing is listed or told again."""
    it = Following(
        listing(5, config_map("a", 3)),
        watch_answer(watch_line("ADDED", config_map("b", 6)), bookmark(90), 250.0),
        listing(95),
        watch_answer(watch_line("DELETED", config_map("b", 97)), httpx.ReadError("reset")),
        httpx.ConnectError("refused"),
        listing(98),
        watch_answer(watch_line("MODIFIED", config_map("a", 99, k="2")), FOREVER),
    )
    assert await it.run() == [("a",), ("b",), "-b", ("a", "2")]
    assert it.asked() == ["list", "watch 5", "newest", "watch 90", "newest", "newest", "watch 97"]


@pytest.mark.parametrize("as_line", [True, False])
def test_410_lists_again_and_disturbs_nothing_that_did_not_change(as_line: bool) -> None:
    """What changed is told, what vanished is gone, what is new is new."""

    @virtual_time
    async def scenario() -> None:
        line = watch_answer(watch_line("ERROR", status_body(410, "Expired")))
        it = Following(
            listing(5, config_map("a", 3), config_map("b", 4), config_map("c", 5)),
            line if as_line else status_answer(410, "Expired"),
            listing(50, config_map("a", 3), config_map("c", 40, k="2"), config_map("d", 41)),
        )
        with capture_logs() as logs:
            assert await it.run() == [("a",), ("b",), ("c",), ("c", "2"), ("d",), "-b"]
        assert it.asked() == ["list", "watch 5", "list", "watch 50"]
        assert logs == []

    scenario()


@virtual_time
async def test_410_after_a_long_outage_is_listed_at_once() -> None:
    """The delay had grown for a server that did not answer. A second 410 in a row waits again."""
    it = Following(
        listing(5),
        watch_answer(),
        *[httpx.ConnectError("refused")] * 10,
        listing(50),
        status_answer(410, "Expired"),
        listing(50),
        status_answer(410, "Expired"),
        listing(51, config_map("a", 50)),
    )
    assert await it.run() == [("a",)]
    assert it.asked()[-6:] == ["newest", "watch 5", "list", "watch 50", "list", "watch 51"]
    newest, _, first, _, second, _ = it.times[-6:]
    assert newest == first
    assert second - first > 10


@virtual_time
async def test_a_list_comes_in_pages() -> None:
    """The watch goes on from the first one's version; nothing is gone before the last one is there."""
    it = Following(
        listing(5, config_map("b", 3)),
        status_answer(410, "Expired"),
        listing(20, config_map("a", 11), more="p2"),
        status_answer(410, "Expired"),  # the continue token: the list starts again
        listing(30, config_map("a", 11), more="p2"),
        listing(32, config_map("b", 3), more="p3"),
        listing(33, config_map("c", 32)),
        watch_answer(watch_line("ADDED", config_map("c", 32)), watch_line("ADDED", config_map("d", 34)), FOREVER),
    )
    assert await it.run() == [("b",), ("a",), ("c",), ("d",)]
    assert it.asked() == ["list", "watch 5", "list", "list p2", "list", "list p2", "list p3", "watch 30"]


@virtual_time
async def test_a_server_restored_from_an_older_state_is_listed_again_wholly() -> None:
    """Its versions may have been given a second time, so they say nothing."""
    it = Following(
        listing(500, config_map("a", 3), config_map("b", 450)),
        watch_answer(),
        listing(100),
        listing(101, config_map("a", 3), more="p2"),
        status_answer(500, "InternalError"),
        listing(102, config_map("a", 3)),
        watch_answer(watch_line("ADDED", config_map("b", 450)), FOREVER),
    )
    with capture_logs() as logs:
        assert await it.run() == [("a",), ("b",), ("a",), "-b", ("b",)]
    assert it.asked() == ["list", "watch 500", "newest", "list", "list p2", "list", "watch 102"]
    assert [entry["event"] for entry in logs] == ["routes_restored", "routes_unreadable", "routes_readable"]


@virtual_time
async def test_an_outage_is_said_once_and_ends_with_a_watch() -> None:
    """``asked`` is set by the first attempt, ``synced`` by the first list."""
    it = Following(
        *[httpx.ConnectError("refused")] * 6,
        httpx.Response(200, text="<html>"),
        json_answer({"metadata": {}}),
        listing(5),
        watch_answer(1000.0),
    )
    task = asyncio.create_task(it.follower.follow())
    with capture_logs() as logs:
        await asyncio.sleep(0.01)
        assert it.follower.asked.is_set()
        assert not it.follower.synced.is_set()
        assert it.follower.trouble == "ConnectError: refused"
        await asyncio.sleep(300)
        assert it.follower.synced.is_set()
        assert it.follower.trouble == ""
    task.cancel()
    assert [entry["event"] for entry in logs] == ["routes_unreadable"] * 3 + ["routes_readable"]
    assert (logs[0]["path"], logs[0]["labelSelector"]) == ("/api/v1/configmaps", "route=true")


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/api/v1/configmaps", '["configmaps"], verbs: ["list", "watch"]}, in a ClusterRole'),
        ("/api/v1/namespaces", '["namespaces"], verbs: ["list", "watch"]}, in a ClusterRole'),
        ("/api/v1/namespaces/t/configmaps", '["configmaps"], verbs: ["list", "watch"]}, in a Role of namespace t'),
    ],
    ids=["everywhere", "namespaces", "one namespace"],
)
def test_a_right_to_list_without_one_to_watch_hears_late_and_says_so(path: str, rule: str) -> None:
    """Once, with the rule that is missing."""

    @virtual_time
    async def scenario() -> None:
        it = Following(
            status_answer(403, "Forbidden"),
            listing(5, config_map("a", 3)),
            status_answer(403, "Forbidden"),
            listing(6, config_map("a", 6, k="2")),
            status_answer(403, "Forbidden"),
            listing(7, config_map("a", 6, k="2")),
            path=path,
        )
        with capture_logs() as logs:
            assert await it.run() == [("a",), ("a", "2")]
        assert [entry["event"] for entry in logs] == ["routes_unreadable", "routes_readable"]
        assert logs[0]["missing_rule"] == f'{{apiGroups: [""], resources: {rule}'

    scenario()


@pytest.mark.parametrize(
    "refusal",
    [lambda: status_answer(500, "InternalError"), lambda: httpx.ReadTimeout("silent")],
    ids=["500", "no answer"],
)
def test_where_no_watch_opens_changes_come_by_lists(refusal: Callable[[], Answer]) -> None:
    """Something in between may let lists through only. Once a watch opens, it is resumed again."""

    @virtual_time
    async def scenario() -> None:
        it = Following(
            listing(5, config_map("a", 3)),
            refusal(),
            listing(6, config_map("a", 6, k="2")),
            refusal(),
            listing(7),
            watch_answer(bookmark(9)),
            listing(9),
        )
        assert await it.run() == [("a",), ("a", "2"), "-a"]
        assert it.asked()[-3:] == ["watch 7", "newest", "watch 9"]

    scenario()


@virtual_time
async def test_an_object_that_cannot_be_read_costs_itself_only() -> None:
    """In a list and in a watch; what was told of it before stays, and its end is told."""
    bad = {"metadata": {"namespace": "team", "name": "bad", "resourceVersion": "4"}, "data": {"k": 1}}
    worse = {**config_map("a", 6), "data": []}
    it = Following(
        listing(5, config_map("a", 3), bad, {"metadata": {"resourceVersion": "4"}}, config_map("b", 5)),
        watch_answer(watch_line("MODIFIED", worse), watch_line("MODIFIED", config_map("b", 7, k="2"))),
        listing(7),
        status_answer(410, "Expired"),
        listing(8, worse, config_map("b", 7, k="2")),
    )
    with capture_logs() as logs:
        assert await it.run() == [("a",), ("b",), ("b", "2"), "-bad"]
    said = [(entry["event"], entry["object"]) for entry in logs]
    assert said == [
        ("routes_object_unreadable", "team/bad"),
        ("routes_object_unreadable", "one without a name"),
        ("routes_object_unreadable", "team/a"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"MODIFIED","object":{"metadata":\n',
        b'{"type":"MODIFIED","object":{"metadata":{"resourceVersion":"9"}}}\n',
        b'{"type":"MODIFIED","object":{"metadata":{"name":"\xff"}}}\n',
        b"[" * 5000 + b"\n",
    ],
    ids=["broken", "nameless", "bad UTF-8", "deep nesting"],
)
def test_a_line_that_names_no_object_ends_in_a_new_list(line: bytes) -> None:
    """It may have been anybody's change."""

    @virtual_time
    async def scenario() -> None:
        it = Following(
            listing(5, config_map("a", 3), config_map("b", 4)),
            watch_answer(line, FOREVER),
            listing(9, config_map("a", 8, k="2"), config_map("b", 4)),
        )
        assert await it.run() == [("a",), ("b",), ("a", "2")]

    scenario()


@virtual_time
async def test_a_server_that_ends_each_watch_at_once_is_not_asked_in_a_tight_loop() -> None:
    """And one that asks for time gets it."""
    answers: list[Answer] = [listing(5), watch_answer()]
    for _ in range(12):
        answers += [listing(5), watch_answer()]
    it = Following(*answers, status_answer(429, "TooManyRequests", headers={"retry-after": "30"}))
    task = asyncio.create_task(it.run(seconds=3600))
    await asyncio.sleep(100)
    assert len(it.api.requests) < 30
    await task
