from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import httpx
from structlog.testing import capture_logs

from kube_wecom_eventer.kube.config_maps import ConfigMapFollower
from tests.support.scripted import Answer, ScriptedApi, json_answer, status_answer, watch_answer, watch_line
from tests.support.virtual_time import virtual_time

FOREVER = 10_000_000.0


def config_map(version: int, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": "cm", "resourceVersion": str(version)}, "data": data}


def listing(version: int, *items: dict[str, Any]) -> httpx.Response:
    return json_answer({"metadata": {"resourceVersion": str(version)}, "items": list(items)})


async def follow(*answers: Answer, seconds: float = 600.0) -> tuple[list[Mapping[str, str] | None], ScriptedApi]:
    """Follow ``ns/cm`` for some virtual seconds; return what was told and the API server."""
    script = list(answers)
    api = ScriptedApi(lambda _request: script.pop(0) if script else watch_answer(FOREVER))
    told: list[Mapping[str, str] | None] = []
    follower = ConfigMapFollower(
        client=api.client, namespace="ns", name="cm", changed=told.append, rng=random.Random(1)
    )
    task = asyncio.create_task(follower.follow())
    await asyncio.sleep(seconds)
    assert follower.asked.is_set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return told, api


@virtual_time
async def test_an_edit_is_told_as_it_happens() -> None:
    """One ConfigMap by name, and nothing else of its namespace."""
    told, api = await follow(
        listing(5, config_map(3, content="one")),
        watch_answer(
            watch_line("MODIFIED", config_map(6, content="two")), watch_line("DELETED", config_map(7)), FOREVER
        ),
    )
    assert told == [{"content": "one"}, {"content": "two"}, None]
    assert api.requests[0].url.path == "/api/v1/namespaces/ns/configmaps"
    assert api.queries(watch=False)[0]["fieldSelector"] == "metadata.name=cm"
    assert api.queries(watch=True)[0]["resourceVersion"] == "5"


@virtual_time
async def test_one_that_is_created_later_is_picked_up() -> None:
    """Its absence is told first, so that somebody can say so."""
    told, _ = await follow(
        listing(5), watch_answer(watch_line("ADDED", {"metadata": {"resourceVersion": "6"}}), FOREVER)
    )
    assert told == [None, {}]


@virtual_time
async def test_every_failure_ends_in_a_new_list() -> None:
    """410, a reset, an unreadable list, an outage: what counts is what the ConfigMap says now."""
    with capture_logs() as logs:
        told, _ = await follow(
            status_answer(403, "Forbidden"),
            status_answer(403, "Forbidden"),
            httpx.Response(200, text="<html>"),
            listing(5, config_map(3, content="one")),
            watch_answer(httpx.ReadError("reset")),
            listing(8, config_map(3, content="one")),
            status_answer(410, "Expired"),
            listing(9, config_map(9, content="two")),
        )
    assert told == [{"content": "one"}, {"content": "one"}, {"content": "two"}]
    assert [entry["event"] for entry in logs] == [
        "config_map_unreadable",
        "config_map_unreadable",
        "config_map_readable",
        "config_map_unreadable",
        "config_map_readable",
    ]


@virtual_time
async def test_an_unreadable_line_ends_in_a_new_list() -> None:
    """It may have been the edit."""
    told, _ = await follow(
        listing(5, config_map(3, content="one")),
        watch_answer(b'{"type":"MODIFIED","object":{"data":\n', FOREVER),
        listing(6, config_map(6, content="two")),
    )
    assert told == [{"content": "one"}, {"content": "two"}]


@virtual_time
async def test_a_right_to_list_without_one_to_watch_is_said_once() -> None:
    """The list succeeds each time, so edits arrive late; that stays a warning."""
    refused = [answer for number in range(5, 9) for answer in (listing(number), status_answer(403, "Forbidden"))]
    with capture_logs() as logs:
        await follow(*refused, listing(9), watch_answer(FOREVER))
    assert [entry["event"] for entry in logs] == ["config_map_unreadable", "config_map_readable"]
    assert 'resources: ["configmaps"], verbs: ["list", "watch"]' in logs[0]["missing_rule"]
