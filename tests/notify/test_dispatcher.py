from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from random import Random

import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, OneByOne, Pace, Terms, notification
from kube_wecom_eventer.notify.one_by_one import CAPACITY
from kube_wecom_eventer.render import ChatWording, Merged, Message, Renderer, Style, Templates
from kube_wecom_eventer.sinks import Outcome, Verdict
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time

RETRY = Outcome(verdict=Verdict.RETRY, reason="http_5xx", detail="HTTP 502")
BROKEN = Outcome(verdict=Verdict.BROKEN, reason="errcode_93000", detail="errcode 93000: the key is wrong")
TOO_FAST = Outcome(verdict=Verdict.TOO_FAST, reason="errcode_45009", detail="errcode 45009", wait=62.0)
REFUSED = Outcome(verdict=Verdict.REFUSED, reason="errcode_40058", detail="errcode 40058")
UNKNOWN = Outcome(verdict=Verdict.UNKNOWN, reason="errcode_other", detail="errcode 7")


class Telling:
    """A dispatcher at work, with everything around it that a test looks at."""

    def __init__(self, script: Iterable[Outcome], *, takes: float = 0.0, template: str | None = None) -> None:
        self.metrics = Metrics()
        self.sink = ScriptedSink(script, takes=takes)
        templates = Templates(metrics=self.metrics)
        if template:
            templates.update("ns/cm", {"content": template})
        renderer = Renderer(templates=templates, zone=UTC)
        self._wording = ChatWording(renderer=renderer, template="ns/cm" if template else None, style=Style())
        self.dispatcher = Dispatcher(
            destination="wecom-1",
            pending=OneByOne(),
            metrics=self.metrics,
            pace=Pace(),
            rng=Random(1),
            routes=lambda: ["sink-1"],
        )

    def offer(self, reason: str = "BackOff") -> None:
        event = make_event(reason=reason)
        received_at = asyncio.get_running_loop().time()
        self.dispatcher.offer(
            notification(event, Terms(route="sink-1", wording=self._wording, sink=self.sink), received_at=received_at)
        )

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}", labels) or 0.0

    def dropped(self, reason: str) -> float:
        return self.value("events_dropped_total", route="sink-1", reason=reason)

    def broken(self) -> bool:
        return self.dispatcher.broken

    def sent(self) -> float:
        return self.value("messages_sent_total", destination="wecom-1")


@asynccontextmanager
async def telling(*script: Outcome, takes: float = 0.0, template: str | None = None) -> AsyncIterator[Telling]:
    it = Telling(script, takes=takes, template=template)
    task = asyncio.create_task(it.dispatcher.run())
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def content(message: Message) -> str:
    return str(json.loads(message.body)["text"]["content"])


@virtual_time
async def test_an_event_is_told_at_once_and_counted() -> None:
    """Nothing waits for a tick."""
    async with telling() as it:
        started = asyncio.get_running_loop().time()
        it.offer()
        await it.dispatcher.drained()
        assert asyncio.get_running_loop().time() == started
        assert it.sent() == 1
        assert it.value("delivery_seconds_count", destination="wecom-1") == 1
        assert it.dispatcher.waiting == 0


@virtual_time
async def test_sixty_at_once_leave_in_order_and_in_pace() -> None:
    """kube-eventer has 40 of these refused with 45009 and counts them as sent."""
    async with telling() as it:
        for number in range(60):
            it.offer(f"Reason{number}")
        await it.dispatcher.drained()
    assert [content(message).split()[1] for message in it.sink.sent] == [f"Reason{number}" for number in range(60)]
    times = it.sink.times
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[20:], strict=False))
    assert times[-1] - times[0] == 120


@virtual_time
async def test_a_passing_fault_is_retried_with_growing_delays() -> None:
    """502 twice loses nothing; the delays have jitter and a floor."""
    async with telling(RETRY, RETRY, RETRY) as it:
        it.offer()
        await it.dispatcher.drained()
    assert it.sent() == 1
    assert it.value("messages_failed_total", destination="wecom-1", reason="http_5xx") == 3
    gaps = [later - earlier for earlier, later in zip(it.sink.times, it.sink.times[1:], strict=False)]
    assert all(0.2 <= gap <= 31 for gap in gaps)


@virtual_time
async def test_a_robot_that_is_over_its_limit_rests_for_a_minute() -> None:
    """Other programs may share the key, so 45009 can come although we keep our pace."""
    async with telling(TOO_FAST) as it:
        it.offer()
        await it.dispatcher.drained()
    assert it.sink.times[1] - it.sink.times[0] >= 62


@virtual_time
async def test_a_refused_template_is_sent_once_more_in_our_own_words() -> None:
    """The layout is lost, not the event."""
    async with telling(REFUSED, template='{"msgtype":"text","text":{"content":"mine {{ .Reason }}"}}') as it:
        it.offer()
        await it.dispatcher.drained()
    assert content(it.sink.sent[0]) == "mine BackOff"
    assert content(it.sink.accepted[0]).startswith("⚠️ BackOff")
    assert it.value("template_failures_total", template="ns/cm", stage="refused") == 1


