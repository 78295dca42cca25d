from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.config import ApplicationTarget, Secret, SecretField
from kube_wecom_eventer.config.credential import Credential
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import AccessToken, AccessTokens, Outcome, ReadKey, Verdict, WeComApplication
from kube_wecom_eventer.sinks.keys import reading
from tests.support import sink_trials as trials
from tests.support.sink_trials import errcode
from tests.support.virtual_time import virtual_time

SECRET = "nBnT2e8rNwxoEy6Uf5Uy2f5Zw1aQ3s"
TOKEN = "acce55-t0ken/with+signs"
MESSAGE = Message(body='{"msgtype":"text","text":{"content":"中"}}'.encode(), built_in=True)
TARGET = ApplicationTarget(
    endpoint=Secret("https://qyapi.weixin.qq.com"),
    corp_id="ww0123456789abcdef",
    agent_id=1000002,
    corp_secret=Credential(Secret(SECRET)),
    shown="https://qyapi.weixin.qq.com/...",
    users=("wangqing", "lina"),
    headers=(("X-Proxy", Secret("proxy-token")),),
)

Answer = Callable[[dict[str, Any]], httpx.Response]


class Company:
    """Gives tokens, and answers messages by ``answer``; keeps both."""

    def __init__(self, answer: Answer | None = None, *, target: ApplicationTarget = TARGET) -> None:
        self._answer = answer or (lambda _body: errcode(0, "ok"))
        self._target = target
        self.tokens = 0
        self.sent: list[httpx.Request] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def application(self) -> WeComApplication:
        return application(self.http, self._target)

    async def send(self, *messages: Message) -> list[Outcome]:
        it = self.application()
        return [await it.ready() or await it.send(message) for message in messages or (MESSAGE,)]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.sent]

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/gettoken":
            self.tokens += 1
            return errcode(0, "ok", access_token=f"{TOKEN}-{self.tokens}", expires_in=7200)
        self.sent.append(request)
        return self._answer(json.loads(request.content))


def application(
    http: httpx.AsyncClient, target: ApplicationTarget = TARGET, *, read_secret: ReadKey | None = None
) -> WeComApplication:
    return WeComApplication(
        target=target,
        http=http,
        read_secret=read_secret or reading(target.corp_secret, _nowhere),
        tokens=AccessTokens(make=lambda of, secret: AccessToken(target=of, corp_secret=secret, http=http)),
        now=lambda: datetime(2026, 11, 20, tzinfo=UTC),
    )


def _nowhere(place: SecretField) -> ReadKey:
    raise AssertionError(place)


