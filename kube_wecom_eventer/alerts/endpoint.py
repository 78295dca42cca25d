"""``POST /api/v2/alerts`` as a plain ASGI callable: bounded, and answered so that whoever posts knows what to do.

Alertmanager tries again after a 5xx only, by its webhook's rules, so whatever will be better later is a 503. Its
connection is closed then: behind a Service the next one may lead to the replica that leads.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog

from kube_wecom_eventer.alerts.credentials import Credentials
from kube_wecom_eventer.alerts.posted import NoAlerts, Posted, read_posted
from kube_wecom_eventer.metrics import Metrics

PATH = "/api/v2/alerts"

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes of a request."""

_MOST_AT_ONCE = 8
"""Requests whose bodies are in memory together; more of them are asked to come again."""

_READ_WITHIN = 10.0
"""Seconds for a body to come."""

_RETRY_AFTER = 1
"""Seconds."""

_SAY_AGAIN = 60.0
"""Seconds between two lines of the log about one kind of refusal."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of alerts. ``refused``: why they are to be sent again; empty where they were taken."""

    refused: str = ""


class Intake(Protocol):
    """Takes alerts in, while this process tells."""

    def take(self, posted: Posted, *, received_at: float) -> Taken:
        """Take them; at once, so nothing changes meanwhile. ``received_at``: seconds on the loop's clock."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """``result``: what the metric counts, empty for what is no post of alerts."""

    status: int
    result: str = ""
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, answer: _Answer) -> None:
        super().__init__(answer.error)
        self.answer = answer


def _later(result: str, error: str) -> _Refused:
    return _Refused(_Answer(503, result, error, {"retry-after": str(_RETRY_AFTER), "connection": "close"}))


def alerts_endpoint(
    *,
    intake: Callable[[], Intake | None],
    credentials: Credentials | None,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the application. ``intake``: who takes alerts now; None while this process tells nothing.

    ``credentials``: who may post; None: everybody. ``now``: the wall clock.
    """
    return _Endpoint(intake, credentials, metrics, now)


class _Endpoint:
    def __init__(
        self,
        intake: Callable[[], Intake | None],
        credentials: Credentials | None,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._credentials = credentials
        self._metrics = metrics
        self._now = now
        self._under_way = 0
        self._said_at: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._of(scope, receive)
        except _Refused as refused:
            answer = refused.answer
        except Exception:
            log.exception("alerts_failed")
            answer = _Answer(500, error="a mistake of this program; please report it")
        if answer.result:
            self._metrics.alert_posts.labels(result=answer.result).inc()
        if answer.error and answer.result not in ("", "standing_by"):
            self._say(answer, scope)
        await _respond(answer, send)

    async def _of(self, scope: Scope, receive: Receive) -> _Answer:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"].rstrip("/") != PATH:
            return _Answer(404, error=f"there is POST {PATH} only")
        if scope["method"] != "POST":
            return _Answer(405, error="post alerts here", headers={"allow": "POST"})
        if self._credentials and not self._credentials.allow(headers.get(b"authorization", "")):
            ways = {"www-authenticate": "Bearer, Basic", "connection": "close"}
            return _Answer(401, "unauthorized", "no token or password of --alertmanager-auth-file", ways)
        if self._intake() is None:
            raise _standing_by()
        if self._under_way >= _MOST_AT_ONCE:
            raise _later("full", f"{_MOST_AT_ONCE} requests are being read already")
        self._under_way += 1
        try:
            body = await _body(headers, receive)
            return self._take(body)
        finally:
            self._under_way -= 1

    def _take(self, body: bytes) -> _Answer:
        received_at = asyncio.get_running_loop().time()
        try:
            posted = read_posted(body, now=self._now())
        except NoAlerts as error:
            return _Answer(400, "invalid", str(error))
        intake = self._intake()
        if intake is None:
            raise _standing_by()
        if refused := intake.take(posted, received_at=received_at).refused:
            raise _later("full", refused)
        for alert in posted.alerts:
            self._metrics.alerts_received.labels(status=alert.status).inc()
        if posted.left_out:
            self._metrics.alerts_received.labels(status="left_out").inc(posted.left_out)
        if posted.problems:
            of = len(posted.alerts) + len(posted.problems)
            return _Answer(400, "invalid", f"of {of} alerts these are none: {'; '.join(posted.problems)}")
        return _Answer(200, "taken")

    def _say(self, answer: _Answer, scope: Scope) -> None:
        """Warn of what is refused, of each kind at most once a minute."""
        now = asyncio.get_running_loop().time()
        if now - self._said_at.get(answer.result, -_SAY_AGAIN) < _SAY_AGAIN:
            return
        self._said_at[answer.result] = now
        client = scope.get("client")
        log.warning(
            "alerts_refused", status=answer.status, problem=answer.error, sender=client[0] if client else "unknown"
        )


def _standing_by() -> _Refused:
    return _later("standing_by", "this replica tells nothing now; send it again")


async def _body(headers: Mapping[bytes, str], receive: Receive) -> bytes:
    too_large = _Refused(
        _Answer(413, "too_large", f"more than {LARGEST_BODY} bytes; send fewer alerts at once", {"connection": "close"})
    )
    length = headers.get(b"content-length", "")
    if length.isdigit() and (len(length) > 12 or int(length) > LARGEST_BODY):
        raise too_large
    if headers.get(b"content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise _Refused(_Answer(415, "invalid", "the body is compressed; send it as it is", {"connection": "close"}))
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_READ_WITHIN):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Refused(_Answer(400, error="the connection was closed"))
                part = message.get("body", b"")
                size += len(part)
                if size > LARGEST_BODY:
                    raise too_large
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        # Not 408: that one is given up, and the network may be better in a moment.
        raise _later("full", f"the body did not come within {_READ_WITHIN:g} s") from None


async def _respond(answer: _Answer, send: Send) -> None:
    said = {"status": "error", "error": answer.error} if answer.error else {"status": "success"}
    body = json.dumps(said, ensure_ascii=False).encode(errors="replace") + b"\n"
    headers = {
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(body)),
        **answer.headers,
    }
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
