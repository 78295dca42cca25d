"""The demo's WeCom group takes and refuses messages by WeCom's rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.faults import Answer, Hang, Reset
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import CAPTIVE_PORTAL, PATH, ErrCode, WeComGroup


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 8, 11, 15, 47, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """The group's clock."""
    return Clock()


@pytest.fixture
def group(clock: Clock) -> WeComGroup:
    """A group with two robots."""
    return WeComGroup(keys=["one", "two"], clock=clock)


@pytest.fixture
async def client(group: WeComGroup) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the group's address."""
    async with serve(group) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=2) as client:
        yield client


def text(content: str, **more: Any) -> dict[str, Any]:
    """A text message."""
    return {"msgtype": "text", "text": {"content": content, **more}}


def markdown(content: str) -> dict[str, Any]:
    """A markdown message."""
    return {"msgtype": "markdown", "markdown": {"content": content}}


async def send(client: httpx.AsyncClient, body: Any, *, key: str = "one") -> int:
    """Send a message and return the errcode, which comes with HTTP 200 always."""
    answer = await client.post(PATH, params={"key": key}, json=body)
    assert answer.status_code == 200
    return int(answer.json()["errcode"])


CARD = {"card_type": "text_notice", "card_action": {"type": 1, "url": "https://example.com"}}
ARTICLE = {"title": "t", "url": "https://example.com"}


@pytest.mark.parametrize(
    "body",
    [
        text("x" * 2048),
        text("hello", mentioned_list=["zhangsan", "@all"], mentioned_mobile_list=["13800001111"]),
        markdown("汉" * 1365),
        {"msgtype": "markdown_v2", "markdown_v2": {"content": "| a |"}},
        {"msgtype": "news", "news": {"articles": [ARTICLE] * 8}},
        {"msgtype": "template_card", "template_card": CARD},
        {"msgtype": "image", "image": {"base64": "eA==", "md5": "9dd4e461268c8034f5c8564e155c67a6"}},
        {"msgtype": "file", "file": {"media_id": "3a8asd892asd8asd"}},
    ],
)
async def test_a_valid_message_is_shown(group: WeComGroup, client: httpx.AsyncClient, body: Any) -> None:
    """Each msgtype at its limits is accepted with errcode 0."""
    answer = await client.post(PATH, params={"key": "one"}, json=body)

    assert answer.json() == {"errcode": 0, "errmsg": "ok"}
    assert [message.body for message in group.messages] == [body]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (text("x" * 2049), 40058),
        (markdown("汉" * 1366), 40058),
        (text("a", mentioned_list="zhangsan"), 40058),
        ({"msgtype": "text"}, 40058),
        ({"msgtype": "text", "text": {}}, 40058),
        ({"msgtype": "markdown", "markdown": {"content": 5}}, 40058),
        ({"msgtype": "news", "news": {"articles": [ARTICLE] * 9}}, 40058),
        ({"msgtype": "news", "news": {"articles": [{**ARTICLE, "title": "汉" * 43}]}}, 40058),
        ({"msgtype": "template_card", "template_card": {"card_type": "text_notice"}}, 40058),
        ({"msgtype": "template_card", "template_card": {**CARD, "jump_list": [{}] * 4}}, 40058),
        ({"msgtype": "file", "file": {}}, 40058),
        (text(""), 44004),
        (text(" \n"), 44004),
        ({"msgtype": "poem", "poem": {}}, 40008),
        ({"msgtype": ["text"]}, 40008),
        ([], 40008),
    ],
)
async def test_an_invalid_message_is_refused_inside_a_200(
    group: WeComGroup, client: httpx.AsyncClient, body: Any, errcode: int
) -> None:
    """Each broken rule has its errcode, and the group shows nothing."""
    assert await send(client, body) == errcode
    assert (len(group.messages), [each.errcode for each in group.refused]) == (0, [errcode])


async def test_broken_json_is_an_invalid_message_type(group: WeComGroup, client: httpx.AsyncClient) -> None:
    """A raw newline inside a JSON string, kube-eventer's classic, gets 40008."""
    body = b'{"msgtype":"text","text":{"content":"two\nlines"}}'

    answer = await client.post(PATH, params={"key": "one"}, content=body)

    assert (answer.status_code, answer.json()["errcode"]) == (200, 40008)
    assert group.refused[0].body is None


async def test_an_unknown_key_is_93000(group: WeComGroup, client: httpx.AsyncClient) -> None:
    """A key that never was, or whose robot was removed, is refused."""
    assert await send(client, text("hello"), key="nobody") == 93000
    assert (await client.post(PATH, json=text("hello"))).json()["errcode"] == 93000

    group.remove_robot("one")
    assert await send(client, text("hello")) == 93000


