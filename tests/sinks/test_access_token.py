"""One token for each application: shared, renewed ahead of its end, never asked for in a loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from kube_wecom_eventer.config import ApplicationTarget, Secret
from kube_wecom_eventer.config.credential import Credential
from kube_wecom_eventer.sinks import AccessTokens, Outcome, Verdict
from kube_wecom_eventer.sinks.access_token import AccessToken
from tests.support import sink_trials as trials
from tests.support.sink_trials import errcode
from tests.support.virtual_time import virtual_time

SECRET = Secret("nBnT2e8rNwxo/Ey6+Uf5Uy2f5Zw1aQ3s")
TARGET = ApplicationTarget(
    endpoint=Secret("https://qyapi.weixin.qq.com"),
    corp_id="ww0123456789abcdef",
    agent_id=1000002,
    corp_secret=Credential(SECRET),
    shown="https://qyapi.weixin.qq.com/...",
    headers=(("X-Proxy", Secret("proxy-token")),),
)


def given(number: int, *, lives: float = 7200) -> httpx.Response:
    return errcode(0, "ok", access_token=f"token-{number}", expires_in=lives)


def tokens(http: httpx.AsyncClient) -> AccessTokens:
    return AccessTokens(make=lambda target, secret: AccessToken(target=target, corp_secret=secret, http=http))


class Office:
    """Answers from a script, then with a new token each time; notes when it was asked."""

    def __init__(self, *script: httpx.Response | Exception, takes: float = 0.1) -> None:
        self._script = list(script)
        self._takes = takes
        self.asked: list[float] = []
        self.requests: list[httpx.Request] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.tokens = tokens(self.http)

    def token(self, target: ApplicationTarget = TARGET, secret: Secret = SECRET) -> AccessToken:
        return self.tokens.of(target, secret)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(asyncio.get_running_loop().time())
        self.requests.append(request)
        number = len(self.asked)
        await asyncio.sleep(self._takes)
        answer = self._script.pop(0) if self._script else given(number)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def value(token: AccessToken) -> str:
    got = await token.get()
    assert isinstance(got, Secret)
    return got.reveal()


async def refusal(token: AccessToken) -> Outcome:
    got = await token.get()
    assert isinstance(got, Outcome)
    return got


@virtual_time
async def test_all_who_wait_share_one_request() -> None:
    """Many routes begin at the same moment; whoever gives up waiting takes the answer from nobody."""
    office = Office(takes=2.0)
    token = office.token()
    impatient = asyncio.create_task(token.get())
    waiting = [asyncio.create_task(value(office.token())) for _ in range(50)]
    await asyncio.sleep(1.0)
    impatient.cancel()
    assert await asyncio.gather(*waiting) == ["token-1"] * 50
    assert len(office.asked) == 1
    (request,) = office.requests
    assert (request.method, request.url.path) == ("GET", "/cgi-bin/gettoken")
    assert dict(request.url.params) == {"corpid": "ww0123456789abcdef", "corpsecret": SECRET.reveal()}
    assert request.headers["x-proxy"] == "proxy-token"


@virtual_time
async def test_a_token_is_kept_and_renewed_ahead_of_its_end() -> None:
    """For two hours less five minutes."""
    office = Office()
    token = office.token()
    assert await value(token) == "token-1"
    await asyncio.sleep(6800)
    assert await value(token) == "token-1"
    await asyncio.sleep(200)
    assert await value(token) == "token-2"
    assert len(office.asked) == 2


@virtual_time
async def test_the_same_token_with_the_rest_of_its_time_is_not_asked_for_each_time() -> None:
    """WeCom gives a living token again: near its end a message must not cost a request each."""
    office = Office(given(1), *[given(1, lives=rest) for rest in (290, 140, 70, 35, 17, 8, 4, 2, 1)])
    token = office.token()
    await value(token)
    for _ in range(7100):
        await asyncio.sleep(1.0)
        await value(token)
    assert len(office.asked) <= 6


@pytest.mark.parametrize(
    ("answer", "verdict", "most"),
    [(httpx.ConnectError("away"), Verdict.RETRY, 6), (errcode(45009), Verdict.TOO_FAST, 4)],
    ids=["away", "too fast"],
)
def test_a_token_that_cannot_be_renewed_ahead_of_time_is_used_to_its_end(
    answer: httpx.Response | Exception, verdict: Verdict, most: int
) -> None:
    """WeCom is away for a moment, or was asked too often by another program: the old one still holds, and is not asked
    for with each message."""

    @virtual_time
    async def scenario() -> None:
        office = Office(given(1), *[answer] * 100)
        token = office.token()
        await value(token)
        await asyncio.sleep(6950)
        for _ in range(10):
            await asyncio.sleep(10.0)
            assert await value(token) == "token-1"
        assert len(office.asked) <= most
        await asyncio.sleep(200)
        assert (await refusal(token)).verdict is verdict

    scenario()


@virtual_time
async def test_a_token_that_was_refused_is_asked_for_once() -> None:
    """By the first who says so; those who used the same one get the new one."""
    office = Office()
    token = office.token()
    old = await token.get()
    assert isinstance(old, Secret)
    token.spoil(old)
    assert await value(token) == "token-2"
    token.spoil(old)
    assert await value(token) == "token-2"
    assert len(office.asked) == 2


@virtual_time
async def test_a_wrong_secret_is_asked_with_ever_more_slowly() -> None:
    """However many ask: too many refusals shut out the whole address for an hour."""
    office = Office(*[errcode(40001, "invalid credential") for _ in range(1000)])
    token = office.token()
    started = asyncio.get_running_loop().time()
    outcome = await refusal(token)
    for _ in range(3600):
        outcome = await refusal(token)
        assert (outcome.verdict, outcome.reason, outcome.costs_nothing) == (Verdict.BROKEN, "errcode_40001", True)
        await asyncio.sleep(1.0)
    gaps = [later - earlier for earlier, later in zip(office.asked, office.asked[1:], strict=False)]
    assert [round(gap / 60) for gap in gaps] == [1, 2, 4, 8, 15, 15]
    assert office.asked[0] == started
    assert "the secret is wrong (invalid credential)" in outcome.detail


@virtual_time
async def test_another_secret_is_asked_with_at_once() -> None:
    """A rotated one does not wait for what the old one did."""
    office = Office(errcode(40001))
    assert (await refusal(office.token())).verdict is Verdict.BROKEN
    other = office.token(secret=Secret("rotated"))
    assert await value(other) == "token-2"


@virtual_time
async def test_no_way_believes_what_another_one_was_told() -> None:
    """A proxy that a team names may say what it likes, to those who use it."""
    office = Office()
    here = office.token()
    there = office.token(
        ApplicationTarget(
            endpoint=Secret("https://proxy.test"),
            corp_id=TARGET.corp_id,
            agent_id=TARGET.agent_id,
            corp_secret=TARGET.corp_secret,
            shown="",
        )
    )
    assert (await value(here), await value(there)) == ("token-1", "token-2")
    assert office.token() is here


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (40001, Verdict.BROKEN),
        (40013, Verdict.BROKEN),
        (60020, Verdict.BROKEN),
        (99999, Verdict.BROKEN),
        (-1, Verdict.RETRY),
        (45009, Verdict.TOO_FAST),
    ],
)
def test_what_gettoken_answers_has_a_class(code: int, verdict: Verdict) -> None:
    """No answer is about a message: what would make another one be refused is the destination's."""

    @virtual_time
    async def scenario() -> None:
        office = Office(errcode(code))
        outcome = await refusal(office.token())
        assert outcome.verdict is verdict
        assert outcome.detail.startswith(f"gettoken: errcode {code}: ")
        assert (outcome.wait > 60) == (verdict is Verdict.TOO_FAST)

    scenario()