async def send(handler: trials.Handler) -> Outcome:
    """Send by an application that has a token; see `sink_trials.Trial`."""

    async def route(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/gettoken":
            return errcode(0, "ok", access_token=TOKEN, expires_in=7200)
        answered = handler(request)
        return answered if isinstance(answered, httpx.Response) else await answered

    async with httpx.AsyncClient(transport=httpx.MockTransport(route)) as http:
        it = application(http)
        return await it.ready() or await it.send(MESSAGE)


async def test_a_message_is_posted_with_its_receivers() -> None:
    """The body as rendered, to whom the sink names, by whom it says, and checked for duplicates."""
    company = Company()
    (outcome,) = await company.send()
    assert (outcome.verdict, outcome.missed) == (Verdict.ACCEPTED, ())
    (request,) = company.sent
    assert (request.method, request.url.path) == ("POST", "/cgi-bin/message/send")
    assert request.url.params["access_token"] == f"{TOKEN}-1"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["x-proxy"] == "proxy-token"
    (body,) = company.bodies
    content = body["text"].pop("content")
    assert content.strip("\u200b\u200c") == "中"
    assert body == {
        "msgtype": "text",
        "text": {},
        "touser": "wangqing|lina",
        "agentid": 1000002,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 3600,
    }


async def test_what_a_template_says_of_receivers_does_not_count() -> None:
    """Whom an application tells is the sink's."""
    company = Company(target=replace(TARGET, users=(), parties=("2", "3"), tags=("7",)))
    template = {"touser": "@all", "toparty": "1", "agentid": 5, "enable_duplicate_check": 0, "safe": 1}
    message = {**template, "msgtype": "markdown", "markdown": {"content": "x"}}
    await company.send(Message(body=json.dumps(message).encode(), built_in=False))
    (body,) = company.bodies
    del body["markdown"]
    assert body == {
        "msgtype": "markdown",
        "toparty": "2|3",
        "totag": "7",
        "safe": 1,
        "agentid": 1000002,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 3600,
    }


async def test_an_attempt_that_may_have_arrived_is_made_again_byte_for_byte() -> None:
    """WeCom drops the same request; another message with the same words is another one."""
    answers = [errcode(-1), errcode(-1), errcode(0), errcode(0)]
    company = Company(lambda _body: answers.pop(0))
    again = Message(body=MESSAGE.body, built_in=True)
    await company.send(MESSAGE, MESSAGE, MESSAGE, again)
    first, second, third, other = (request.content for request in company.sent)
    assert first == second == third != other


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"msgtype": "text", "text": {"content": "x"}}, "content"),
        ({"msgtype": "markdown", "markdown": {"content": "x"}}, "content"),
        ({"msgtype": "textcard", "textcard": {"title": "t", "description": "x", "url": "u"}}, "description"),
        ({"msgtype": "template_card", "template_card": {"sub_title_text": "x", "main_title": {}}}, "sub_title_text"),
    ],
)
async def test_each_message_is_marked_where_nobody_sees_it(payload: dict[str, Any], field: str) -> None:
    """4,096 messages long, more than leave in an hour, no mark comes twice; it takes the room that is left for it."""
    company = Company()
    body = json.dumps(payload).encode()
    await company.send(*(Message(body=body, built_in=True) for _ in range(5)))
    kind = payload["msgtype"]
    marks = [each[kind][field].removeprefix("x") for each in company.bodies]
    assert len(set(marks)) == 5
    assert {len(mark.encode()) for mark in marks} == {36}
    assert all(set(mark) <= {"\u200b", "\u200c"} for mark in marks)


async def test_a_card_without_a_text_is_marked_in_its_title() -> None:
    """An event may have no message."""
    company = Company()
    card = {"msgtype": "template_card", "template_card": {"main_title": {"title": "x", "desc": "d"}}}
    await company.send(*(Message(body=json.dumps(card).encode(), built_in=True) for _ in range(2)))
    first, second = (body["template_card"]["main_title"] for body in company.bodies)
    assert first["title"] != second["title"]
    assert (first["title"].strip("\u200b\u200c"), first["desc"]) == ("x", "d")


async def test_a_type_without_a_text_goes_as_it_is_and_unchecked() -> None:
    """News, pictures, from a user's own template: the second of two would be taken for the first."""
    company = Company()
    news = {"msgtype": "news", "news": {"articles": [{"title": "t", "url": "https://x"}]}}
    await company.send(Message(body=json.dumps(news).encode(), built_in=False))
    (body,) = company.bodies
    assert body["news"] == news["news"]
    assert "enable_duplicate_check" not in body


@pytest.mark.parametrize(
    ("code", "verdict", "reason"),
    [
        (0, Verdict.ACCEPTED, ""),
        (-1, Verdict.RETRY, "errcode_-1"),
        (45033, Verdict.RETRY, "errcode_45033"),
        (45009, Verdict.TOO_FAST, "errcode_45009"),
        (81013, Verdict.BROKEN, "errcode_81013"),
        (60020, Verdict.BROKEN, "errcode_60020"),
        (301002, Verdict.BROKEN, "errcode_301002"),
        (40058, Verdict.REFUSED, "errcode_40058"),
        (44004, Verdict.REFUSED, "errcode_44004"),
        (123456, Verdict.UNKNOWN, "errcode_other"),
    ],
)
async def test_an_answer_is_judged_by_its_errcode(code: int, verdict: Verdict, reason: str) -> None:
    """WeCom answers HTTP 200 for errors too."""
    outcome = await send(lambda _request: errcode(code, "ok"))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)


@pytest.mark.parametrize("code", [40014, 41001, 42001])
async def test_a_token_that_has_ended_is_replaced_once(code: int) -> None:
    """Before its time, too; the message is sent again with the new one, as it was."""
    answers = [errcode(code), errcode(0)]
    company = Company(lambda _body: answers.pop(0))
    (outcome,) = await company.send()
    assert outcome.verdict is Verdict.ACCEPTED
    assert company.tokens == 2
    first, second = company.sent
    assert first.content == second.content
    assert second.url.params["access_token"] == f"{TOKEN}-2"