@virtual_time
async def test_a_built_in_body_that_is_refused_is_dropped_and_counted() -> None:
    """One impossible message must not hold up the rest for ever; the log names it."""
    with capture_logs() as logs:
        async with telling(REFUSED) as it:
            it.offer()
            it.offer("Next")
            await it.dispatcher.drained()
    assert it.dropped("refused") == 1
    assert content(it.sink.accepted[0]).startswith("⚠️ Next")
    assert [entry["event_reason"] for entry in logs if entry["event"] == "event_dropped"] == ["BackOff"]


@virtual_time
async def test_an_unknown_code_gets_one_more_attempt() -> None:
    """It may have been a passing fault; then it counts as a refusal."""
    async with telling(UNKNOWN, UNKNOWN) as it:
        it.offer()
        await it.dispatcher.drained()
    assert len(it.sink.sent) == 2
    assert it.dropped("refused") == 1


@virtual_time
async def test_a_broken_destination_is_probed_slowly_and_said_once() -> None:
    """A wrong key makes no storm of requests: a minute, then two, four, ..."""
    with capture_logs() as logs:
        async with telling(BROKEN, BROKEN, BROKEN) as it:
            it.offer()
            await asyncio.sleep(1)
            assert it.broken()
            assert it.dispatcher.trouble == BROKEN.detail
            await it.dispatcher.drained()
            assert not it.broken()
    gaps = [round(later - earlier) for earlier, later in zip(it.sink.times, it.sink.times[1:], strict=False)]
    assert gaps == [60, 120, 240]
    said = [entry for entry in logs if entry["log_level"] != "debug"]
    assert [entry["event"] for entry in said] == ["destination_broken", "destination_recovered"]
    assert (said[0]["log_level"], said[0]["routes"], said[0]["destination"]) == ("error", ["sink-1"], "wecom-1")


@pytest.mark.parametrize("outcome", [BROKEN, RETRY], ids=lambda outcome: outcome.verdict.value)
def test_what_cannot_be_told_within_an_hour_is_dropped_and_counted(outcome: Outcome) -> None:
    """The API server forgets the event then, too."""

    @virtual_time
    async def scenario() -> None:
        async with telling(*[outcome] * 10_000) as it:
            it.offer()
            await it.dispatcher.drained()
            assert it.dropped("too_old") == 1
        assert 3590 <= it.sink.times[-1] - it.sink.times[0] <= 3640

    scenario()


@virtual_time
async def test_a_destination_that_stays_broken_for_weeks_costs_events_as_too_old_only() -> None:
    """The delay between attempts doubles only up to its longest: whatever counts them, a robot that nobody mends does
    not become a mistake of this program."""
    async with telling(*[BROKEN] * 3_000) as it:
        for _ in range(21 * 24):
            it.offer()
            await asyncio.sleep(3600)
    assert it.dropped("internal_error") == 0
    assert it.dropped("too_old") > 400


@virtual_time
async def test_too_much_waiting_is_dropped_and_counted() -> None:
    """Memory has a bound; what is beyond it is not lost silently."""
    async with telling(takes=8.0) as it:
        for _ in range(CAPACITY + 3):
            it.offer()
        assert it.dispatcher.waiting == CAPACITY
        assert it.dropped("overflow") == 3


@virtual_time
async def test_a_destination_that_hangs_holds_its_slots() -> None:
    """The pace counts from the answer, as WeCom may."""
    async with telling(takes=8.0) as it:
        for _ in range(21):
            it.offer()
        await it.dispatcher.drained()
    assert it.sink.times[20] - it.sink.times[0] >= 68


@virtual_time
async def test_a_mistake_of_our_own_costs_one_event_not_the_queue() -> None:
    """It is counted, and said with its traceback; what waits behind it is told."""

    class Broken:
        def message(self, items: Sequence[Merged]) -> Message:
            raise ZeroDivisionError(items[0].event.reason)

        def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:
            raise AssertionError(problem)

    with capture_logs() as logs:
        async with telling() as it:
            terms = Terms(route="sink-1", wording=Broken(), sink=it.sink)
            it.dispatcher.offer(notification(make_event(), terms, received_at=0.0))
            it.offer("Next")
            await it.dispatcher.drained()
    assert it.dropped("internal_error") == 1
    assert content(it.sink.accepted[0]).startswith("⚠️ Next")
    assert "telling_failed" in [entry["event"] for entry in logs]


@pytest.mark.parametrize("outcome", [BROKEN, RETRY], ids=lambda outcome: outcome.verdict.value)
def test_a_backlog_that_is_too_old_is_not_posted_once_more(outcome: Outcome) -> None:
    """After the hour the events behind the first one go the same way, without a request each."""

    @virtual_time
    async def scenario() -> None:
        async with telling(*[outcome] * 10_000) as it:
            for _ in range(50):
                it.offer()
            await it.dispatcher.drained()
            assert it.dropped("too_old") == 50
            # The first one's last attempt; each of the 49 behind it would add one of its own.
            after = [time for time in it.sink.times if time >= it.sink.times[0] + 3600]
            assert len(after) <= 1

    scenario()
