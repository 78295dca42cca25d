"""Any URL: one request an event, success is any 2xx."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx

from kube_wecom_eventer.config import WebhookTarget
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.http_status import by_status
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict
from kube_wecom_eventer.sinks.posting import overloaded, post, text_of
from kube_wecom_eventer.sinks.redaction import Redaction


class Webhook:
    """One URL. ``http`` is shared with others and is the caller's to close."""

    def __init__(self, *, target: WebhookTarget, http: httpx.AsyncClient) -> None:
        self._target = target
        self._headers = {name: value.reveal() for name, value in target.headers}
        self._typed = any(name.lower() == "content-type" for name in self._headers)
        url = target.endpoint.reveal()
        self._redaction = Redaction(url=url, secrets=_parts(url), headers=target.headers)
        self._http = http

    account = None

    async def ready(self) -> Outcome | None:
        """Return None: nothing is needed."""
        return None

    async def send(self, message: Message) -> Outcome:
        """Send the message; see `Sink.send`."""
        headers = self._headers if self._typed else {**self._headers, "Content-Type": message.content_type}
        url, method = self._target.endpoint.reveal(), self._target.method
        answer = await post(self._http, url, body=message.body, headers=headers, method=method)
        outcome = answer if isinstance(answer, Outcome) else self._judge(answer)
        return replace(outcome, detail=self._redaction.clean(outcome.detail))

    def _judge(self, response: httpx.Response) -> Outcome:
        if response.is_success:
            return Outcome(verdict=Verdict.ACCEPTED)
        if later := overloaded(response):
            return later
        status = response.status_code
        return by_status(status, f"HTTP {status}: {self._redaction.clean(text_of(response))[:120]!r}")


def _parts(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that may be a token, decoded and as they are written."""
    parts = urlsplit(url)
    written = (value for pair in parts.query.split("&") for value in pair.split("=")[1:])
    decoded = (value for _, value in parse_qsl(parts.query))
    return (parts.path, parts.query, *parts.path.split("/"), *written, *decoded)
