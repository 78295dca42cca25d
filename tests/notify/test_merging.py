"""Merging, repeats, digests and pace together: a dispatcher, its pending events, and the words that leave."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, MergingPending, Pace, Terms, notification
from kube_wecom_eventer.notify.pending import MAX_SUMS
from kube_wecom_eventer.notify.repeats import Repeats
from kube_wecom_eventer.render import ChatWording, Renderer, Style, Templates
from kube_wecom_eventer.sinks import Outcome, Verdict
from tests.support.events import make_event
from tests.support.scripted import ACCEPTED, ScriptedSink
from tests.support.virtual_time import virtual_time


class Chat:
    """A dispatcher to one chat, with routes that share its pace."""

    def __init__(self, *script: Outcome, takes: float = 0.05, max_groups: int = 2000, template: str = "") -> None:
        self.metrics = Metrics()
        self.sink = ScriptedSink(script, takes=takes)
        templates = Templates(metrics=self.metrics)
        if template:
            templates.update("ns/cm", {"content": template})
        self._renderer = Renderer(templates=templates, zone=UTC)
        self._template = "ns/cm" if template else None
        self._wordings: dict[str, ChatWording] = {}
        self.pending = MergingPending(max_groups=max_groups)
        self.dispatcher = Dispatcher(
            destination="wecom-1", pending=self.pending, metrics=self.metrics, pace=Pace(), rng=Random(1)
        )

    def offer(
        self,
        reason: str = "BackOff",
        *,
        route: str = "r",
        name: str = "p",
        repeat: float = 300.0,
        wait: float = 0.0,
        **event: Any,
    ) -> None:
        about = {"kind": "Pod", "namespace": "payments", "name": name, "uid": f"uid-{name}"}
        style = Style(lang="en", mentioned_list=(f"on-call-{route}",))
        wording = self._wordings.setdefault(
            route, ChatWording(renderer=self._renderer, template=self._template, style=style)
        )
        self.dispatcher.offer(
            notification(
                make_event(reason=reason, involvedObject=about, **{"count": 1, **event}),
                Terms(route=route, wording=wording, sink=self.sink, repeat_interval=repeat, group_wait=wait),
                received_at=asyncio.get_running_loop().time(),
            )
        )

    @property
    def contents(self) -> list[str]:
        return [json.loads(message.body)["text"]["content"] for message in self.sink.accepted]

    def told(self, route: str = "r") -> float:
        name = "kube_wecom_eventer_events_told_total"
        return self.metrics.registry.get_sample_value(name, {"route": route}) or 0.0


@asynccontextmanager
async def chat(*script: Outcome, **options: Any) -> AsyncIterator[Chat]:
    it = Chat(*script, **options)
    task = asyncio.create_task(it.dispatcher.run())
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def stands_for(content: str) -> int:
    """Return the ×N of a message's first line."""
    found = re.search(r"×(\d+)", content.partition("\n")[0])
    return int(found[1]) if found else 1


@virtual_time
async def test_an_event_alone_leaves_at_once_and_the_rest_of_a_burst_together() -> None:
    """60 different events: the first alone, the others in one digest whose lines add up."""
    async with chat() as it:
        started = asyncio.get_running_loop().time()
        for number in range(60):
            it.offer(f"Reason{'abcdefghij'[number % 10]}", name=f"pod{number}x", message=f"text {number}")
        await it.dispatcher.drained()
        assert asyncio.get_running_loop().time() - started < 45
    assert it.sink.times[0] == started
    assert [stands_for(content) for content in it.contents] == [1, 59]
    assert it.told() == 60
    lines = it.contents[1].split("\n")[1:]
    assert sum(int(each) for line in lines for each in (re.findall(r"×(\d+)", line) or ["1"])) == 59


@virtual_time
async def test_like_events_are_one_line() -> None:
    """A hundred pods of one Deployment that fail alike are told as one, under its name."""
    async with chat() as it:
        it.offer("Other")
        for number in range(100):
            it.offer(name=f"checkout-7d9f8c6b5d-{number:05d}".replace("0", "b").replace("1", "c").replace("3", "d"))
        await it.dispatcher.drained()
    assert len(it.contents) == 2
    assert it.contents[1].startswith("⚠️ BackOff · Pod payments/checkout-")
    assert stands_for(it.contents[1]) == 100


@virtual_time
async def test_a_repeat_is_told_when_its_interval_ends() -> None:
    """The same object, reason and message are told once in five minutes; what was held back is counted then."""
    async with chat() as it:
        started = asyncio.get_running_loop().time()
        for _ in range(25):
            it.offer()
            await asyncio.sleep(10)
        assert len(it.contents) == 1
        await asyncio.sleep(60)
    assert [stands_for(content) for content in it.contents] == [1, 24]
    assert it.sink.times[1] - started == 300
    assert it.told() == 25