async def test_a_token_that_is_refused_anew_is_no_loop() -> None:
    """One new token an attempt, and the destination counts as broken: attempts are rare then."""
    company = Company(lambda _body: errcode(40014))
    (outcome,) = await company.send()
    assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "errcode_40014")
    assert (company.tokens, len(company.sent)) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "missed"),
    [
        ({"invaliduser": "wangqing|lina2"}, ("wangqing", "lina2")),
        ({"invalidparty": "3", "invalidtag": "9|10"}, ("party 3", "tag 9", "tag 10")),
        ({"unlicenseduser": "lina", "invaliduser": "lina"}, ("lina",)),
        ({"invaliduser": "", "invalidparty": None, "invalidtag": 5}, ("tag 5",)),
    ],
)
async def test_receivers_who_were_not_reached_are_named(answer: dict[str, Any], missed: tuple[str, ...]) -> None:
    """The others have the message: it is accepted, and not sent again."""
    outcome = await send(lambda _request: errcode(0, "ok", **answer))
    assert (outcome.verdict, outcome.missed) == (Verdict.ACCEPTED, missed)


MANY = replace(
    TARGET, users=tuple(f"user{number}" for number in range(2500)), parties=tuple(str(n) for n in range(1, 151))
)


async def test_more_receivers_than_a_request_may_name_are_told_in_parts() -> None:
    """At most 1,000 users, 100 departments and 100 tags each; every receiver once."""
    company = Company(target=MANY)
    (outcome,) = await company.send()
    assert outcome.verdict is Verdict.ACCEPTED
    users = [body["touser"].split("|") for body in company.bodies]
    assert [len(each) for each in users] == [1000, 1000, 500]
    assert [user for part in users for user in part] == list(MANY.users)
    assert [len(body.get("toparty", "").split("|")) for body in company.bodies] == [100, 50, 1]


async def test_a_part_that_fails_is_sent_again_alone() -> None:
    """Those who have the message do not get it twice."""
    answers = [errcode(0), errcode(-1), errcode(0), errcode(0)]
    company = Company(lambda _body: answers.pop(0), target=MANY)
    first, second = await company.send(MESSAGE, MESSAGE)
    assert (first.verdict, second.verdict) == (Verdict.RETRY, Verdict.ACCEPTED)
    told = [body["touser"].partition("|")[0] for body in company.bodies]
    assert told == ["user0", "user1000", "user1000", "user2000"]
    assert company.sent[1].content == company.sent[2].content


async def test_what_another_message_is_told_begins_anew() -> None:
    """The parts that are left are those of one message."""
    answers = [errcode(0), errcode(-1), *[errcode(0)] * 3]
    company = Company(lambda _body: answers.pop(0), target=MANY)
    await company.send(MESSAGE, Message(body=MESSAGE.body, built_in=True))
    told = [body["touser"].partition("|")[0] for body in company.bodies]
    assert told == ["user0", "user1000", "user0", "user1000", "user2000"]


async def test_a_part_of_whom_nobody_can_be_reached_does_not_hold_the_others_up() -> None:
    """Its receivers are named as not reached; only where nobody at all can be is the destination broken."""

    def some(body: dict[str, Any]) -> httpx.Response:
        return errcode(81013 if "user1000" in body["touser"].split("|") else 0)

    company = Company(some, target=MANY)
    (outcome,) = await company.send()
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.missed[0] == "user1000"
    assert len(outcome.missed) == 50
    nobody = Company(lambda _body: errcode(81013), target=MANY)
    for outcome in await nobody.send(MESSAGE, MESSAGE):
        assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "errcode_81013")
    assert len(nobody.sent) == 6


async def test_a_part_of_whom_nobody_can_be_reached_is_not_forgotten_when_another_one_fails() -> None:
    """It is tried again with it, and named."""
    answers = {"user0": [81013, 81013], "user1000": [-1, 0], "user2000": [0]}
    company = Company(lambda body: errcode(answers[body["touser"].partition("|")[0]].pop(0)), target=MANY)
    first, second = await company.send(MESSAGE, MESSAGE)
    assert (first.verdict, second.verdict) == (Verdict.RETRY, Verdict.ACCEPTED)
    assert second.missed[0] == "user0"
    assert [body["touser"].partition("|")[0] for body in company.bodies] == [
        "user0", "user1000", "user1000", "user2000", "user0",
    ]  # fmt: skip


