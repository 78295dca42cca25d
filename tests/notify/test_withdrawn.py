"""A route that goes another way takes along what waits of it, and what is being tried; slots are kept for digests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from itertools import pairwise
from random import Random

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Batch, Dispatcher, MergingPending, Pace, Terms, notification
from kube_wecom_eventer.render import ChatWording, Renderer, Style, Templates
from kube_wecom_eventer.sinks import Outcome, Verdict
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time

BROKEN = Outcome(verdict=Verdict.BROKEN, reason="errcode_93000", detail="errcode 93000: the key is wrong")
MISSED = Outcome(verdict=Verdict.ACCEPTED, missed=("wangqing",))


class Chat:
    """A dispatcher to one chat, with one route."""

    def __init__(self, *script: Outcome, takes: float = 0.0) -> None:
        self.metrics = Metrics()
        self.sink = ScriptedSink(script, takes=takes)
        self.returned: list[Batch] = []
        wording = ChatWording(
            renderer=Renderer(templates=Templates(metrics=self.metrics), zone=UTC), template=None, style=Style()
        )
        self._terms = Terms(route="r", wording=wording, sink=self.sink)
        self.dispatcher = Dispatcher(
            destination="wecom-1",
            pending=MergingPending(),
            metrics=self.metrics,
            pace=Pace(),
            returned=self.returned.append,
            rng=Random(1),
        )

    def offer(self, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        self.dispatcher.offer(notification(make_event(reason=reason), self._terms, received_at=now))

    def missed(self) -> float | None:
        return self.metrics.registry.get_sample_value("kube_wecom_eventer_receivers_missed", {"route": "r"})


@asynccontextmanager
async def chatting(*script: Outcome, takes: float = 0.0) -> AsyncIterator[Chat]:
    chat = Chat(*script, takes=takes)
    task = asyncio.create_task(chat.dispatcher.run())
    try:
        yield chat
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_what_is_being_tried_comes_back_at_once() -> None:
    """The next attempt would be in a minute, and by a way that the route does not go any more."""
    async with chatting(BROKEN) as chat:
        chat.offer("One")
        await asyncio.sleep(1)
        chat.offer("Two")
        assert chat.dispatcher.withdraw("r").count == 1
        await asyncio.sleep(0.1)
        assert [[item.event.reason for item in batch.items] for batch in chat.returned] == [["One"]]
        assert (len(chat.sink.times), chat.dispatcher.waiting) == (1, 0)


@virtual_time
async def test_what_is_accepted_meanwhile_does_not_come_back() -> None:
    """It was told."""
    async with chatting(takes=2.0) as chat:
        chat.offer("One")
        await asyncio.sleep(1)
        assert chat.dispatcher.withdraw("r").count == 0
        await asyncio.sleep(2)
        assert (len(chat.sink.accepted), chat.returned) == (1, [])


@virtual_time
async def test_receivers_of_a_route_that_is_gone_are_missed_no_more() -> None:
    """A gauge that stayed would alert for ever."""
    async with chatting(MISSED) as chat:
        chat.offer("One")
        await asyncio.sleep(1)
        assert chat.missed() == 1
        chat.dispatcher.withdraw("r")
        assert chat.missed() == 0


@virtual_time
async def test_the_last_slots_are_kept_for_digests() -> None:
    """Fifteen leave alone, each at once; what follows leaves together, at most every three seconds."""
    async with chatting() as chat:
        for number in range(30):
            chat.offer(f"Reason{number}")
            await asyncio.sleep(0.5)
        await chat.dispatcher.drained()
    times = chat.sink.times
    started = times[0]
    assert [time - started for time in times[:15]] == [number * 0.5 for number in range(15)]
    assert all(later - earlier >= 3.0 for earlier, later in pairwise(times[15:]))
    assert len(times) < 22