@virtual_time
async def test_what_was_held_back_is_told_with_the_next_message_of_its_group() -> None:
    """Another pod of the same Deployment fails: its message tells the repeats, too."""
    async with chat() as it:
        it.offer(name="checkout-7d9f8c6b5d-x2vkq")
        await asyncio.sleep(10)
        for _ in range(3):
            it.offer(name="checkout-7d9f8c6b5d-x2vkq")
        await asyncio.sleep(10)
        it.offer(name="checkout-7d9f8c6b5d-88dbm")
        await asyncio.sleep(10)
    assert [stands_for(content) for content in it.contents] == [1, 4]


@virtual_time
async def test_another_text_is_another_thing() -> None:
    """v12 failing and then v13 failing must both be told at once."""
    async with chat() as it:
        it.offer(message="v12 failed")
        await asyncio.sleep(10)
        it.offer(message="v13 failed")
        await asyncio.sleep(10)
    assert len(it.contents) == 2


@virtual_time
async def test_an_interval_of_0_tells_each_update() -> None:
    """As kube-eventer does."""
    async with chat() as it:
        for _ in range(5):
            it.offer(repeat=0.0)
            await asyncio.sleep(10)
    assert len(it.contents) == 5


@virtual_time
async def test_a_storm_keeps_the_pace_and_loses_nothing() -> None:
    """Ten events a second for ten minutes: at most 20 messages in any minute, ×N adds up, little waits."""
    async with chat() as it:
        rng = Random(3)
        for _ in range(6000):
            it.offer(rng.choice(("BackOff", "Failed", "Unhealthy")), name=f"n{rng.randrange(50)}q", repeat=0.0)
            await asyncio.sleep(0.1)
            assert it.pending.groups <= 150
        await it.dispatcher.drained()
    times = it.sink.times
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[20:], strict=False))
    assert sum(stands_for(content) for content in it.contents) == 6000 == it.told()


@virtual_time
async def test_routes_of_one_robot_take_turns() -> None:
    """A flood of one route does not hold back the other, and a digest never mixes them."""
    async with chat() as it:
        for number in range(500):
            it.offer(f"Flood{number}", route="loud", name=f"n{number}q")
        it.offer("Quiet", route="quiet")
        await asyncio.sleep(7)
        told = [json.loads(message.body)["text"] for message in it.sink.accepted]
    assert [text["mentioned_list"][0] for text in told] == ["on-call-loud", "on-call-loud", "on-call-quiet"]
    assert all(("Quiet" in text["content"]) == (text["mentioned_list"] == ["on-call-quiet"]) for text in told)


@virtual_time
async def test_too_many_groups_become_sums_and_still_count() -> None:
    """Memory has a bound; the number of events told stays exact."""
    async with chat(max_groups=10) as it:
        for number in range(1000):
            it.offer(
                f"Reason{'abc'[number % 3]}", name=f"n{number}q", message=f"text {'xyz'[number % 3] * (number + 1)}"
            )
            assert it.pending.groups <= 10 + 3
        await it.dispatcher.drained()
    assert sum(stands_for(content) for content in it.contents) == 1000


@pytest.mark.parametrize("kind", ["text", "markdown", "news"])
def test_a_template_is_honoured_in_a_digest(kind: str) -> None:
    """Its texts stand under one header line, its mentions are joined; a type without a content becomes our own."""
    part = '"content":"mine {{ .Reason }}","mentioned_list":["{{ .Reason }}"]'
    if kind == "news":
        part = '"articles":[]'

    @virtual_time
    async def scenario() -> None:
        async with chat(template=f'{{"msgtype":"{kind}","{kind}":{{{part}}}}}') as it:
            for reason in ("First", "Second", "Third"):
                it.offer(reason, name=reason)
            await it.dispatcher.drained()
        body = json.loads(it.sink.accepted[1].body)
        if kind == "news":
            assert body["msgtype"] == "text"
            assert "Second" in body["text"]["content"]
        else:
            between = "\n" if kind == "text" else "\n\n"
            header, _, texts = body[kind]["content"].partition("\n")
            assert "2 groups of events ×2" in header or "2 组事件 ×2" in header
            assert texts == f"mine Second{between}mine Third"
            assert body[kind]["mentioned_list"] == ["Second", "Third"]

    scenario()


def test_the_memory_of_repeats_has_a_bound() -> None:
    """The oldest is forgotten first, and forgetting tells again."""
    repeats = Repeats(interval=300, capacity=2)
    first, second, third = (make_event(involvedObject={"uid": uid}) for uid in "abc")
    assert repeats.due_at(first, 0.0) is None
    assert repeats.due_at(second, 1.0) is None
    assert repeats.due_at(first, 2.0) == 300
    assert repeats.due_at(third, 3.0) is None
    assert repeats.due_at(first, 4.0) is None
    assert repeats.due_at(third, 5.0) == 303


