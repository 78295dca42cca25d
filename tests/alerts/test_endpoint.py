"""What is answered to whoever posts alerts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.alerts import Credentials, Posted, Taken, alerts_endpoint
from kube_wecom_eventer.alerts.endpoint import LARGEST_BODY
from kube_wecom_eventer.metrics import Metrics
from tests.support.alerts import START, listed, make_alert, webhook


class Intake:
    """Takes what comes; ``refuses``: why not."""

    def __init__(self) -> None:
        self.taken: list[Posted] = []
        self.refuses = ""
        self.fails = False

    def take(self, posted: Posted, *, received_at: float) -> Taken:
        if self.fails:
            raise RuntimeError("boom")
        self.taken.append(posted)
        return Taken(self.refuses)


class Served:
    """The endpoint, in process."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self.intake: Intake | None = Intake()
        self.metrics = Metrics()
        app = alerts_endpoint(
            intake=lambda: self.intake,
            credentials=credentials,
            metrics=self.metrics,
            now=lambda: START + timedelta(hours=1),
        )
        transport = httpx.ASGITransport(app=app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://h")

    async def post(self, body: Any = None, *, content: Any = None, path: str = "/api/v2/alerts", **more: Any) -> Any:
        content = content if content is not None else json.dumps(body).encode()
        return await self.http.post(path, content=content, **more)

    def counted(self, metric: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{metric}_total", labels) or 0.0


async def test_what_is_taken_is_answered_and_counted() -> None:
    """200, and each alert by its status."""
    served = Served()
    body = webhook(make_alert(), make_alert(lasted=timedelta(minutes=1)), truncatedAlerts=3)
    answers = [await served.post(body), await served.post(listed(make_alert()), path="/api/v2/alerts/")]
    assert [(each.status_code, each.json()) for each in answers] == [(200, {"status": "success"})] * 2
    assert served.intake is not None
    assert [len(posted.alerts) for posted in served.intake.taken] == [2, 1]
    assert served.counted("alert_posts", result="taken") == 2
    counts = [served.counted("alerts_received", status=each) for each in ("firing", "resolved", "left_out")]
    assert counts == [2, 1, 3]


async def test_what_is_no_alert_is_a_400_with_a_reason() -> None:
    """Alertmanager does not try that again. What else was good in the request is taken."""
    served = Served()
    answer = await served.post({"receiver": "x"})
    assert answer.status_code == 400
    assert "the body is not a webhook of Alertmanager" in answer.json()["error"]
    body = webhook(make_alert())
    body["alerts"].append({"labels": {}})
    answer = await served.post(body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"status": "error", "error": "of 2 alerts these are none: alerts[1]: it has no labels"},
    )
    assert served.intake is not None
    assert [len(posted.alerts) for posted in served.intake.taken] == [1]
    assert served.counted("alert_posts", result="invalid") == 2


async def test_whatever_will_be_better_later_is_a_503() -> None:
    """The only class of answers that Alertmanager tries again; its connection ends, the next may lead elsewhere."""
    served = Served()
    assert served.intake is not None
    served.intake.refuses = "too much waits"
    full = await served.post(webhook(make_alert()))
    served.intake = None
    away = await served.post(webhook(make_alert()))
    for answer in (full, away):
        assert answer.status_code == 503
        assert (answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close")
    assert (full.json()["error"], served.counted("alert_posts", result="full")) == ("too much waits", 1)
    assert served.counted("alert_posts", result="standing_by") == 1


async def test_a_mistake_of_our_own_is_said_and_tried_again() -> None:
    """500, and the traceback in the log."""
    served = Served()
    assert served.intake is not None
    served.intake.fails = True
    with capture_logs() as logs:
        answer = await served.post(webhook(make_alert()))
    assert (answer.status_code, answer.json()["error"]) == (500, "a mistake of this program; please report it")
    assert [line["event"] for line in logs] == ["alerts_failed"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v2/alerts", 405),
        ("PUT", "/api/v2/alerts", 405),
        ("POST", "/api/v1/alerts", 404),
        ("POST", "/", 404),
        ("POST", "/metrics", 404),
        ("POST", "/api/v2/alerts/../x", 404),
    ],
)
async def test_there_is_nothing_else(method: str, path: str, status: int) -> None:
    """And that is answered in JSON."""
    answer = await Served().http.request(method, path, content=b"[]")
    assert (answer.status_code, answer.json()["status"]) == (status, "error")


async def test_a_body_is_bounded() -> None:
    """By what is announced, and by what comes; nothing of it is kept."""
    served = Served()
    announced = await served.post(content=b"[]", headers={"content-length": str(LARGEST_BODY + 1)})

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    came = await served.post(content=endless())
    compressed = await served.post(content=b"[]", headers={"content-encoding": "gzip"})
    assert [each.status_code for each in (announced, came, compressed)] == [413, 413, 415]
    assert served.counted("alert_posts", result="too_large") == 2


async def test_only_so_many_requests_are_read_at_once() -> None:
    """The others are asked to come again, so that slow senders can't fill the memory."""
    served = Served()
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"["
        await go_on.wait()
        yield b"]"

    waiting = [asyncio.create_task(served.post(content=slow())) for _ in range(8)]
    await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    refused = await served.post([])
    go_on.set()
    assert (refused.status_code, refused.json()["error"]) == (503, "8 requests are being read already")
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200] * 8
    assert (await served.post([])).status_code == 200


async def test_a_body_that_does_not_come_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends it holds a place no longer, and Alertmanager does not give the alerts up."""
    monkeypatch.setattr("kube_wecom_eventer.alerts.endpoint._READ_WITHIN", 0.05)
    served = Served()
    never = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"["
        await never.wait()

    async with asyncio.timeout(5):
        answers = await asyncio.gather(*(served.post(content=stuck()) for _ in range(8)))
    assert {(each.status_code, each.headers["connection"]) for each in answers} == {(503, "close")}
    assert served.counted("alert_posts", result="full") == 8
    assert (await served.post([])).status_code == 200


async def test_who_does_not_lead_any_more_takes_nothing() -> None:
    """What has been read until then belongs to the next leader."""
    served = Served()

    async def while_it_ends() -> AsyncIterator[bytes]:
        yield b"["
        served.intake = None
        yield b"]"

    answer = await served.post(content=while_it_ends())
    assert (answer.status_code, served.counted("alert_posts", result="standing_by")) == (503, 1)


async def test_who_may_not_post_is_told_how(tmp_path: Path) -> None:
    """Before a byte of the body is read; a refusal is said in the log at most once a minute."""
    file = tmp_path / "auth"
    file.write_text("token: s3cret")
    served = Served(Credentials(file))
    with capture_logs() as logs:
        answers = [await served.post(content=b"not read") for _ in range(3)]
        good = await served.post([], headers={"Authorization": "Bearer s3cret"})
    assert [each.status_code for each in answers] == [401] * 3
    assert answers[0].headers["www-authenticate"] == "Bearer, Basic"
    assert good.status_code == 200
    assert served.counted("alert_posts", result="unauthorized") == 3
    assert logs == [
        {
            "event": "alerts_refused",
            "log_level": "warning",
            "status": 401,
            "problem": "no token or password of --alertmanager-auth-file",
            "sender": "127.0.0.1",
        }
    ]
