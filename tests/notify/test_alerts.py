"""Alerts in the queue of a chat: told apart from events, firing apart from over, what came together together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from random import Random
from typing import Any

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, MergingPending, Notification, OneByOne, Pace, Terms, notification
from kube_wecom_eventer.render import ChatWording, Renderer, Style, Templates
from tests.support.alerts import make_alert_event
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time

OVER = timedelta(minutes=12)


class Chat:
    """A dispatcher to one chat, with one route."""

    def __init__(self, *, max_groups: int = 2000, merges: bool = True) -> None:
        metrics = Metrics()
        self.sink = ScriptedSink((), takes=0.05)
        renderer = Renderer(templates=Templates(metrics=metrics), zone=UTC)
        wording = ChatWording(renderer=renderer, template=None, style=Style(lang="en"))
        self.terms = Terms(route="r", wording=wording, sink=self.sink, repeat_interval=300.0)
        self.pending = MergingPending(max_groups=max_groups) if merges else OneByOne(capacity=2)
        self.dispatcher = Dispatcher(
            destination="wecom-1", pending=self.pending, metrics=metrics, pace=Pace(), rng=Random(1)
        )

    def notified(self, event: Event, **more: Any) -> Notification:
        return notification(event, self.terms, received_at=asyncio.get_running_loop().time(), **more)

    def offer(self, *events: Event) -> None:
        self.dispatcher.offer(*(self.notified(event) for event in events))

    @property
    def contents(self) -> list[str]:
        return [json.loads(message.body)["text"]["content"] for message in self.sink.accepted]

    @property
    def first_lines(self) -> list[str]:
        return [content.split("\n")[0] for content in self.contents]


@asynccontextmanager
async def chatting(**options: Any) -> AsyncIterator[Chat]:
    chat = Chat(**options)
    running = asyncio.create_task(chat.dispatcher.run())
    try:
        yield chat
    finally:
        running.cancel()


def pod(name: str, **more: Any) -> Event:
    return make_alert_event(labels={"deployment": "", "pod": name}, **more)


@virtual_time
async def test_what_came_together_leaves_together() -> None:
    """At once, in one message, where nothing waits."""
    async with chatting() as chat:
        chat.offer(*(make_alert_event(labels={"deployment": name}) for name in "abc"))
        await asyncio.sleep(0.2)
        assert chat.first_lines == ["🔥 3 groups of alerts ×3"]


@virtual_time
async def test_an_alert_that_came_again_is_not_held_back() -> None:
    """Whoever takes alerts has found it to be news; an event with the same text waits for five minutes."""
    async with chatting() as chat:
        for _ in range(2):
            chat.offer(pod("p"))
            await asyncio.sleep(4)
        chat.offer(make_event())
        chat.offer(make_event())
        await asyncio.sleep(4)
        assert len(chat.contents) == 3


@virtual_time
async def test_firing_and_over_are_two_lines_and_the_last_word_comes_last() -> None:
    """Fires, over, fires again while a message is under way: the digest ends with how it is."""
    async with chatting() as chat:
        chat.offer(make_event())
        chat.offer(pod("p"))
        chat.offer(pod("p", lasted=OVER))
        chat.offer(pod("p"))
        await asyncio.sleep(4)
        assert chat.contents[1].split("\n")[1:] == [
            "• ✅ Resolved (after 12m) HighLatency · Pod payments/p：p99 is above 2 s p99 of checkout is 2.5 s for 5 m"
            "inutes",
            "• 🔥 HighLatency · Pod payments/p ×2：p99 is above 2 s p99 of checkout is 2.5 s for 5 minutes",
        ]


@virtual_time
async def test_like_alerts_are_one_line() -> None:
    """A hundred pods of one Deployment; of several that are over nobody says how long."""
    async with chatting() as chat:
        chat.offer(*(pod(f"web-7d9f8c6b5d-{name}", lasted=OVER) for name in ("x2vkq", "88dbm", "z9m4t")))
        await asyncio.sleep(0.2)
        assert chat.first_lines == ["✅ Resolved HighLatency · Pod payments/web-7d9f8c6b5d-z9m4t ×3"]


@virtual_time
async def test_events_and_alerts_are_told_apart() -> None:
    """Each in messages of their own, the first to come first."""
    async with chatting() as chat:
        chat.offer(make_event(reason="First"))
        chat.offer(make_event(reason="A"))
        chat.offer(make_alert_event())
        chat.offer(make_event(reason="B"))
        chat.offer(make_alert_event(labels={"deployment": "cart"}))
        await asyncio.sleep(10)
        assert chat.first_lines == [
            "⚠️ First · Pod payments/checkout-7d9f",
            "⚠️ 2 groups of events ×2",
            "🔥 2 groups of alerts ×2",
        ]


@virtual_time
async def test_beyond_the_cap_firing_and_over_are_summed_apart() -> None:
    """And every one is counted."""
    async with chatting(max_groups=2) as chat:
        chat.offer(make_event())
        for number in range(4):
            chat.offer(make_alert_event(labels={"deployment": f"d{number}x"}))
            chat.offer(make_alert_event(labels={"deployment": f"d{number}x"}, lasted=OVER))
        await asyncio.sleep(4)
        assert chat.contents[1].split("\n")[0] == "🔥 4 groups of alerts ×8"
        lines = [line.partition("：")[0] for line in chat.contents[1].split("\n")[1:]]
        assert lines[2:] == ["• 🔥 HighLatency · payments/ ×3", "• ✅ Resolved HighLatency · payments/ ×3"]


@virtual_time
async def test_the_alerts_that_wait_are_known() -> None:
    """For the checkpoint: those in the queue, and those that are being told; events are not among them."""
    async with chatting() as chat:
        chat.offer(pod("being-told"))
        await asyncio.sleep(0.01)
        chat.offer(pod("a"), pod("a"), make_event())
        found = [(route, item.event.involved_object.name, item.count) for route, item in chat.dispatcher.alerts()]
        assert found == [("r", "being-told", 1), ("r", "a", 2)]
        assert [versions for _, versions in chat.dispatcher.versions() if versions] != []
        await asyncio.sleep(10)
        assert list(chat.dispatcher.alerts()) == []


@virtual_time
async def test_what_an_earlier_process_merged_stays_merged() -> None:
    """Its number, and that it is of several objects."""
    async with chatting() as chat:
        event = pod("web-7d9f8c6b5d-x2vkq")
        more = make_alert_event(labels={"deployment": "cart"})
        chat.dispatcher.offer(chat.notified(event, count=7, several=True), chat.notified(more))
        await asyncio.sleep(0.2)
        first, line, _ = chat.contents[0].split("\n")
        assert (first, line.partition("：")[0]) == (
            "🔥 2 groups of alerts ×8",
            "• 🔥 HighLatency · Pod payments/web ×7",
        )


@virtual_time
async def test_a_full_queue_says_so() -> None:
    """Of what is told one by one; a chat merges instead."""
    one_by_one, chat = Chat(merges=False), Chat()
    for number in range(3):
        assert one_by_one.dispatcher.full is (number == 2)
        one_by_one.offer(pod(f"p-{number}"))
        chat.offer(pod(f"p-{number}"))
    assert not chat.dispatcher.full
    assert [item.event.involved_object.name for _, item in one_by_one.dispatcher.alerts()] == ["p-0", "p-1"]