def test_what_was_told_long_ago_is_forgotten() -> None:
    """A daemon that runs for weeks remembers no more than it needs, whatever its routes have told."""
    repeats = Repeats(interval=300)
    sizes = []
    for number in range(2000):
        assert repeats.due_at(make_event(message=f"{number}"), number * 10.0) is None
        sizes.append(len(repeats))
    assert max(sizes) == 89


@settings(max_examples=200, deadline=None, derandomize=True)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400)), max_size=40))
def test_to_forget_makes_no_difference(steps: list[tuple[str, int]]) -> None:
    """What is due, and when, is the same for who forgets nothing."""
    forgets, keeps, now = Repeats(interval=300), Repeats(interval=300), 0.0
    keeps._forget_at = float("inf")
    for text, pause in steps:
        now += pause
        event = make_event(message=text)
        assert forgets.due_at(event, now) == keeps.due_at(event, now)


@virtual_time
async def test_the_sums_beyond_the_groups_have_a_bound_too() -> None:
    """Made-up reasons must not fill the memory; the number of events told stays exact."""
    async with chat(max_groups=10) as it:
        for number in range(1000):
            it.offer(f"Reason{'x' * number}", name=f"n{number}q")
            assert it.pending.groups <= 10 + MAX_SUMS + 1
        await it.dispatcher.drained()
    assert sum(stands_for(content) for content in it.contents) == 1000


@virtual_time
async def test_a_long_interval_does_not_make_a_repeat_too_old() -> None:
    """What was held back for two hours survives a passing fault: its age counts from when it began to wait."""
    fault = Outcome(verdict=Verdict.RETRY, reason="http_5xx", detail="HTTP 502")
    async with chat(ACCEPTED, fault) as it:
        for _ in range(3):
            it.offer(repeat=7200.0)
            await asyncio.sleep(10)
        await asyncio.sleep(7300)
    assert [stands_for(content) for content in it.contents] == [1, 2]
    assert it.told() == 3


@virtual_time
async def test_an_event_that_is_held_back_sends_nobody_ahead() -> None:
    """What waits keeps its place: it does not become the one that found nothing waiting."""
    async with chat() as it:
        for pair in (("Alone", "Digest"), ("Again", "Waits")):
            for reason in pair:
                it.offer(reason, name=reason)
            await asyncio.sleep(0.5)
        it.offer("Alone", name="Alone")
        it.offer("Behind", name="Behind")
        await asyncio.sleep(10)
        assert [content.split()[1] for content in it.contents[:3]] == ["Alone", "Digest", "Again"]
        assert it.contents[3].index("Waits") < it.contents[3].index("Behind")
        assert len(it.contents) == 4


@virtual_time
async def test_what_was_held_back_leaves_at_once_with_the_next_of_its_group() -> None:
    """A quiet chat is told at once, and how often it was meanwhile."""
    async with chat() as it:
        it.offer(message="v12")
        await asyncio.sleep(30)
        it.offer(message="v12")
        await asyncio.sleep(30)
        it.offer(message="v13")
        await asyncio.sleep(0.1)
        assert [stands_for(content) for content in it.contents] == [1, 2]


@virtual_time
async def test_group_wait_lets_more_join() -> None:
    """For those who prefer fewer, larger messages; a stop does not wait for it."""
    async with chat() as it:
        started = asyncio.get_running_loop().time()
        for number in range(3):
            it.offer(f"R{number}", wait=20)
            await asyncio.sleep(5)
        await asyncio.sleep(30)
        assert [stands_for(content) for content in it.contents] == [3]
        assert it.sink.times == [started + 20]
        it.offer("Last", wait=20)
        await asyncio.sleep(1)
        await it.dispatcher.drained()
        assert it.sink.times[-1] == started + 46


@virtual_time
async def test_a_crash_loop_is_told_once_an_interval() -> None:
    """What was held back and the next version are not two messages."""
    async with chat() as it:
        for _ in range(1200):
            it.offer(repeat=300)
            await asyncio.sleep(1)
        assert [stands_for(content) for content in it.contents] == [1, 300, 300, 300]


@virtual_time
async def test_a_sum_speaks_of_no_single_object() -> None:
    """Four Deployments beyond the cap must not look like one."""
    async with chat(max_groups=2, takes=1.0) as it:
        for name in ("api", "web", "cache", "queue", "mail", "search"):
            it.offer(name=name, message=f"{name} fails")
        await it.dispatcher.drained()
    assert stands_for(it.contents[1]) == 5
    (line,) = [line for line in it.contents[1].split("\n")[1:] if "×" in line]
    assert line == "• BackOff · payments/ ×3"
