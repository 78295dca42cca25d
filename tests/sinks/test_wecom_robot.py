from __future__ import annotations

import httpx
import pytest

from kube_wecom_eventer.config import RobotTarget, Secret
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import Outcome, Verdict, WeComRobot
from kube_wecom_eventer.sinks.wecom_codes import ROBOT
from tests.support import sink_trials as trials
from tests.support.sink_trials import errcode
from tests.support.virtual_time import virtual_time

KEY = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
URL = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
MESSAGE = Message(body='{"msgtype":"text","text":{"content":"中"}}'.encode(), built_in=True)
TARGET = RobotTarget(
    endpoint=Secret(URL),
    key=Secret(KEY),
    shown="https://qyapi.weixin.qq.com/...",
    headers=(("X-Proxy", Secret("proxy-token")),),
)


async def send(handler: trials.Handler) -> Outcome:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        return await WeComRobot(target=TARGET, http=http).send(MESSAGE)


async def answered(response: httpx.Response) -> Outcome:
    return await send(lambda _request: response)


async def test_a_message_is_posted_as_json_with_the_key_in_the_query() -> None:
    """What leaves is the body as rendered, and the sink's own headers."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return errcode(0, "ok")

    outcome = await send(handler)
    assert outcome.verdict is Verdict.ACCEPTED
    (request,) = seen
    assert (request.method, str(request.url), request.content) == ("POST", URL, MESSAGE.body)
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["x-proxy"] == "proxy-token"


@pytest.mark.parametrize(
    ("code", "verdict", "reason"),
    [
        (0, Verdict.ACCEPTED, ""),
        (-1, Verdict.RETRY, "errcode_-1"),
        (45033, Verdict.RETRY, "errcode_45033"),
        (45009, Verdict.TOO_FAST, "errcode_45009"),
        (93000, Verdict.BROKEN, "errcode_93000"),
        (40008, Verdict.REFUSED, "errcode_40008"),
        (40058, Verdict.REFUSED, "errcode_40058"),
        (44004, Verdict.REFUSED, "errcode_44004"),
        (123456, Verdict.UNKNOWN, "errcode_other"),
    ],
)
async def test_an_answer_is_judged_by_its_errcode(code: int, verdict: Verdict, reason: str) -> None:
    """WeCom answers HTTP 200 for errors too, and errmsg is for people."""
    outcome = await answered(errcode(code, "ok"))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)


async def test_a_robot_over_its_limit_asks_for_a_minute() -> None:
    """The block lasts a minute."""
    assert 60 <= (await answered(errcode(45009))).wait <= 65


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(502, text="bad gateway"), "http_5xx"),
        (httpx.Response(429), "http_429"),
        (httpx.Response(200, text="<html>please log in</html>"), "not_wecom"),
        (httpx.Response(200, json={"hello": "world"}), "not_wecom"),
        (httpx.Response(302, headers={"location": "https://portal/"}), "not_wecom"),
        (httpx.Response(404, text="not found"), "not_wecom"),
        (httpx.Response(200, content=b""), "not_wecom"),
    ],
)
async def test_what_is_no_answer_of_wecom_is_tried_again(response: httpx.Response, reason: str) -> None:
    """Gateways, captive portals, redirects: none of them took the message."""
    outcome = await answered(response)
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, reason)


async def test_retry_after_is_honoured() -> None:
    """A server that names a time gets it, within reason."""
    assert (await answered(httpx.Response(503, headers={"retry-after": "7"}))).wait == 7
    assert (await answered(httpx.Response(503, headers={"retry-after": "Fri, 31 Dec"}))).wait == 0


@virtual_time
async def test_every_answer_and_every_failure_has_its_class() -> None:
    """The robot has no idempotency key: told twice at worst, never lost; only errcode 0 is success."""
    await trials.every_status(send, accepted=())
    await trials.every_failure(send)
    await trials.every_answer_that_is_none(send)
    await trials.one_timeout(send)


async def test_no_outcome_shows_the_key() -> None:
    """Error texts of libraries and of peers may quote the request, and a long text is cut, perhaps within the key."""
    await trials.no_secret(send, secrets=(KEY, "proxy-token"))


def test_every_code_has_its_words() -> None:
    """The operator reads them in the log."""
    assert "removed from the group" in ROBOT.classify(93000)[1]
    assert ROBOT.classify(1)[0] is Verdict.UNKNOWN


async def test_a_proxy_that_quotes_the_request_shows_no_secret() -> None:
    """Neither a header's value, nor a user's password, nor a key as it is written in a URL."""
    url = "https://me:hushhush@proxy.example.com/cgi-bin/webhook/send?key=a%2Bb%2Fc"
    target = RobotTarget(
        endpoint=Secret(url),
        key=Secret("a+b/c"),
        shown="https://proxy.example.com/...",
        headers=(("Authorization", Secret("Bearer to-ken")),),
    )
    for quoted in ("key=a%2Bb%2Fc", "key a+b/c", "Authorization: Bearer to-ken", "token to-ken", "password hushhush"):

        def handler(_request: httpx.Request, quoted: str = quoted) -> httpx.Response:
            return httpx.Response(200, text=quoted)

        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
            detail = (await WeComRobot(target=target, http=http).send(MESSAGE)).detail
        assert "***" in detail
        assert not any(secret in detail for secret in ("a%2Bb", "a+b", "to-ken", "hushhush"))


async def test_an_address_in_place_of_the_key_is_not_sent() -> None:
    """A team stored what WeCom shows: the robot is broken at once, and says what to store."""

    async def read() -> Secret:
        return Secret(URL)

    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: errcode(0))) as http:
        outcome = await WeComRobot(target=TARGET, http=http, read_key=read).ready()
    assert outcome is not None
    assert (outcome.verdict, outcome.reason, outcome.costs_nothing) == (Verdict.BROKEN, "no_key", True)
    assert outcome.detail == "the Secret holds a whole address; store only what follows key= in it"
