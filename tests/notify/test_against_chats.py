"""Dispatchers with applications and robots of DingTalk against the demo's chats, on a virtual clock: hours of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.building import HttpClients, SinkMaker, bodies_of, build_wording
from kube_wecom_eventer.config import SinkSettings
from kube_wecom_eventer.demo.chat import Chat, ErrCode
from kube_wecom_eventer.demo.dingtalk import DingTalkGroup, Robot
from kube_wecom_eventer.demo.faults import Hang, path_contains
from kube_wecom_eventer.demo.wecom_application import Application, WeComApplications
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, MergingPending, Pace, Terms, notification
from kube_wecom_eventer.render import Templates
from tests.support.events import make_event
from tests.support.sink_texts import accepted
from tests.support.virtual_time import virtual_time

SECRET, TOKEN = "the-secret", "the-token"
APPLICATION = f"wechat:?corp_id=ww01&corp_secret={SECRET}&agent_id=1&api=http://chat.test&repeat_interval=0"
DINGTALK = f"dingtalk:http://chat.test/robot/send?access_token={TOKEN}&sign=SEC1&repeat_interval=0"


def now() -> float:
    return asyncio.get_running_loop().time()


def wall() -> datetime:
    return datetime.fromtimestamp(now() + 1_700_000_000, UTC)


class Telling:
    """A dispatcher whose sink is in a chat; times are seconds since its start."""

    def __init__(self, clients: HttpClients, text: str) -> None:
        self.metrics = Metrics()
        settings: SinkSettings = accepted(text)
        assert bodies_of(settings.target) is not None
        self._terms = Terms(
            route="r",
            wording=build_wording(settings, None, Templates(metrics=self.metrics), UTC),
            sink=SinkMaker(clients=clients, secrets=None, now=wall).sink(settings.target),
        )
        account = self._terms.sink.account
        assert account is not None
        self.limit = account.limit
        self.dispatcher = Dispatcher(
            destination="chat-1",
            pending=MergingPending(max_groups=2000),
            metrics=self.metrics,
            pace=Pace(limit=account.limit),
        )
        self._started = now()

    def offer(self, *reasons: str) -> None:
        for reason in reasons:
            self.dispatcher.offer(notification(make_event(reason=reason), self._terms, received_at=now()))

    async def drained(self) -> float:
        """Wait until nothing waits; return the seconds since the start."""
        async with asyncio.timeout(100_000):
            await self.dispatcher.drained()
        return now() - self._started

    @property
    def told(self) -> float:
        return self.value("events_told_total", route="r")

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}", labels) or 0.0


@asynccontextmanager
async def telling(chat: Chat, text: str) -> AsyncIterator[Telling]:
    async with AsyncExitStack() as stack:
        it = Telling(HttpClients(stack, transport=httpx.ASGITransport(chat)), text)
        task = asyncio.create_task(it.dispatcher.run())
        try:
            yield it
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def company() -> WeComApplications:
    made = WeComApplications(corp_id="ww01", clock=wall)
    made.add(1, Application(secret=SECRET, members=("lina", "wangqing")))
    return made


def group() -> DingTalkGroup:
    return DingTalkGroup(robots={TOKEN: Robot(secret="SEC1")}, clock=wall)


def times(contents: list[str]) -> Iterator[int]:
    """Yield the ×N of each message."""
    for content in contents:
        found = re.findall(r"×(\d+)", content.split("\n")[0])
        yield int(found[-1]) if found else 1


@virtual_time
async def test_a_storm_of_more_than_an_hour_costs_no_member_a_message() -> None:
    """WeCom drops what is over 30 a minute or 1,000 an hour without a word; each event is in a message that arrived."""
    chat = company()
    async with telling(chat, APPLICATION) as it:
        for number in range(5200):
            it.offer(f"R{number % 40}")
            await asyncio.sleep(1.0)
        await it.drained()
        assert it.told == 5200
    assert chat.dropped == []
    assert len(chat.inboxes["lina"]) > 1000
    assert sum(times(chat.inboxes["lina"])) == 5200
    assert [errcode for _, errcode in chat.asked] == [0]


@virtual_time
async def test_a_token_ends_every_two_hours_and_nobody_notices() -> None:
    """It is renewed ahead; a message that comes at its very end is told, too."""
    chat = company()
    async with telling(chat, APPLICATION) as it:
        for _ in range(100):
            it.offer("Hourly")
            await asyncio.sleep(599.0)
        await it.drained()
        assert it.told == 100
        assert it.value("messages_retried_total", destination="chat-1") == 0
    assert not chat.refused
    assert len(chat.asked) <= 2 * (100 * 599 // 7200 + 1)


@virtual_time
async def test_the_same_words_within_the_hour_are_another_message() -> None:
    """WeCom knows a request again: the words alone must not be what it knows."""
    chat = company()
    async with telling(chat, APPLICATION) as it:
        for _ in range(500):
            it.offer("Same")
            await asyncio.sleep(5.0)
        await it.drained()
    assert (chat.duplicates, len(chat.inboxes["lina"])) == (0, 500)


@virtual_time
async def test_answers_that_are_lost_make_nobody_read_a_message_twice() -> None:
    """However often it is tried."""
    chat = company()
    async with telling(chat, APPLICATION) as it:
        chat.faults.plan(Hang(accepts=True), when=path_contains("message"), times=5)
        it.offer("One")
        await it.drained()
        assert it.value("messages_retried_total", destination="chat-1") == 5
    assert (chat.duplicates, len(chat.inboxes["lina"])) == (5, 1)


@virtual_time
async def test_an_application_that_is_deleted_and_created_anew() -> None:
    """Its events wait; its secret is asked with rarely; it is said once, and all is told when it is back."""
    chat = company()
    with capture_logs() as logs:
        async with telling(chat, APPLICATION) as it:
            chat.remove(1)
            it.offer("One", "Two")
            await asyncio.sleep(1800)
            assert it.dispatcher.broken
            assert len(chat.asked) <= 6
            chat.add(1, Application(secret=SECRET, members=("lina",)))
            assert await it.drained() < 1800 + 960
            assert sum(times(chat.inboxes["lina"])) == 2
    said = [entry["event"] for entry in logs if entry["log_level"] != "debug"]
    assert said == ["destination_broken", "destination_recovered"]


@virtual_time
async def test_a_storm_keeps_dingtalks_pace() -> None:
    """A robot that is faster once is blocked for ten minutes."""
    chat = group()
    async with telling(chat, DINGTALK) as it:
        for number in range(1200):
            it.offer(f"R{number % 40}")
            await asyncio.sleep(1.0)
        await it.drained()
        assert it.told == 1200
    assert not chat.refused
    assert sum(times([message.content for message in chat.messages])) == 1200


@pytest.mark.parametrize("errcode", [410100, 130101])
def test_another_program_that_shares_the_robot_uses_up_its_minute(errcode: int) -> None:
    """Nothing is sent into the ten minutes' block, and nothing is lost."""

    @virtual_time
    async def scenario() -> None:
        chat = group()
        async with telling(chat, DINGTALK) as it:
            chat.faults.plan(ErrCode(errcode=errcode))
            it.offer("One", "Two")
            assert 600 < await it.drained() < 620
            assert it.told == 2
        assert len(chat.requests) <= 3

    scenario()
