"""A WeCom application: messages to members of the company, judged by the ``errcode`` in each answer.

Source: https://developer.work.weixin.qq.com/document/path/90236. The answer is HTTP 200 for errors too; with errcode 0
it may name receivers whom it did not reach.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from kube_wecom_eventer.config import ApplicationTarget, Secret
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.access_token import AccessToken, AccessTokens
from kube_wecom_eventer.sinks.answer import Answer, read_answer
from kube_wecom_eventer.sinks.keys import ReadKey, read_key
from kube_wecom_eventer.sinks.outcome import Account, Outcome, Verdict
from kube_wecom_eventer.sinks.posting import deadline, post
from kube_wecom_eventer.sinks.redaction import Redaction
from kube_wecom_eventer.sinks.wecom_codes import APPLICATION, NO_RECEIVER, TOKEN_CODES

_LIMIT = 16
"""Messages of an application in any minute. A member takes 30 a minute and 1,000 an hour, and what is beyond that is
dropped without a word. An hour has 60 minutes of 16."""

_USERS, _PARTIES, _TAGS = 1000, 100, 100
"""Receivers that one request may name."""

_CHECKED = {"enable_duplicate_check": 1, "duplicate_check_interval": 3600}
"""Lets WeCom drop a request that it has had already, for as many seconds as one is tried again."""

_PATH = "/cgi-bin/message/send"
_MARKS = "\u200b\u200c"
_MARK_SIGNS = 12
_NAMED = 50
"""Receivers that an outcome names."""


class _SendAnswer(Answer):
    # Of any type: what is said of receivers must not make an accepted message one that is sent again.
    invaliduser: Any = None
    invalidparty: Any = None
    invalidtag: Any = None
    unlicenseduser: Any = None

    def missed(self) -> Iterator[str]:
        """Yield the receivers whom the message did not reach."""
        for kind, listed in (
            ("", self.invaliduser), ("party ", self.invalidparty), ("tag ", self.invalidtag), ("", self.unlicenseduser),
        ):  # fmt: skip
            yield from (f"{kind}{each}" for each in str(listed or "").split("|") if each)


@dataclass(slots=True)
class _Part:
    """A request: some of the receivers."""

    body: bytes
    receivers: tuple[str, ...]


@dataclass(slots=True)
class _Sending:
    """A message on its way: the parts that are left, and what became of the others."""

    message: Message
    left: deque[_Part]
    told: bool = False
    missed: list[str] = field(default_factory=list)


class WeComApplication:
    """One application, and whom a route tells by it. ``http`` is shared with others and is the caller's to close.

    ``read_secret``: the application's, as it is now. ``tokens``: of all applications. ``now``: the wall clock.

    More receivers than a request may name are told in several; what was accepted is not sent again when another part
    fails. WeCom drops a request that it has had within the hour, so one that may have arrived is sent again as it was,
    byte for byte; and for that reason each message is marked, invisibly: without it the second of two messages with the
    same words would be dropped as well.
    """

    def __init__(
        self,
        *,
        target: ApplicationTarget,
        http: httpx.AsyncClient,
        read_secret: ReadKey,
        tokens: AccessTokens,
        now: Callable[[], datetime],
    ) -> None:
        self._target = target
        self._headers = {name: value.reveal() for name, value in target.headers}
        self._http = http
        self._read_secret = read_secret
        self._tokens = tokens
        self._secret: Secret | None = None
        self._token: AccessToken | None = None
        self._sending: _Sending | None = None
        # Grows slower than the clock does, so no mark comes twice within the hour, after a restart neither.
        self._number = int(now().timestamp())
        self.account: Account | None = None
        if target.corp_secret.place is None:
            self._take(target.corp_secret.value)

    async def ready(self) -> Outcome | None:
        """Read the secret and have a token; see `Sink.ready`."""
        secret = await read_key(self._read_secret)
        if isinstance(secret, Outcome):
            return secret
        if secret != self._secret:
            self._take(secret)
        token = await self._known_token().get()
        return token if isinstance(token, Outcome) else None

    def _take(self, secret: Secret) -> None:
        self._secret = secret
        self._token = self._tokens.of(self._target, secret)
        self.account = Account(self._target.account(secret), _LIMIT)

    def _known_token(self) -> AccessToken:
        if self._token is None:
            raise RuntimeError("sent before it was ready")
        return self._token

    async def send(self, message: Message) -> Outcome:
        """Send the message to all whom it has not reached; see `Sink.send`."""
        if self._sending is None or self._sending.message is not message:
            self._number += 1
            self._sending = _Sending(message, deque(self._parts(message)))
        sending, until = self._sending, deadline()
        nobody: list[_Part] = []
        outcome = Outcome(verdict=Verdict.ACCEPTED)
        while sending.left:
            part = sending.left[0]
            outcome = await self._send(part, until)
            if outcome.verdict is Verdict.ACCEPTED:
                sending.told = True
                sending.missed += outcome.missed
            elif outcome.reason == f"errcode_{NO_RECEIVER}":
                nobody.append(part)
            elif sending.told and outcome.verdict in (Verdict.REFUSED, Verdict.UNKNOWN):
                # The same body was accepted: it is these receivers that are not.
                sending.missed += part.receivers
            else:
                sending.left.extend(nobody)
                return outcome
            sending.left.popleft()
        if not sending.told:
            sending.left.extend(nobody)
            return outcome
        self._sending = None
        missed = [*sending.missed, *(receiver for part in nobody for receiver in part.receivers)]
        return Outcome(verdict=Verdict.ACCEPTED, missed=tuple(dict.fromkeys(missed))[:_NAMED])

    async def _send(self, part: _Part, until: float) -> Outcome:
        """Send one part; with a token that was refused, once more with a new one."""
        outcome, spoilt = await self._attempt(part, until)
        if spoilt:
            self._known_token().spoil(spoilt)
            outcome, _ = await self._attempt(part, until)
        return outcome

    async def _attempt(self, part: _Part, until: float) -> tuple[Outcome, Secret | None]:
        """Return the outcome, and the token if that was refused."""
        try:
            async with asyncio.timeout_at(until):
                token = await self._known_token().get()
        except TimeoutError:
            return Outcome(verdict=Verdict.RETRY, reason="timeout", detail="no access token in time"), None
        if isinstance(token, Outcome):
            return token, None
        written = quote(token.reveal(), safe="")
        url = f"{self._target.endpoint.reveal()}{_PATH}?access_token={written}"
        redaction = Redaction(url=url, secrets=(token.reveal(), written), headers=self._target.headers)
        headers = {**self._headers, "Content-Type": "application/json; charset=utf-8"}
        response = await post(self._http, url, body=part.body, headers=headers, until=until)
        if isinstance(response, Outcome):
            return replace(response, detail=redaction.clean(response.detail)), None
        answer = read_answer(response, _SendAnswer, of=APPLICATION.of, redaction=redaction)
        if isinstance(answer, Outcome):
            return answer, None
        outcome = APPLICATION.outcome(answer.errcode, redaction.clean(answer.errmsg))
        if outcome.verdict is Verdict.ACCEPTED:
            return replace(outcome, missed=tuple(answer.missed())), None
        return outcome, token if answer.errcode in TOKEN_CODES else None

    def _parts(self, message: Message) -> Iterator[_Part]:
        payload = msgspec.json.decode(message.body)
        marked = _marked(payload, self._number)
        # What can't be marked might be taken for what was sent before.
        checked = {} if marked is payload else _CHECKED
        target = self._target
        for users, parties, tags in zip_longest(
            _chunks(target.users, _USERS), _chunks(target.parties, _PARTIES), _chunks(target.tags, _TAGS), fillvalue=()
        ):
            receivers = {"touser": users, "toparty": parties, "totag": tags}
            body = {
                # Whatever a template says of these, the sink's own hold.
                **{name: value for name, value in marked.items() if name not in (*receivers, *_CHECKED)},
                **{name: "|".join(listed) for name, listed in receivers.items() if listed},
                "agentid": target.agent_id,
                **checked,
            }
            named = (*users, *(f"party {party}" for party in parties), *(f"tag {tag}" for tag in tags))
            yield _Part(msgspec.json.encode(body), named)


def _chunks(receivers: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(receivers), size):
        yield receivers[start : start + size]


def _marked(payload: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the payload with signs that nobody sees at the end of a text, see `render.MARK_ROOM`; itself where it has
    none."""
    kind = payload.get("msgtype")
    part = payload.get(kind) if isinstance(kind, str) else None
    if not isinstance(part, dict):
        return payload
    mark = "".join(_MARKS[number >> place & 1] for place in range(_MARK_SIGNS))
    for name in ("content", "description", "sub_title_text"):
        if isinstance(part.get(name), str):
            return {**payload, str(kind): {**part, name: part[name] + mark}}
    title = part.get("main_title")
    if isinstance(title, dict) and isinstance(title.get("title"), str):
        return {**payload, str(kind): {**part, "main_title": {**title, "title": title["title"] + mark}}}
    return payload
