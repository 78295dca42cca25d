"""The demo's company gives tokens, and takes and drops messages by WeCom's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.chat import ErrCode
from kube_wecom_eventer.demo.faults import path_contains
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom_application import GETTOKEN, SEND, Application, WeComApplications

CORP, AGENT, SECRET = "ww01", 1000002, "the-secret"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """The company's clock."""
    return Clock()


@pytest.fixture
def company(clock: Clock) -> WeComApplications:
    """A company of three, with an application that sees them all."""
    company = WeComApplications(corp_id=CORP, clock=clock)
    members = ("WangQing", "lina", "zhaoli")
    company.add(AGENT, Application(secret=SECRET, members=members, parties={"2": ("lina", "zhaoli")}, tags={"7": ()}))
    return company


@pytest.fixture
async def client(company: WeComApplications) -> AsyncIterator[httpx.AsyncClient]:
    """A client of WeCom's address."""
    async with serve(company) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=2) as client:
        yield client


async def token(client: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    """Ask for a token."""
    answer = await client.get(GETTOKEN, params={"corpid": CORP, "corpsecret": SECRET, **query})
    assert answer.status_code == 200
    return dict(answer.json())


async def send(client: httpx.AsyncClient, content: str = "hello", **changes: Any) -> dict[str, Any]:
    """Send a text to all, with a token that was just asked for."""
    access_token = (await token(client))["access_token"]
    return await post(client, access_token, content, **changes)


async def post(client: httpx.AsyncClient, access_token: str, content: str = "hello", **changes: Any) -> dict[str, Any]:
    """Send a text to all."""
    body = {"touser": "@all", "agentid": AGENT, "msgtype": "text", "text": {"content": content}, **changes}
    answer = await client.post(SEND, params={"access_token": access_token}, json=body)
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_token_is_the_same_while_it_lives(
    clock: Clock, company: WeComApplications, client: httpx.AsyncClient
) -> None:
    """With what is left of its two hours; then there is a new one, and the old one has expired."""
    first = await token(client)
    clock.advance(3600)
    second = await token(client)
    assert (first["expires_in"], second["expires_in"]) == (7200, 3600)
    assert first["access_token"] == second["access_token"]
    clock.advance(3600)
    assert (await post(client, first["access_token"]))["errcode"] == 42001
    assert (await token(client))["access_token"] != first["access_token"]
    assert [errcode for _, errcode in company.asked] == [0, 0, 0]


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({"corpsecret": "wrong"}, 40001),
        ({"corpid": "ww02"}, 40013),
        ({"corpsecret": ""}, 41004),
        ({"corpid": ""}, 41002),
    ],
)
async def test_whoever_is_not_the_application_gets_no_token(
    client: httpx.AsyncClient, query: dict[str, str], errcode: int
) -> None:
    """Each mistake has its errcode."""
    answer = await token(client, **query)
    assert answer["errcode"] == errcode
    assert "access_token" not in answer


async def test_a_token_that_was_ended_is_worth_nothing(company: WeComApplications, client: httpx.AsyncClient) -> None:
    """As is none, or any other."""
    old = (await token(client))["access_token"]
    company.end_tokens()
    assert [(await post(client, each))["errcode"] for each in (old, "", "made-up")] == [40014, 41001, 40014]
    assert (await send(client))["errcode"] == 0


@pytest.mark.parametrize(
    ("receivers", "reached", "invalid"),
    [
        ({"touser": "@all"}, {"WangQing", "lina", "zhaoli"}, {}),
        ({"touser": "wangqing|Nobody"}, {"WangQing"}, {"invaliduser": "nobody"}),
        ({"touser": "", "toparty": "2|9"}, {"lina", "zhaoli"}, {"invalidparty": "9"}),
        ({"touser": "lina", "toparty": "2", "totag": "8"}, {"lina", "zhaoli"}, {"invalidtag": "8"}),
    ],
)
async def test_a_message_reaches_whom_it_names_and_who_is_there(
    company: WeComApplications,
    client: httpx.AsyncClient,
    receivers: dict[str, str],
    reached: set[str],
    invalid: dict[str, str],
) -> None:
    """The others are named in the answer, in lower case, with errcode 0."""
    answer = await send(client, **receivers)
    assert answer == {"errcode": 0, "errmsg": "ok", **invalid}
    assert set(company.inboxes) == reached


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "nobody"}, 81013),
        ({"touser": ""}, 81013),
        ({"touser": "|".join(f"u{n}" for n in range(1001))}, 40032),
        ({"touser": "", "toparty": "|".join(str(n) for n in range(101))}, 40066),
        ({"touser": "", "totag": "|".join(str(n) for n in range(101))}, 40068),
        ({"agentid": 1}, 301002),
        ({"agentid": "1000002"}, 40058),
        ({"text": {"content": "x" * 2049}}, 40058),
        ({"msgtype": "markdown", "markdown": {"content": "x" * 2049}}, 40058),
        ({"msgtype": "markdown_v2", "markdown_v2": {"content": "x"}}, 40008),
        ({"msgtype": "textcard", "textcard": {"title": "x" * 129, "description": "d", "url": "u"}}, 40058),
        ({"msgtype": "textcard", "textcard": {"title": "t", "description": "x" * 513, "url": "u"}}, 40058),
        ({"msgtype": "textcard", "textcard": {"title": "t", "description": "d"}}, 40058),
        ({"text": {"content": " "}}, 44004),
    ],
)
async def test_what_is_not_acceptable_has_its_errcode(
    company: WeComApplications, client: httpx.AsyncClient, changes: dict[str, Any], errcode: int
) -> None:
    """And reaches nobody."""
    assert (await send(client, **changes))["errcode"] == errcode
    assert not company.inboxes


async def test_a_request_that_was_there_before_is_not_shown_again(
    clock: Clock, company: WeComApplications, client: httpx.AsyncClient
) -> None:
    """Within the interval, if it asks for that, and only the very same."""
    checked: dict[str, Any] = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    for _ in range(2):
        assert (await send(client, **checked))["errcode"] == 0
    await send(client, "hello ", **checked)
    clock.advance(601)
    await send(client, **checked)
    for _ in range(2):
        await send(client)
    assert company.inboxes["lina"] == ["hello", "hello ", "hello", "hello", "hello"]
    assert (company.duplicates, len(company.messages), len(company.requests)) == (1, 5, 6)


async def test_what_is_too_much_for_a_member_is_dropped_without_a_word(
    clock: Clock, company: WeComApplications, client: httpx.AsyncClient
) -> None:
    """30 in a minute, 1,000 in an hour, from one application; the answer is errcode 0."""
    access_token = (await token(client))["access_token"]
    for _ in range(31):
        assert (await post(client, access_token, touser="lina"))["errcode"] == 0
    assert (len(company.inboxes["lina"]), company.dropped) == (30, ["lina"])
    for _ in range(39):
        clock.advance(60)
        for _ in range(26):
            await post(client, access_token, touser="lina")
    assert len(company.inboxes["lina"]) == 1000
    assert set(company.dropped) == {"lina"}


async def test_faults_can_be_planned_for_either_request(company: WeComApplications, client: httpx.AsyncClient) -> None:
    """An errcode of gettoken, another one of a message."""
    company.faults.plan(ErrCode(errcode=-1), when=path_contains("gettoken"))
    company.faults.plan(ErrCode(errcode=45009), when=path_contains("message"))
    assert (await token(client))["errcode"] == -1
    assert (await send(client))["errcode"] == 45009
    assert (await send(client))["errcode"] == 0
    assert [each.errcode for each in company.requests] == [45009, 0]
