"""A WeCom group robot: one POST a message, judged by the ``errcode`` in its answer.

Source: https://developer.work.weixin.qq.com/document/path/99110. The answer is HTTP 200 for errors too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import msgspec

from kube_wecom_eventer.config import RobotTarget, Secret, account
from kube_wecom_eventer.errors import EventerError
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict
from kube_wecom_eventer.sinks.posting import overloaded, post
from kube_wecom_eventer.sinks.redaction import Redaction
from kube_wecom_eventer.sinks.wecom_codes import classify

_BLOCKED = 62.0
"""Seconds: over its limit a robot is blocked for a minute, and clocks differ a little."""


class _Answer(msgspec.Struct):
    errcode: int
    errmsg: str = ""


ReadKey = Callable[[], Awaitable[Secret]]
"""Returns a robot's key as it is now. Raises EventerError, whose text is for a person."""


class WeComRobot:
    """One robot. ``http`` is shared with others and is the caller's to close. ``read_key``: for a target without."""

    def __init__(self, *, target: RobotTarget, http: httpx.AsyncClient, read_key: ReadKey | None = None) -> None:
        self._target = target
        self._headers = {name: value.reveal() for name, value in target.headers}
        self._http = http
        self._read_key = read_key
        self._key: Secret | None = None
        self._url = ""
        self.account = ""
        if read_key is None:
            self._take(target.key, target.endpoint.reveal())

    async def ready(self) -> Outcome | None:
        """Read the key, where it is not the target's own; see `Sink.ready`."""
        if self._read_key is None:
            return None
        try:
            key = await self._read_key()
        except EventerError as error:
            hint = f"; grant {rule}" if (rule := getattr(error, "hint", "")) else ""
            return Outcome(verdict=Verdict.BROKEN, reason="no_key", detail=f"{error}{hint}", costs_nothing=True)
        if key != self._key:
            self._take(key, self._target.endpoint_of(key))
        return None

    def _take(self, key: Secret, url: str) -> None:
        self._key, self._url = key, url
        self.account = account(key)
        self._redaction = Redaction(
            url=url, secrets=(key.reveal(), urlsplit(url).query.partition("=")[2]), headers=self._target.headers
        )

    async def send(self, message: Message) -> Outcome:
        """Post the message; see `Sink.send`."""
        headers = {**self._headers, "Content-Type": message.content_type}
        answer = await post(self._http, self._url, body=message.body, headers=headers)
        outcome = answer if isinstance(answer, Outcome) else self._judge(answer)
        return replace(outcome, detail=self._redaction.clean(outcome.detail))

    def _judge(self, response: httpx.Response) -> Outcome:
        if later := overloaded(response):
            return later
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # Clean first: a page may show the URL, and half a key is too much as well.
            start = self._redaction.clean(response.text)[:80]
            detail = f"HTTP {response.status_code}, and no answer of WeCom's: {start!r}"
            return Outcome(verdict=Verdict.RETRY, reason="not_wecom", detail=detail)
        verdict, meaning = classify(answer.errcode)
        if verdict is Verdict.ACCEPTED:
            return Outcome(verdict=verdict)
        known = verdict is not Verdict.UNKNOWN
        return Outcome(
            verdict=verdict,
            reason=f"errcode_{answer.errcode}" if known else "errcode_other",
            detail=f"errcode {answer.errcode}: {meaning} ({self._redaction.clean(answer.errmsg)[:200]})",
            wait=_BLOCKED if verdict is Verdict.TOO_FAST else 0.0,
        )
