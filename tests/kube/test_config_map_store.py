from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
import yaml

from kube_wecom_eventer.errors import CheckpointError, NewerWriter
from kube_wecom_eventer.kube.config_map_store import ConfigMapStore
from tests.support.api_servers import Server
from tests.support.scripted import Answer, ScriptedApi, json_answer, status_answer
from tests.support.wire import Wire

MINE, THEIRS = b'{"writer": "me"}', b'{"writer": "they"}'


def store_on(server: Server, *, writer: str = "me") -> tuple[ConfigMapStore, Wire]:
    wire = Wire(server)
    return ConfigMapStore(client=wire.api, namespace=server.namespace, name="positions", writer=writer), wire


async def stored(server: Server) -> dict[str, Any]:
    answer = await server.client.get(f"{server.config_maps}/positions")
    found: dict[str, Any] = answer.json()
    return found


async def patch(server: Server, change: dict[str, Any]) -> None:
    """Edit the ConfigMap as kubectl does."""
    answer = await server.client.patch(
        f"{server.config_maps}/positions", json=change, headers={"Content-Type": "application/merge-patch+json"}
    )
    assert answer.is_success, answer.text


async def test_the_config_map_that_it_creates_says_whose_it_is(server: Server) -> None:
    """The labels that Kubernetes recommends."""
    store, _ = store_on(server)
    assert store.described == f"ConfigMap {server.namespace}/positions"
    await store.write(MINE)
    found = await stored(server)
    assert found["data"] == {"checkpoint.json": MINE.decode()}
    assert found["metadata"]["labels"] == {
        "app.kubernetes.io/name": "kube-wecom-eventer",
        "app.kubernetes.io/managed-by": "kube-wecom-eventer",
    }


@pytest.mark.parametrize("exists", [False, True])
async def test_a_write_whose_answer_was_lost_is_no_conflict(server: Server, exists: bool) -> None:
    """It was applied: the next write finds our own document there, and goes on from it."""
    store, wire = store_on(server)
    if exists:
        await store.write(b'{"writer": "me", "count": 0}')
    wire.lose = 1
    with pytest.raises(CheckpointError, match=r"can't be written: ReadError: reset$") as caught:
        await store.write(b'{"writer": "me", "count": 1}')
    assert not isinstance(caught.value, NewerWriter)
    await store.write(b'{"writer": "me", "count": 2}')
    await store.write(b'{"writer": "me", "count": 3}')
    assert (await stored(server))["data"]["checkpoint.json"] == '{"writer": "me", "count": 3}'


@pytest.mark.parametrize("first", [False, True])
async def test_an_edit_that_leaves_the_checkpoint_alone_is_no_conflict(server: Server, first: bool) -> None:
    """Somebody labels the ConfigMap, or adds a key: it all stays. Also before our first write."""
    before, _ = store_on(server, writer="predecessor")
    await before.write(b'{"writer": "predecessor"}')
    store, _ = store_on(server)
    await store.read()
    if not first:
        await store.write(MINE)
    annotations = {"example.com/note": "keep me"}
    await patch(server, {"metadata": {"labels": {"team": "ops"}, "annotations": annotations}, "data": {"other": "x"}})
    await patch(server, {"binaryData": {"blob": "AAEC"}})
    for count in range(2):
        await store.write(b'{"writer": "me", "count": %d}' % count)
    found = await stored(server)
    assert found["data"] == {"other": "x", "checkpoint.json": '{"writer": "me", "count": 1}'}
    assert found["binaryData"] == {"blob": "AAEC"}
    assert found["metadata"]["labels"]["team"] == "ops"
    assert found["metadata"]["labels"]["app.kubernetes.io/name"] == "kube-wecom-eventer"
    assert found["metadata"]["annotations"] == annotations


async def test_a_key_that_somebody_takes_out_is_written_again(server: Server) -> None:
    """As a deletion."""
    store, _ = store_on(server)
    await store.write(MINE)
    await patch(server, {"data": {"checkpoint.json": None, "other": "x"}})
    await store.write(MINE)
    assert (await stored(server))["data"] == {"checkpoint.json": MINE.decode(), "other": "x"}


async def test_a_document_without_a_writer_is_somebody_elses(server: Server) -> None:
    """Whoever wrote it by hand wants it to be read."""
    store, _ = store_on(server)
    await store.write(MINE)
    await patch(server, {"data": {"checkpoint.json": "by hand"}})
    with pytest.raises(NewerWriter, match=r"by somebody who gives no name$") as caught:
        await store.write(MINE)
    assert caught.value.writer == ""
    with pytest.raises(NewerWriter):
        await store.keep_aside(b"{half")


async def test_somebody_who_creates_it_first_is_a_newer_writer(server: Server) -> None:
    """Between our look and our write."""
    store, wire = store_on(server)
    other, _ = store_on(server, writer="they")
    wire.cut_in = lambda: other.write(THEIRS)
    with pytest.raises(NewerWriter) as caught:
        await store.write(MINE)
    assert caught.value.writer == "they"
    assert (await stored(server))["data"] == {"checkpoint.json": THEIRS.decode()}


async def test_it_is_deleted_and_created_by_another_in_between(server: Server) -> None:
    """A name alone makes no ConfigMap the same."""
    store, _ = store_on(server)
    await store.write(MINE)
    await server.client.delete(f"{server.config_maps}/positions")
    await store_on(server, writer="they")[0].write(THEIRS)
    with pytest.raises(NewerWriter):
        await store.write(MINE)


