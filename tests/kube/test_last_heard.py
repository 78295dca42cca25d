"""When the API server last answered about events: the figure that shows a watch that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from random import Random

import httpx

from kube_wecom_eventer.kube.event_stream import EventStream
from kube_wecom_eventer.metrics import Metrics
from tests.support.following import FOREVER, added, listing
from tests.support.scripted import Answer, ScriptedApi, status_answer, watch_answer
from tests.support.virtual_time import virtual_time


def seconds() -> float:
    return asyncio.get_running_loop().time()


def heard(stream: EventStream) -> float | None:
    """Return how long ago, in seconds."""
    return None if stream.heard_at is None else seconds() - stream.heard_at.timestamp()


@asynccontextmanager
async def followed(*answers: Answer) -> AsyncIterator[EventStream]:
    """A stream that somebody reads; after these answers the server is not reachable."""
    script = list(answers)

    def next_answer(_request: httpx.Request) -> Answer:
        return script.pop(0) if script else httpx.ConnectError("refused")

    stream = EventStream(
        client=ScriptedApi(next_answer).client,
        metrics=Metrics(),
        now=lambda: datetime.fromtimestamp(seconds(), UTC),
        rng=Random(1),
    )

    async def read() -> None:
        async with aclosing(stream.follow()) as events:
            async for _ in events:
                pass

    task = asyncio.create_task(read())
    try:
        yield stream
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_a_line_is_heard_and_silence_is_not() -> None:
    """Also while the watch is open: from without a hung peer looks like a quiet one."""
    async with followed(listing(100), watch_answer(100.0, added(101), FOREVER)) as stream:
        assert heard(stream) is None
        await asyncio.sleep(99)
        assert heard(stream) == 99
        await asyncio.sleep(201)
        assert heard(stream) == 200


@virtual_time
async def test_a_healthy_quiet_server_is_heard_of_at_each_new_watch() -> None:
    """They last four to five minutes, so ten minutes of silence are no quiet night."""
    watches = [answer for _ in range(20) for answer in (listing(100), watch_answer(300.0))]
    async with followed(*watches) as stream:
        await asyncio.sleep(1)
        for _ in range(500):
            await asyncio.sleep(10)
            assert (heard(stream) or 0) <= 301


@virtual_time
async def test_a_refusal_and_an_outage_are_not_heard() -> None:
    """403 and no answer at all: no event is read."""
    refusals = [status_answer(403, "Forbidden") for _ in range(10)]
    async with followed(listing(100), watch_answer(added(101)), *refusals) as stream:
        await asyncio.sleep(900)
        assert (heard(stream) or 0) > 890
