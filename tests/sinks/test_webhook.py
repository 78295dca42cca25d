from __future__ import annotations

import httpx
import pytest

from kube_wecom_eventer.config import Secret, WebhookTarget
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.render.message import PLAIN
from kube_wecom_eventer.sinks import Outcome, Verdict, Webhook
from tests.support import sink_trials as trials
from tests.support.virtual_time import virtual_time

URL = "https://user:hunter2@example.com/services/T0KEN?token=s3cret"
MESSAGE = Message(body=b"text", built_in=False, content_type=PLAIN)


async def send(handler: trials.Handler, *, method: str = "GET", headers: dict[str, str] | None = None) -> Outcome:
    target = WebhookTarget(
        endpoint=Secret(URL),
        shown="https://example.com/***",
        method=method,
        headers=tuple((name, Secret(value)) for name, value in (headers or {}).items()),
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        return await Webhook(target=target, http=http).send(MESSAGE)


async def test_a_message_is_sent_with_its_method_headers_and_body() -> None:
    """Content-Type is the message's unless the sink names one."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    assert (await send(handler)).verdict is Verdict.ACCEPTED
    await send(handler, method="PUT", headers={"content-type": "application/x-own", "X-A": "b"})
    first, second = seen
    assert (first.method, first.content, first.headers["content-type"]) == ("GET", b"text", PLAIN)
    assert (second.method, second.headers["content-type"], second.headers["x-a"]) == ("PUT", "application/x-own", "b")


@pytest.mark.parametrize(
    ("status", "verdict", "reason"),
    [
        (200, Verdict.ACCEPTED, ""),
        (202, Verdict.ACCEPTED, ""),
        (429, Verdict.RETRY, "http_429"),
        (500, Verdict.RETRY, "http_5xx"),
        (503, Verdict.RETRY, "http_5xx"),
        (400, Verdict.REFUSED, "http_400"),
        (422, Verdict.REFUSED, "http_422"),
        (401, Verdict.BROKEN, "http_401"),
        (404, Verdict.BROKEN, "http_404"),
        (302, Verdict.BROKEN, "http_3xx"),
        (408, Verdict.RETRY, "http_4xx"),
        (425, Verdict.RETRY, "http_4xx"),
        (418, Verdict.UNKNOWN, "http_4xx"),
    ],
)
async def test_an_answer_is_judged_by_its_status(status: int, verdict: Verdict, reason: str) -> None:
    """Any 2xx is success; a redirect is not followed, it would carry the event elsewhere."""
    outcome = await send(lambda _request: httpx.Response(status, headers={"location": "https://elsewhere/"}))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)


@virtual_time
async def test_every_status_and_every_failure_has_its_class() -> None:
    """Success is any 2xx, whatever it says."""
    await trials.every_status(send, accepted=range(200, 300))
    await trials.every_failure(send)
    await trials.one_timeout(send)


async def test_no_outcome_shows_a_secret() -> None:
    """Many services have their token in the path or the query."""
    await trials.no_secret(send, secrets=("hunter2", "T0KEN", "s3cret"))


async def test_a_part_of_a_secret_is_shown_neither() -> None:
    """A server may quote one value alone, at the very place where a long text is cut."""
    text = "x" * 117 + "s3cret and T0KEN and b3arer"
    outcome = await send(lambda _request: httpx.Response(400, text=text), headers={"Authorization": "Bearer b3arer"})
    assert "s3c" not in outcome.detail
    outcome = await send(
        lambda _request: httpx.Response(400, text="bad token b3arer, s3cret"),
        headers={"Authorization": "Bearer b3arer"},
    )
    assert outcome.detail == "HTTP 400: 'bad token ***, ***'"
