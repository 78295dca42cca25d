"""A robot of a DingTalk group: one POST a message, judged by the ``errcode`` in its answer.

Source: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages. The answer is HTTP 200 for errors
too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

import httpx

from kube_wecom_eventer.config import DingTalkTarget, Secret
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.answer import Answer, read_answer
from kube_wecom_eventer.sinks.dingtalk_codes import DINGTALK
from kube_wecom_eventer.sinks.keys import ReadKey, read_key
from kube_wecom_eventer.sinks.outcome import Account, Outcome
from kube_wecom_eventer.sinks.posting import post
from kube_wecom_eventer.sinks.redaction import Redaction

_LIMIT = 20
"""Messages that a robot takes in any minute; beyond them it is blocked for ten."""


class DingTalkRobot:
    """One robot. ``http`` is shared with others and is the caller's to close.

    ``read_token`` and ``read_sign``: as they are now; without ``read_sign`` requests are not signed. ``now``: the wall
    clock, which is part of a signature.
    """

    def __init__(
        self,
        *,
        target: DingTalkTarget,
        http: httpx.AsyncClient,
        read_token: ReadKey,
        read_sign: ReadKey | None,
        now: Callable[[], datetime],
    ) -> None:
        self._target = target
        self._headers = {name: value.reveal() for name, value in target.headers}
        self._http = http
        self._read_token = read_token
        self._read_sign = read_sign
        self._now = now
        self._token: Secret | None = None
        self._sign: Secret | None = None
        self.account: Account | None = None
        if target.access_token.place is None:
            self._take(target.access_token.value)

    async def ready(self) -> Outcome | None:
        """Read the token, and the secret that signs; see `Sink.ready`."""
        token = await read_key(self._read_token, parameter="access_token")
        if isinstance(token, Outcome):
            return token
        sign = await read_key(self._read_sign) if self._read_sign else None
        if isinstance(sign, Outcome):
            return sign
        self._take(token)
        self._sign = sign
        return None

    def _take(self, token: Secret) -> None:
        self._token = token
        self.account = Account(self._target.account(token), _LIMIT)

    async def send(self, message: Message) -> Outcome:
        """Post the message; see `Sink.send`."""
        if self._token is None:
            raise RuntimeError("sent before it was ready")
        query = {"access_token": self._token.reveal(), **(self._signature(self._sign) if self._sign else {})}
        written = urlencode(query)
        url = f"{self._target.endpoint.reveal()}?{written}"
        parts = (part.partition("=")[2] for part in written.split("&"))
        secrets = (*query.values(), *parts, self._sign.reveal() if self._sign else "")
        redaction = Redaction(url=url, secrets=secrets, headers=self._target.headers)
        headers = {**self._headers, "Content-Type": message.content_type}
        response = await post(self._http, url, body=message.body, headers=headers)
        outcome = response if isinstance(response, Outcome) else _judge(response, redaction)
        return replace(outcome, detail=redaction.clean(outcome.detail))

    def _signature(self, secret: Secret) -> dict[str, str]:
        """Return the parameters that sign a request that leaves now; they hold for an hour."""
        timestamp = str(int(self._now().timestamp() * 1000))
        key = secret.reveal()
        digest = hmac.digest(key.encode(), f"{timestamp}\n{key}".encode(), hashlib.sha256)
        return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def _judge(response: httpx.Response, redaction: Redaction) -> Outcome:
    answer = read_answer(response, Answer, of=DINGTALK.of, redaction=redaction)
    if isinstance(answer, Outcome):
        return answer
    return DINGTALK.outcome(answer.errcode, redaction.clean(answer.errmsg))