async def test_a_get_is_not_a_message(client: httpx.AsyncClient) -> None:
    """Only POST sends."""
    assert (await client.get(PATH, params={"key": "one"})).json()["errcode"] == 43002


async def test_twenty_messages_in_a_sliding_minute(clock: Clock, group: WeComGroup, client: httpx.AsyncClient) -> None:
    """The 21st message within 60 s is refused, the window slides, and each key has its own."""
    for _ in range(20):
        assert await send(client, text("hello")) == 0
        clock.advance(2)
    assert await send(client, text("hello"), key="two") == 0
    clock.advance(20)  # 60 s after the first message

    assert await send(client, text("hello")) == 0
    assert await send(client, text("hello")) == 45009


async def test_a_key_that_was_too_fast_is_blocked_for_a_minute(
    clock: Clock, group: WeComGroup, client: httpx.AsyncClient
) -> None:
    """The block lasts 60 s from the first refusal, however often one asks in between."""
    for _ in range(20):
        await send(client, text("hello"))
    clock.advance(30)
    assert await send(client, text("hello")) == 45009
    clock.advance(40)  # the window of the first messages is over, the block is not
    assert await send(client, text("hello")) == 45009
    clock.advance(20)

    assert await send(client, text("hello")) == 0


async def test_mentions_are_found_where_wecom_finds_them(group: WeComGroup, client: httpx.AsyncClient) -> None:
    """Lists and <@id> mention in a text; in markdown only <@id> does, and never everybody."""
    lists = {"mentioned_list": ["lisi", "@all"], "mentioned_mobile_list": ["13800001111"]}
    await send(client, text("see <@zhangsan>", **lists))
    await send(client, markdown("see <@zhangsan> <@all>"))
    await send(client, {"msgtype": "markdown_v2", "markdown_v2": {"content": "see <@zhangsan>"}})

    assert [message.mentions for message in group.messages] == [
        ("zhangsan", "lisi", "@all", "13800001111"),
        ("zhangsan",),
        (),
    ]


async def test_a_waiter_gets_each_message_once(group: WeComGroup, client: httpx.AsyncClient) -> None:
    """next_message waits for a message that was not returned before."""
    waiting = asyncio.create_task(group.next_message())
    await send(client, text("first"))
    await send(client, text("second"))

    assert [(await waiting).content, (await group.next_message()).content] == ["first", "second"]
    with pytest.raises(TimeoutError):
        await group.next_message(timeout=0.01)


async def test_planned_faults_come_in_order_and_are_used_up(group: WeComGroup, client: httpx.AsyncClient) -> None:
    """An errcode, an HTTP status and a captive portal's page, each as often as planned, then the truth."""
    group.faults.plan(ErrCode(errcode=45033), times=2)
    group.faults.plan(Answer(status=502, body=b"bad gateway", headers={"retry-after": "3"}))
    group.faults.plan(CAPTIVE_PORTAL)

    codes = [await send(client, text("hello")) for _ in range(2)]
    gateway = await client.post(PATH, params={"key": "one"}, json=text("hello"))
    portal = await client.post(PATH, params={"key": "one"}, json=text("hello"))

    assert codes == [45033, 45033]
    assert (gateway.status_code, gateway.headers["retry-after"]) == (502, "3")
    assert (portal.status_code, portal.headers["content-type"]) == (200, "text/html")
    assert await send(client, text("hello")) == 0
    assert (len(group.messages), [each.errcode for each in group.refused]) == (1, [45033, 45033, None, None])


@pytest.mark.parametrize("accepts", [True, False])
async def test_a_message_can_arrive_without_an_answer(
    group: WeComGroup, client: httpx.AsyncClient, accepts: bool
) -> None:
    """A hang or a reset hides whether the message was taken."""
    group.faults.plan(Reset(accepts=accepts))
    group.faults.plan(Hang(accepts=accepts))

    with pytest.raises(httpx.NetworkError):
        await send(client, text("reset"))
    with pytest.raises(httpx.ReadTimeout):
        await client.post(PATH, params={"key": "one"}, json=text("hang"), timeout=0.05)

    assert [each.content for each in group.messages] == (["reset", "hang"] if accepts else [])
    assert len(group.requests) == 2


async def test_a_hanging_request_does_not_hold_up_the_end(group: WeComGroup) -> None:
    """The server is gone within moments although a client still waits for its answer."""
    group.faults.plan(Hang())
    async with serve(group) as url, httpx.AsyncClient(trust_env=False) as client:
        waiting = asyncio.create_task(client.post(f"{url}{PATH}?key=one", json=text("hello")))
        await group.wait_until(lambda: len(group.requests) == 1)
        started = asyncio.get_running_loop().time()

    with pytest.raises(httpx.HTTPError):
        await waiting
    assert asyncio.get_running_loop().time() - started < 1.5