async def test_one_that_never_rests_is_given_up(server: Server) -> None:
    """A controller that fights for a label must not keep us busy for ever; the next write tries again."""
    store, wire = store_on(server)
    await store.write(MINE)
    edits = 0

    async def edit() -> None:
        nonlocal edits
        edits += 1
        await patch(server, {"metadata": {"labels": {"edit": str(edits)}}})

    wire.cut_in = edit
    with pytest.raises(CheckpointError, match=r"can't be written: it changes again and again meanwhile$"):
        await store.write(b'{"writer": "me", "count": 1}')
    assert edits == 3
    wire.cut_in = None
    await store.write(b'{"writer": "me", "count": 2}')
    assert (await stored(server))["data"]["checkpoint.json"] == '{"writer": "me", "count": 2}'


async def test_what_is_kept_aside_leaves_room_for_a_checkpoint(server: Server) -> None:
    """A ConfigMap takes 1 MiB: the older one goes first, and what still does not fit is refused."""
    store, _ = store_on(server)
    await store.write(MINE)
    await patch(server, {"data": {"other": "x" * 300_000}})
    await store.keep_aside(b"1" * 200_000)
    await store.keep_aside(b"2" * 250_000)
    assert sorted(map(len, (await stored(server))["data"].values())) == [len(MINE), 200_000, 250_000, 300_000]
    await store.keep_aside(b"3" * 400_000)
    assert sorted(map(len, (await stored(server))["data"].values())) == [len(MINE), 300_000, 400_000]
    with pytest.raises(
        CheckpointError, match=r"has no room for 500000 more bytes beside a checkpoint; it takes 1 MiB$"
    ):
        await store.keep_aside(b"4" * 500_000)
    await store.write(b'{"writer": "me", "text": "%s"}' % (b"x" * 262_000))
    await patch(server, {"binaryData": {"blob": "AAAA" * 20_000}})
    with pytest.raises(CheckpointError, match=r"has no room"):
        await store.keep_aside(b"5" * 450_000)


async def test_a_namespace_that_is_not_there(server: Server) -> None:
    """In the API server's own words."""
    store = ConfigMapStore(client=Wire(server).api, namespace="nowhere", name="positions", writer="me")
    assert await store.read() is None
    with pytest.raises(
        CheckpointError, match=r'^ConfigMap nowhere/positions can\'t be written: 404 NotFound: .*"nowhere"'
    ):
        await store.write(MINE)


def scripted(*answers: Answer) -> tuple[ConfigMapStore, ScriptedApi]:
    script = list(answers)
    api = ScriptedApi(lambda _request: script.pop(0))
    return ConfigMapStore(client=api.client, namespace="ops", name="positions", writer="me"), api


async def test_missing_rights_are_shown_as_rules_to_paste() -> None:
    """All that the store needs, and where to: whoever adds them does so once."""
    for store, _ in (
        scripted(status_answer(403, "Forbidden")),
        scripted(status_answer(404, "NotFound"), status_answer(403, "Forbidden")),
    ):
        with pytest.raises(
            CheckpointError, match=r"can't be (read|written): 403 Forbidden: it is Forbidden$"
        ) as caught:
            await store.write(MINE)
        *rules, place = re.split(r", (?={|in a)", caught.value.hint)
        assert place == "in a Role of namespace ops"
        about = {"apiGroups": [""], "resources": ["configmaps"]}
        assert [yaml.safe_load(rule) for rule in rules] == [
            {**about, "verbs": ["create"]},
            {**about, "resourceNames": ["positions"], "verbs": ["get", "update"]},
        ]


@pytest.mark.parametrize(
    "answer",
    [
        status_answer(500, "InternalError"),
        status_answer(429, "TooManyRequests"),
        httpx.ConnectError("refused"),
        httpx.Response(200, text="nothing"),
        httpx.Response(200, html="<html>Please log in</html>"),
        json_answer([]),
        json_answer({"metadata": {}, "data": {"checkpoint.json": 7}}),
    ],
)
async def test_whatever_fails_is_one_clear_line(answer: Answer) -> None:
    """While reading, and while writing on what was read."""
    store, _ = scripted(answer)
    with pytest.raises(CheckpointError, match=r"^ConfigMap ops/positions can't be read: [^\n]+$") as caught:
        await store.read()
    assert caught.value.hint == ""
    store, _ = scripted(status_answer(404, "NotFound"), answer)
    with pytest.raises(CheckpointError, match=r"^ConfigMap ops/positions can't be written: [^\n]+$"):
        await store.write(MINE)


async def test_a_write_needs_one_request() -> None:
    """After the first look, and without what the API server knows better."""

    def config_map(version: int, text: str) -> httpx.Response:
        metadata = {"name": "positions", "resourceVersion": str(version), "managedFields": [{"manager": "kubectl"}]}
        return json_answer(
            {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"checkpoint.json": text}}
        )

    store, api = scripted(config_map(5, "old"), config_map(6, "one"), config_map(7, "two"))
    await store.read()
    await store.write(b'{"writer": "me"}')
    await store.write(b'{"writer": "me", "count": 2}')
    assert [request.method for request in api.requests] == ["GET", "PUT", "PUT"]
    sent = [json.loads(request.content) for request in api.requests[1:]]
    assert [each["metadata"] for each in sent] == [
        {"name": "positions", "resourceVersion": "5"},
        {"name": "positions", "resourceVersion": "6"},
    ]
