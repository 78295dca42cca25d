"""The access tokens of WeCom applications: one for each, whoever sends by it.

Source: https://developer.work.weixin.qq.com/document/path/91039: a token lives two hours, may end early, and is to be
kept; who asks with wrong secrets again and again is shut out for an hour, with all programs behind the same address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from urllib.parse import quote
from weakref import WeakValueDictionary

import httpx

from kube_wecom_eventer.config import ApplicationTarget, Secret
from kube_wecom_eventer.sinks.answer import Answer, read_answer
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict
from kube_wecom_eventer.sinks.posting import post
from kube_wecom_eventer.sinks.redaction import Redaction
from kube_wecom_eventer.sinks.wecom_codes import APPLICATION

_PATH = "/cgi-bin/gettoken"
_AHEAD = 300.0
"""Seconds before its end when a token is renewed."""
_AGAIN = 30.0
"""Seconds until that is tried again."""
_FIRST_REST, _LONGEST_REST = 60.0, 900.0
"""Seconds for which a refused secret is not asked with again; doubled each time."""


class _TokenAnswer(Answer):
    access_token: str = ""
    expires_in: float = 0.0


@dataclass(frozen=True, slots=True)
class _Way:
    """As whom, and by which way, a token is asked for. It is not shared beyond that: those who do not use a proxy need
    not believe what it answers."""

    endpoint: Secret
    corp_id: str
    corp_secret: Secret
    headers: tuple[tuple[str, Secret], ...]
    ca_file: str | None


class AccessTokens:
    """The tokens of all applications that somebody holds. ``make`` makes one."""

    def __init__(self, *, make: Callable[[ApplicationTarget, Secret], AccessToken]) -> None:
        self._make = make
        self._tokens: WeakValueDictionary[_Way, AccessToken] = WeakValueDictionary()

    def of(self, target: ApplicationTarget, corp_secret: Secret) -> AccessToken:
        """Return an application's token, which all who ask for it share."""
        way = _Way(target.endpoint, target.corp_id, corp_secret, target.headers, target.ca_file)
        token = self._tokens.get(way)
        if token is None:
            token = self._tokens[way] = self._make(target, corp_secret)
        return token


class AccessToken:
    """One application's token: asked for when it is needed, once for all who wait for it, renewed ahead of its end.

    ``http`` is the caller's to close, when nobody holds the token any more.
    """

    def __init__(self, *, target: ApplicationTarget, corp_secret: Secret, http: httpx.AsyncClient) -> None:
        self._http = http
        self._headers: Mapping[str, str] = {name: value.reveal() for name, value in target.headers}
        secret = corp_secret.reveal()
        written = quote(secret, safe="")
        self._url = f"{target.endpoint.reveal()}{_PATH}?corpid={quote(target.corp_id, safe='')}&corpsecret={written}"
        self._redaction = Redaction(url=self._url, secrets=(secret, written), headers=target.headers)
        self._value: Secret | None = None
        self._renew_at = self._ends_at = -inf
        self._asking: asyncio.Task[Secret | Outcome] | None = None
        self._refusal: Outcome | None = None
        self._rest = _FIRST_REST
        self._rests_until = -inf

    async def get(self) -> Secret | Outcome:
        """Return the token, or why there is none. Raises nothing but CancelledError.

        A refusal holds for a while without asking again, however many ask.
        """
        now = asyncio.get_running_loop().time()
        if self._value and now < self._renew_at:
            return self._value
        if self._refusal and now < self._rests_until:
            return self._refusal
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        # Whoever gives up waiting must not take the answer from the others.
        return await asyncio.shield(self._asking)

    def spoil(self, value: Secret) -> None:
        """Say that WeCom did not take this token; nothing, if a newer one is known already."""
        if value == self._value:
            self._value = None

    def _asked(self, _asking: object) -> None:
        self._asking = None

    async def _ask(self) -> Secret | Outcome:
        response = await post(self._http, self._url, body=b"", headers=self._headers, method="GET")
        answer = response if isinstance(response, Outcome) else self._judge(response)
        now = asyncio.get_running_loop().time()
        if isinstance(answer, Secret):
            return answer
        outcome = replace(answer, detail=f"gettoken: {self._redaction.clean(answer.detail)}")
        if outcome.verdict in (Verdict.RETRY, Verdict.TOO_FAST) and self._value and now < self._ends_at:
            # It was asked for ahead of time, so the old one still does.
            self._renew_at = now + max(_AGAIN, outcome.wait)
            return self._value
        if outcome.verdict is Verdict.RETRY:
            return outcome
        self._refuse(outcome, now)
        return outcome

    def _judge(self, response: httpx.Response) -> Secret | Outcome:
        answer = read_answer(response, _TokenAnswer, of=APPLICATION.of, redaction=self._redaction)
        if isinstance(answer, Outcome):
            return answer
        if answer.errcode:
            outcome = APPLICATION.outcome(answer.errcode, self._redaction.clean(answer.errmsg))
            if outcome.verdict in (Verdict.RETRY, Verdict.TOO_FAST):
                return outcome
            # Nothing that is sent would change it. The destination was not asked: it may go on as soon as we may ask.
            return replace(outcome, verdict=Verdict.BROKEN, costs_nothing=True)
        if not answer.access_token:
            return Outcome(verdict=Verdict.RETRY, reason="not_wecom", detail="an answer without a token")
        now = asyncio.get_running_loop().time()
        self._value, self._refusal, self._rest = Secret(answer.access_token), None, _FIRST_REST
        # WeCom gives the same token again while it lives, with what is left of its time.
        self._renew_at = now + max(answer.expires_in - _AHEAD, answer.expires_in / 2)
        self._ends_at = now + answer.expires_in
        return self._value

    def _refuse(self, outcome: Outcome, now: float) -> None:
        """Ask no more for a while: the next answer would be the same, and too many of them shut us out."""
        self._value, self._refusal = None, outcome
        self._rests_until = now + max(self._rest, outcome.wait)
        self._rest = min(2 * self._rest, _LONGEST_REST)
