"""A WeCom group robot: one POST a message, judged by the ``errcode`` in its answer.

Source: https://developer.work.weixin.qq.com/document/path/99110. The answer is HTTP 200 for errors too.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import httpx

from kube_wecom_eventer.config import RobotTarget, Secret, account
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.answer import Answer, read_answer
from kube_wecom_eventer.sinks.keys import ReadKey, read_key
from kube_wecom_eventer.sinks.outcome import Account, Outcome
from kube_wecom_eventer.sinks.posting import post
from kube_wecom_eventer.sinks.redaction import Redaction
from kube_wecom_eventer.sinks.wecom_codes import ROBOT

_LIMIT = 20
"""Messages that a key takes in any minute."""


class WeComRobot:
    """One robot. ``http`` is shared with others and is the caller's to close. ``read_key``: for a target without."""

    def __init__(self, *, target: RobotTarget, http: httpx.AsyncClient, read_key: ReadKey | None = None) -> None:
        self._target = target
        self._headers = {name: value.reveal() for name, value in target.headers}
        self._http = http
        self._read_key = read_key
        self._key: Secret | None = None
        self._url = ""
        self.account: Account | None = None
        if read_key is None:
            self._take(target.key, target.endpoint.reveal())

    async def ready(self) -> Outcome | None:
        """Read the key, where it is not the target's own; see `Sink.ready`."""
        if self._read_key is None:
            return None
        key = await read_key(self._read_key, parameter="key")
        if isinstance(key, Outcome):
            return key
        if key != self._key:
            self._take(key, self._target.endpoint_of(key))
        return None

    def _take(self, key: Secret, url: str) -> None:
        self._key, self._url = key, url
        self.account = Account(account(key), _LIMIT)
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
        answer = read_answer(response, Answer, of=ROBOT.of, redaction=self._redaction)
        if isinstance(answer, Outcome):
            return answer
        return ROBOT.outcome(answer.errcode, self._redaction.clean(answer.errmsg))