@virtual_time
async def test_what_passes_is_asked_again_with_the_next_attempt() -> None:
    """A minute without a token, because one answer was lost, would be a minute without messages."""
    office = Office(httpx.ReadTimeout("late"), httpx.Response(502))
    token = office.token()
    assert [(await refusal(token)).reason for _ in range(2)] == ["timeout", "http_5xx"]
    assert await value(token) == "token-3"
    assert office.asked[-1] - office.asked[0] < 1


@virtual_time
async def test_being_too_fast_is_waited_out() -> None:
    """Nobody asks for a minute, however many would."""
    office = Office(errcode(45009))
    token = office.token()
    for _ in range(100):
        await token.get()
        await asyncio.sleep(1.0)
    assert len(office.asked) == 2
    assert office.asked[1] - office.asked[0] >= 60


async def got(handler: trials.Handler) -> Outcome:
    """Ask for a token; see `sink_trials.Trial`."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        answer = await tokens(http).of(TARGET, SECRET).get()
    return answer if isinstance(answer, Outcome) else Outcome(verdict=Verdict.ACCEPTED)


@virtual_time
async def test_every_answer_and_every_failure_has_its_class() -> None:
    """As any other request of a sink."""
    await trials.every_status(got, accepted=())
    await trials.every_failure(got)
    await trials.every_answer_that_is_none(got)
    await trials.one_timeout(got)


async def test_no_outcome_shows_the_secret() -> None:
    """It travels in the query."""
    await trials.no_secret(got, secrets=(SECRET.reveal(), "proxy-token"))


@pytest.mark.parametrize("body", [{"errcode": 0}, {"errcode": 0, "access_token": ""}])
async def test_an_answer_without_a_token_is_tried_again(body: dict[str, object]) -> None:
    """Something between WeCom and us says that all is well."""
    answered: Callable[[httpx.Request], httpx.Response] = lambda _request: httpx.Response(200, json=body)  # noqa: E731
    assert (await got(answered)).verdict is Verdict.RETRY
