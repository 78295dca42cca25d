"""A WeCom group robot: one POST a message, judged by the ``errcode`` in its answer.

Source: https://developer.work.weixin.qq.com/document/path/99110. The answer is HTTP 200 for errors too.
"""

from __future__ import annotations

import asyncio

import httpx
import msgspec

from kube_wecom_eventer.config import SinkSettings
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict
from kube_wecom_eventer.sinks.wecom_codes import classify

TIMEOUT = 8.0
"""Seconds for the whole request, connecting included."""

_CONNECT_TIMEOUT = 4.0
_BLOCKED = 62.0
"""Seconds: over its limit a robot is blocked for a minute, and clocks differ a little."""


class _Answer(msgspec.Struct):
    errcode: int
    errmsg: str = ""


class WeComRobot:
    """One robot. ``http`` is shared by all robots and is the caller's to close."""

    def __init__(self, *, settings: SinkSettings, http: httpx.AsyncClient) -> None:
        self._robot = settings.robot
        self._headers = {name: value.reveal() for name, value in settings.headers}
        self._headers["Content-Type"] = "application/json; charset=utf-8"
        self._http = http

    async def send(self, message: Message) -> Outcome:
        """Post the message; see `Sink.send`."""
        try:
            async with asyncio.timeout(TIMEOUT):
                response = await self._http.post(
                    self._robot.endpoint.reveal(),
                    content=message.body,
                    headers=self._headers,
                    timeout=httpx.Timeout(TIMEOUT, connect=_CONNECT_TIMEOUT),
                    follow_redirects=False,
                )
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(verdict=Verdict.RETRY, reason="timeout", detail=f"no answer within {TIMEOUT:g} s")
        except httpx.LocalProtocolError:
            # Its text quotes the header, which may be a secret.
            detail = "the request can't be sent: a header= holds characters that no header may have"
            return Outcome(verdict=Verdict.RETRY, reason="network", detail=detail)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            detail = self._clean(f"{type(error).__name__}: {error}")
            return Outcome(verdict=Verdict.RETRY, reason="network", detail=detail)
        return self._judge(response)

    def _judge(self, response: httpx.Response) -> Outcome:
        status = response.status_code
        if status == 429 or status >= 500:
            reason = "http_429" if status == 429 else "http_5xx"
            wait = _seconds(response.headers.get("retry-after", ""))
            return Outcome(verdict=Verdict.RETRY, reason=reason, detail=f"HTTP {status}", wait=wait)
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # Clean first: a page may show the URL, and half a key is too much as well.
            start = self._clean(response.text)[:80]
            detail = f"HTTP {status}, and no answer of WeCom's: {start!r}"
            return Outcome(verdict=Verdict.RETRY, reason="not_wecom", detail=detail)
        verdict, meaning = classify(answer.errcode)
        if verdict is Verdict.ACCEPTED:
            return Outcome(verdict=verdict)
        known = verdict is not Verdict.UNKNOWN
        return Outcome(
            verdict=verdict,
            reason=f"errcode_{answer.errcode}" if known else "errcode_other",
            detail=f"errcode {answer.errcode}: {meaning} ({self._clean(answer.errmsg)[:200]})",
            wait=_BLOCKED if verdict is Verdict.TOO_FAST else 0.0,
        )

    def _clean(self, text: str) -> str:
        """Take the key out of a text that came from elsewhere."""
        return text.replace(self._robot.endpoint.reveal(), "***").replace(self._robot.key.reveal(), "***")


def _seconds(text: str) -> float:
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else 0.0
