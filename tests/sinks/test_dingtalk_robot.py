from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from kube_wecom_eventer.config import DingTalkTarget, Secret, SecretField
from kube_wecom_eventer.config.credential import Credential
from kube_wecom_eventer.errors import SecretError
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import DingTalkRobot, Outcome, ReadKey, Verdict
from kube_wecom_eventer.sinks.dingtalk_codes import DINGTALK
from kube_wecom_eventer.sinks.keys import reading
from tests.support import sink_trials as trials
from tests.support.sink_trials import errcode
from tests.support.virtual_time import virtual_time

TOKEN = "a5c19f3e02feba7b+5dfc22/bfb04afa2"
SECRET = "SEC4801ebab0fe924909668e5979f7d"
ENDPOINT = "https://oapi.dingtalk.com/robot/send"
MESSAGE = Message(body='{"msgtype":"text","text":{"content":"中"}}'.encode(), built_in=True)
NOW = datetime(2026, 11, 20, 1, 2, 3, 456_000, tzinfo=UTC)


class Clock:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def target(*, sign: str = SECRET) -> DingTalkTarget:
    return DingTalkTarget(
        endpoint=Secret(ENDPOINT),
        access_token=Credential(Secret(TOKEN)),
        sign=Credential(Secret(sign)) if sign else None,
        shown=ENDPOINT,
        headers=(("X-Proxy", Secret("proxy-token")),),
    )


def robot(
    http: httpx.AsyncClient, *, sign: str = SECRET, now: Clock | None = None, read_token: ReadKey | None = None
) -> DingTalkRobot:
    it = target(sign=sign)
    return DingTalkRobot(
        target=it,
        http=http,
        read_token=read_token or reading(it.access_token, _nowhere),
        read_sign=reading(it.sign, _nowhere) if it.sign else None,
        now=now or Clock(),
    )


def _nowhere(place: SecretField) -> ReadKey:
    raise AssertionError(place)


async def send(handler: trials.Handler) -> Outcome:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        it = robot(http)
        return await it.ready() or await it.send(MESSAGE)


async def test_a_message_is_posted_with_token_and_signature() -> None:
    """What leaves is the body as rendered; the signature is DingTalk's, made of the time and the secret."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return errcode(0, "ok")

    assert (await send(handler)).verdict is Verdict.ACCEPTED
    (request,) = seen
    query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
    timestamp = "1795136523456"
    digest = hmac.new(SECRET.encode(), f"{timestamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert query == {"access_token": TOKEN, "timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
    assert (request.method, request.url.path, request.content) == ("POST", "/robot/send", MESSAGE.body)
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["x-proxy"] == "proxy-token"


async def test_each_attempt_is_signed_anew() -> None:
    """A signature holds for an hour, and a message may be tried for as long."""
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params["timestamp"])
        return errcode(-1)

    clock = Clock()
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        it = robot(http, now=clock)
        await it.ready()
        await it.send(MESSAGE)
        clock.now += timedelta(hours=1)
        await it.send(MESSAGE)
    assert [int(each) for each in seen] == [1795136523456, 1795136523456 + 3_600_000]


async def test_a_robot_without_a_secret_signs_nothing() -> None:
    """Its security is keywords, or the address."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return errcode(0)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        it = robot(http, sign="")
        await it.ready()
        await it.send(MESSAGE)
    assert dict(seen[0].url.params) == {"access_token": TOKEN}


@pytest.mark.parametrize(
    ("code", "verdict", "reason"),
    [
        (0, Verdict.ACCEPTED, ""),
        (-1, Verdict.RETRY, "errcode_-1"),
        (130101, Verdict.TOO_FAST, "errcode_130101"),
        (410100, Verdict.TOO_FAST, "errcode_410100"),
        (300001, Verdict.BROKEN, "errcode_300001"),
        (310000, Verdict.BROKEN, "errcode_310000"),
        (400102, Verdict.BROKEN, "errcode_400102"),
        (460101, Verdict.REFUSED, "errcode_460101"),
        (40035, Verdict.REFUSED, "errcode_40035"),
        (123456, Verdict.UNKNOWN, "errcode_other"),
    ],
)
async def test_an_answer_is_judged_by_its_errcode(code: int, verdict: Verdict, reason: str) -> None:
    """DingTalk answers HTTP 200 for errors too."""
    outcome = await send(lambda _request: errcode(code, "ok"))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert (outcome.wait > 600) == (verdict is Verdict.TOO_FAST)


async def test_a_robot_that_is_secured_otherwise_says_what_to_write() -> None:
    """Keywords, signature, address: the operator reads all three."""
    outcome = await send(lambda _request: errcode(310000, "keywords not in content"))
    for words in ("label=", "sign=", "address", "keywords not in content"):
        assert words in outcome.detail


@virtual_time
async def test_every_answer_and_every_failure_has_its_class() -> None:
    """Only errcode 0 is success."""
    await trials.every_status(send, accepted=())
    await trials.every_failure(send)
    await trials.every_answer_that_is_none(send)
    await trials.one_timeout(send)


async def test_no_outcome_shows_a_secret() -> None:
    """Neither the token nor what signs nor a signature, which is good for an hour, nor a header."""
    signatures: list[str] = []

    async def noted(handler: trials.Handler) -> Outcome:
        def noting(request: httpx.Request) -> httpx.Response:
            signatures.append(request.url.params["sign"])
            answered = handler(request)
            assert isinstance(answered, httpx.Response)
            return answered

        return await send(noting)

    await trials.no_secret(noted, secrets=(TOKEN, SECRET, "proxy-token"))
    await trials.no_secret(noted, secrets=(signatures[0],))


async def test_a_token_is_read_before_each_message() -> None:
    """A rotated one is used at once; one that can't be read costs no request, and names the missing right."""
    seen: list[str] = []
    answers: list[Secret | SecretError] = [
        Secret("one"),
        Secret("two"),
        SecretError("no right", hint="rules: [secrets]"),
    ]

    async def read() -> Secret:
        answer = answers.pop(0)
        if isinstance(answer, SecretError):
            raise answer
        return answer

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params["access_token"])
        return errcode(0)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        it = robot(http, read_token=read)
        accounts = []
        for _ in range(2):
            assert await it.ready() is None
            await it.send(MESSAGE)
            assert it.account is not None
            accounts.append(it.account)
        outcome = await it.ready()
    assert seen == ["one", "two"]
    assert accounts[0].name != accounts[1].name
    assert {account.limit for account in accounts} == {20}
    assert outcome is not None
    assert (outcome.verdict, outcome.reason, outcome.costs_nothing) == (Verdict.BROKEN, "no_key", True)
    assert outcome.detail == "no right; grant rules: [secrets]"


def test_every_code_has_its_words() -> None:
    """The operator reads them in the log."""
    assert "removed from the group" in DINGTALK.classify(300001)[1]
    assert DINGTALK.classify(1) == (Verdict.UNKNOWN, "a code that is not in DingTalk's documentation")
