"""Dispatcher and robot against the demo's WeCom group, on a virtual clock: the faults that last for minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from structlog.testing import capture_logs

from kube_wecom_eventer.config import RobotTarget, Secret
from kube_wecom_eventer.demo.faults import Answer, Hang
from kube_wecom_eventer.demo.wecom import PATH, ErrCode, WeComGroup
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, OneByOne, Pace, Terms, notification
from kube_wecom_eventer.render import ChatWording, Renderer, Style, Templates
from kube_wecom_eventer.sinks import WeComRobot
from tests.support.events import make_event
from tests.support.virtual_time import virtual_time

KEY = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
ROBOT = RobotTarget(endpoint=Secret(f"http://wecom.test{PATH}?key={KEY}"), key=Secret(KEY), shown="http://wecom.test")


class Telling:
    """A dispatcher whose robot is in a group; times are seconds since its start."""

    def __init__(self, http: httpx.AsyncClient, wecom: WeComGroup) -> None:
        metrics = Metrics()
        self.metrics, self.wecom = metrics, wecom
        self._robot = WeComRobot(target=ROBOT, http=http)
        renderer = Renderer(templates=Templates(metrics=metrics), zone=UTC)
        self._wording = ChatWording(renderer=renderer, template=None, style=Style())
        self.dispatcher = Dispatcher(destination="wecom-1", pending=OneByOne(), metrics=metrics, pace=Pace())
        self._started = now()

    def offer(self, *reasons: str) -> None:
        for reason in reasons:
            event = make_event(reason=reason)
            self.dispatcher.offer(
                notification(event, Terms(route="sink-1", wording=self._wording, sink=self._robot), received_at=now())
            )

    async def drained(self) -> float:
        """Wait until nothing waits; return the seconds since the start."""
        async with asyncio.timeout(100_000):
            await self.dispatcher.drained()
        return now() - self._started

    @property
    def told(self) -> list[str]:
        return [message.content.split()[1] for message in self.wecom.messages]

    def broken(self) -> bool:
        return self.dispatcher.broken

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}", labels) or 0.0


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def telling() -> AsyncIterator[Telling]:
    wecom = WeComGroup(keys=[KEY], clock=lambda: datetime.fromtimestamp(now(), UTC))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(wecom)) as http:
        it = Telling(http, wecom)
        task = asyncio.create_task(it.dispatcher.run())
        try:
            yield it
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_a_robot_that_is_removed_and_put_back() -> None:
    """Its events wait, it is probed slowly, said once in words, and told everything when it is back."""
    with capture_logs() as logs:
        async with telling() as it:
            it.wecom.remove_robot(KEY)
            it.offer("One", "Two")
            await asyncio.sleep(600)
            assert it.broken()
            assert 3 <= len(it.wecom.requests) <= 6
            it.wecom.add_robot(KEY)
            assert await it.drained() < 1600
            assert it.told == ["One", "Two"]
            assert not it.broken()
    said = [entry["event"] for entry in logs if entry["log_level"] != "debug"]
    assert said == ["destination_broken", "destination_recovered"]


@virtual_time
async def test_a_robot_that_stays_away_loses_what_is_older_than_an_hour_and_says_so() -> None:
    """Each event is counted and named; what comes later is told when the robot is back."""
    with capture_logs() as logs:
        async with telling() as it:
            it.wecom.remove_robot(KEY)
            it.offer("One", "Two")
            await asyncio.sleep(3000)
            it.offer("Three")
            await asyncio.sleep(1200)
            it.wecom.add_robot(KEY)
            await it.drained()
            assert it.told == ["Three"]
            assert it.value("events_dropped_total", route="sink-1", reason="too_old") == 2
    dropped = [entry["event_reason"] for entry in logs if entry["event"] == "event_dropped"]
    assert dropped == ["One", "Two"]


@virtual_time
async def test_another_program_that_shares_the_key_uses_up_its_minute() -> None:
    """45009 blocks the robot for a minute; nothing is sent into the block, and nothing is lost."""
    async with telling() as it:
        it.wecom.faults.plan(ErrCode(errcode=45009))
        it.offer("One", "Two")
        assert 62 <= await it.drained() < 70
        assert it.told == ["One", "Two"]
        assert len(it.wecom.requests) == 3


@virtual_time
async def test_a_hundred_events_keep_the_pace_through_faults() -> None:
    """Hangs, lost answers, 502s and 429s in between: the robot never has to answer 45009, and nothing is lost."""
    async with telling() as it:
        for fault in (
            Hang(),
            Answer(status=502),
            Hang(accepts=True),
            Answer(status=429, headers={"retry-after": "30"}),
        ):
            it.wecom.faults.plan(ErrCode(errcode=-1))
            it.wecom.faults.plan(fault)
        it.offer(*(f"R{number:03}" for number in range(100)))
        await it.drained()
        assert list(dict.fromkeys(it.told)) == [f"R{number:03}" for number in range(100)]
        assert len(it.told) == 101  # one left without an answer, and may be told twice
        assert [each for each in it.wecom.requests if each.errcode == 45009] == []


@virtual_time
async def test_retry_after_is_honoured_up_to_five_minutes() -> None:
    """A proxy that asks for an hour would cost the event its hour."""
    for asked, least, most in (("30", 30, 40), ("7200", 300, 310), ("Fri, 20 Nov 2026 01:00:00 GMT", 0, 5)):
        async with telling() as it:
            it.wecom.faults.plan(Answer(status=429, headers={"retry-after": asked}))
            it.offer("One")
            assert least <= await it.drained() < most
            assert it.told == ["One"]