async def test_a_secret_that_changes_is_used_from_the_next_message_on() -> None:
    """With a token of its own; what WeCom counts messages by is known at once."""
    company, secrets = Company(), iter([Secret("one"), Secret("two"), Secret("two")])

    async def read() -> Secret:
        return next(secrets)

    target = replace(TARGET, corp_secret=Credential(Secret(""), SecretField("a", "b")))
    it = application(company.http, target, read_secret=read)
    accounts = []
    for _ in range(3):
        assert await it.ready() is None
        await it.send(Message(body=MESSAGE.body, built_in=True))
        accounts.append(it.account)
    assert company.tokens == 2
    assert [request.url.params["access_token"] for request in company.sent] == [
        f"{TOKEN}-1", f"{TOKEN}-2", f"{TOKEN}-2",
    ]  # fmt: skip
    assert accounts[0] != accounts[1] == accounts[2]


async def test_a_part_that_is_refused_after_another_was_taken_is_about_its_receivers() -> None:
    """The body was good: it is not told again in other words to those who have it."""
    company = Company(lambda body: errcode(0 if "user0|" in body["touser"] else 40058), target=MANY)
    (outcome,) = await company.send()
    assert (outcome.verdict, outcome.missed[0]) == (Verdict.ACCEPTED, "user1000")
    refused = Company(lambda _body: errcode(40058), target=MANY)
    (outcome,) = await refused.send()
    assert (outcome.verdict, len(refused.sent)) == (Verdict.REFUSED, 1)


async def test_everybody_is_one_request() -> None:
    """Whom the application sees."""
    company = Company(target=replace(TARGET, users=("@all",)))
    await company.send()
    assert [body["touser"] for body in company.bodies] == ["@all"]


@virtual_time
async def test_the_parts_of_a_message_have_one_timeout_together() -> None:
    """An attempt ends before another process may lead; what is left is sent with the next one."""
    sent: list[str] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/gettoken":
            return errcode(0, "ok", access_token=TOKEN, expires_in=7200)
        await asyncio.sleep(3.0)
        sent.append(json.loads(request.content)["touser"].partition("|")[0])
        return errcode(0)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        it = application(http, MANY)
        await it.ready()
        started = asyncio.get_running_loop().time()
        outcome = await it.send(MESSAGE)
        assert asyncio.get_running_loop().time() - started == 8.0
        assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "timeout")
        assert (await it.send(MESSAGE)).verdict is Verdict.ACCEPTED
    assert sent == ["user0", "user1000", "user2000"]


@virtual_time
async def test_a_token_that_does_not_come_in_time_ends_the_attempt() -> None:
    """It was there when the attempt began, and ended in between."""

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/gettoken":
            await asyncio.sleep(0.0 if asyncio.get_running_loop().time() < 1001 else 3600.0)
            return errcode(0, "ok", access_token=TOKEN, expires_in=7200)
        await asyncio.sleep(2.0)
        return errcode(42001)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        it = application(http)
        await it.ready()
        started = asyncio.get_running_loop().time()
        outcome = await it.send(MESSAGE)
        assert asyncio.get_running_loop().time() - started == 8.0
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "timeout")


@virtual_time
async def test_every_answer_and_every_failure_has_its_class() -> None:
    """Only errcode 0 is success."""
    await trials.every_status(send, accepted=())
    await trials.every_failure(send)
    await trials.every_answer_that_is_none(send)
    await trials.one_timeout(send)


async def test_no_outcome_shows_a_secret() -> None:
    """The access token travels in the query."""
    await trials.no_secret(send, secrets=(TOKEN, "proxy-token"))


async def test_its_account_is_the_application_of_whoever_has_its_secret() -> None:
    """16 a minute are 960 an hour: a member takes 30 and 1,000."""
    company = Company()
    account = company.application().account
    assert account is not None
    assert account.name.startswith("wechat-ww0123456789abcdef-1000002-")
    assert SECRET not in account.name
    assert account.limit * 60 <= 1000
