"""The demo's DingTalk group takes and refuses messages by DingTalk's rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.dingtalk import PATH, DingTalkGroup, Robot
from kube_wecom_eventer.demo.serving import serve

TEXT = {"msgtype": "text", "text": {"content": "Warning: hello"}}
SECRET = "SEC0123"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The group's clock."""
    return Clock()


@pytest.fixture
def group(clock: Clock) -> DingTalkGroup:
    """A group with a robot of each kind."""
    robots = {"open": Robot(), "signed": Robot(secret=SECRET), "worded": Robot(keywords=("Warning", "prod"))}
    return DingTalkGroup(robots=robots, clock=clock)


@pytest.fixture
async def client(group: DingTalkGroup) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the group's address."""
    async with serve(group) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=2) as client:
        yield client


async def send(client: httpx.AsyncClient, body: Any = TEXT, *, token: str = "open", **query: str) -> int:
    """Send a message and return the errcode, which comes with HTTP 200 always."""
    answer = await client.post(PATH, params={"access_token": token, **query}, json=body)
    assert answer.status_code == 200
    return int(answer.json()["errcode"])


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        {"msgtype": "markdown", "markdown": {"title": "t", "text": "# x"}},
        {"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "https://x"}},
        {**TEXT, "at": {"atMobiles": ["138"], "isAtAll": False}},
    ],
)
async def test_a_valid_message_is_shown(group: DingTalkGroup, client: httpx.AsyncClient, body: Any) -> None:
    """Each msgtype is accepted with errcode 0."""
    assert await send(client, body) == 0
    assert [message.body for message in group.messages] == [body]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ([], 40035),
        ({"msgtype": "poem"}, 400105),
        ({"msgtype": "text"}, 40035),
        ({"msgtype": "text", "text": {"content": ""}}, 40035),
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035),
        ({**TEXT, "at": []}, 40035),
        ({"msgtype": "text", "text": {"content": "x" * 20_000}}, 460101),
    ],
)
async def test_an_invalid_message_is_refused_inside_a_200(
    group: DingTalkGroup, client: httpx.AsyncClient, body: Any, errcode: int
) -> None:
    """Each broken rule has its errcode, and the group shows nothing."""
    assert await send(client, body) == errcode
    assert (len(group.messages), [each.errcode for each in group.refused]) == (0, [errcode])


async def test_an_unknown_token_is_300001(group: DingTalkGroup, client: httpx.AsyncClient) -> None:
    """As that of a robot that was removed."""
    assert await send(client, token="nobody") == 300001
    group.remove_robot("open")
    assert await send(client) == 300001
    assert (await client.get(PATH)).status_code == 404


async def test_a_robot_may_want_a_signature(clock: Clock, client: httpx.AsyncClient) -> None:
    """Of a time within the hour, made with its secret."""

    def signed(secret: str, at: datetime) -> dict[str, str]:
        timestamp = str(int(at.timestamp() * 1000))
        digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
        return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}

    assert await send(client, token="signed", **signed(SECRET, clock.now)) == 0
    assert await send(client, token="signed", **signed("SEC9", clock.now)) == 310000
    assert await send(client, token="signed", **signed(SECRET, clock.now - timedelta(minutes=61))) == 310000
    assert await send(client, token="signed") == 310000


async def test_a_robot_may_want_a_keyword(client: httpx.AsyncClient) -> None:
    """One of them is enough."""
    assert await send(client, token="worded") == 0
    assert await send(client, {"msgtype": "text", "text": {"content": "hello"}}, token="worded") == 310000


async def test_a_robot_that_was_too_fast_is_blocked_for_ten_minutes(clock: Clock, client: httpx.AsyncClient) -> None:
    """After twenty messages within a minute; another robot is not."""
    for _ in range(20):
        assert await send(client) == 0
    assert await send(client) == 410100
    clock.now += timedelta(minutes=9)
    assert await send(client) == 410100
    assert await send(client, token="worded") == 0
    clock.now += timedelta(minutes=1)
    assert await send(client) == 0


async def test_only_at_mentions(group: DingTalkGroup, client: httpx.AsyncClient) -> None:
    """A text mentions whom its list has; a markdown only those who are in its text, too."""
    at = {"atMobiles": ["138"], "atUserIds": ["u1"], "isAtAll": True}
    await send(client, {"msgtype": "text", "text": {"content": "@all @139 x"}})
    await send(client, {**TEXT, "at": at})
    await send(client, {"msgtype": "markdown", "markdown": {"title": "t", "text": "@138"}, "at": at})
    assert [message.mentions for message in group.messages] == [(), ("@all", "138", "u1"), ("@all", "138")]
