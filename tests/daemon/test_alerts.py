"""Alerts that are posted to the daemon, as its own process, arrive in the WeCom group."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from kube_wecom_eventer.demo.wecom import ErrCode
from tests.daemon.conftest import KEY, Demo, until
from tests.support.alerts import listed, make_alert, webhook
from tests.support.daemon import DaemonProcess, running_daemon

LISTEN = "--alertmanager-listen=127.0.0.1:0"


@asynccontextmanager
async def listening(demo: Demo, *args: str) -> AsyncIterator[tuple[DaemonProcess, httpx.AsyncClient]]:
    """Run the daemon; give it and a client of the address at which it takes alerts."""
    async with demo.daemon(LISTEN, *args) as daemon:
        line = await daemon.log("alerts_taken_at")
        async with await daemon.ready(), httpx.AsyncClient(base_url=line["url"], trust_env=False) as http:
            await accepted(http, [])
            yield daemon, http


async def accepted(http: httpx.AsyncClient, body: Any, **headers: str) -> None:
    """Post until it is taken: as Alertmanager does."""
    async with asyncio.timeout(10):
        while (answer := await http.post("", json=body, headers=headers)).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (answer.status_code, answer.json()) == (200, {"status": "success"})


async def test_an_alert_is_told_when_it_fires_and_when_it_is_over(demo: Demo) -> None:
    """Once each, however often it is posted."""
    async with listening(demo) as (daemon, http):
        for _ in range(3):
            await accepted(http, webhook(make_alert()))
        fires = await demo.group.message()
        for _ in range(3):
            await accepted(http, webhook(make_alert(lasted=timedelta(minutes=12))))
        over = await demo.group.message()
        assert await daemon.metric("events_told_total", route="sink-1") == 2
        assert await daemon.metric("alert_posts_total", result="taken") == 7
    assert fires.content.split("\n")[0] == "🔥 告警 HighLatency · Deployment payments/checkout"
    assert over.content.split("\n")[0] == "✅ 已恢复 (持续 12m) HighLatency · Deployment payments/checkout"
    assert len(demo.group.wecom.requests) == 2


async def test_a_groups_alerts_leave_in_one_message(demo: Demo) -> None:
    """What Alertmanager sends together is told together."""
    async with listening(demo) as (_, http):
        await accepted(http, webhook(*(make_alert(labels={"deployment": name}) for name in ("a", "b", "c"))))
        told = await demo.group.message()
    assert "3 组告警 ×3" in told.content
    assert len(told.content.split("\n")) == 4


async def test_prometheus_own_list_is_taken_and_its_repetitions_tell_nothing(demo: Demo) -> None:
    """It repeats a firing alert each minute, and for a quarter of an hour one that is over, by an end in the past."""
    now = datetime.now(UTC)
    firing = make_alert(start=now - timedelta(minutes=3))
    async with listening(demo) as (daemon, http):
        for ahead in (4, 5, 6):
            await accepted(http, listed(firing, until=now + timedelta(minutes=ahead)))
        assert "告警 HighLatency" in (await demo.group.message()).content
        for _ in range(3):
            await accepted(http, listed(make_alert(start=firing.starts_at, lasted=timedelta(minutes=2))))
        assert "已恢复 (持续 2m)" in (await demo.group.message()).content
        assert await daemon.metric("events_told_total", route="sink-1") == 2


async def test_alerts_that_wait_survive_a_restart(demo: Demo, tmp_path: Path) -> None:
    """A robot that answers nobody while the daemon is stopped: the next process tells what was answered 200, once."""
    checkpoint = f"--checkpoint=file:{tmp_path}/checkpoint"
    demo.group.wecom.remove_robot(KEY)
    async with listening(demo, checkpoint) as (daemon, http):
        await accepted(http, webhook(make_alert(), make_alert(labels={"deployment": "cart"})))
        await daemon.log("destination_broken")
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended() == 0
        line = await daemon.log("events_left_at_stop")
        assert (line["left"], line["detail"]) == (2, "the next start tells them")
    demo.group.wecom.add_robot(KEY)
    async with listening(demo, checkpoint) as (daemon, http):
        told = await demo.group.message()
        assert "2 组告警 ×2" in told.content
        # What was told is remembered, too.
        await accepted(http, webhook(make_alert(), make_alert(labels={"deployment": "cart"})))
        await accepted(http, webhook(make_alert(lasted=timedelta(minutes=5))))
        assert "已恢复 (持续 5m)" in (await demo.group.message()).content
        assert await daemon.stop() == 0
    async with listening(demo, checkpoint) as (daemon, http):
        await accepted(http, webhook(make_alert(labels={"deployment": "cart"})))
        await accepted(http, listed(make_alert(lasted=timedelta(minutes=5))))
        assert await daemon.metric("events_matched_total", route="sink-1") == 0


async def test_alerts_that_wait_survive_a_crash(demo: Demo, tmp_path: Path) -> None:
    """All but those of the last second: the checkpoint is written soon after they came."""
    checkpoint = tmp_path / "checkpoint"
    demo.group.wecom.remove_robot(KEY)
    async with listening(demo, f"--checkpoint=file:{checkpoint}") as (daemon, http):
        await accepted(http, webhook(make_alert()))
        await until(lambda: b"HighLatency" in checkpoint.read_bytes())
        await daemon.kill()
    before = checkpoint.read_bytes()
    async with demo.daemon(LISTEN, f"--checkpoint=file:{checkpoint}") as daemon:
        # Its first write must not forget what it has not told yet.
        await until(lambda: checkpoint.read_bytes() != before)
        await daemon.kill()
        assert b"HighLatency" in checkpoint.read_bytes()
    demo.group.wecom.add_robot(KEY)
    async with listening(demo, f"--checkpoint=file:{checkpoint}"):
        assert "告警 HighLatency" in (await demo.group.message()).content


async def test_without_the_api_server_alerts_are_told(demo: Demo, tmp_path: Path) -> None:
    """It went away, and with it the events; also where nothing was ever read from it."""
    checkpoint = f"--checkpoint=file:{tmp_path}/checkpoint"
    nowhere = "--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false"
    async with running_daemon(nowhere, demo.group.sink(), LISTEN, checkpoint) as daemon:
        line = await daemon.log("alerts_taken_at")
        async with httpx.AsyncClient(base_url=line["url"], trust_env=False) as http:
            await accepted(http, webhook(make_alert()))
            assert "告警 HighLatency" in (await demo.group.message()).content
            assert await daemon.stop() == 0


async def test_a_daemon_that_stops_takes_no_more(demo: Demo) -> None:
    """It answers 503, so that Alertmanager tries again at the next one, and closes the connection."""
    demo.group.wecom.faults.plan(ErrCode(errcode=-1), times=4)
    async with listening(demo) as (daemon, http):
        await accepted(http, webhook(make_alert()))
        await daemon.log("destination_retry")
        daemon.signal(signal.SIGTERM)
        await daemon.log("daemon_stopping")
        answer = await http.post("", json=webhook(make_alert(labels={"deployment": "late"})))
        assert (answer.status_code, answer.headers["connection"]) == (503, "close")
        assert await daemon.ended() == 0
    assert [each.content.split("\n")[0] for each in demo.group.wecom.messages] == [
        "🔥 告警 HighLatency · Deployment payments/checkout"
    ]


async def test_only_who_may_post_is_heard(demo: Demo, tmp_path: Path) -> None:
    """By a token or a password, which may change while the daemon runs."""
    secret = tmp_path / "auth"
    secret.write_text("token: s3cret\nbasic: am:hunter2\n")
    async with demo.daemon(LISTEN, f"--alertmanager-auth-file={secret}") as daemon:
        line = await daemon.log("alerts_taken_at", authorization=True)
        async with await daemon.ready() as own, httpx.AsyncClient(base_url=line["url"], trust_env=False) as http:
            for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic bm9wZQ=="}):
                answer = await http.post("", json=webhook(make_alert()), headers=headers)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer, Basic"
            await accepted(http, [], Authorization="Bearer s3cret")
            assert (await http.post("", json=[], auth=("am", "hunter2"))).status_code == 200
            secret.write_text("token: another-one\n")
            await accepted(http, [], Authorization="Bearer another-one")
            assert (await http.post("", json=[], headers={"Authorization": "Bearer s3cret"})).status_code == 401
            secret.unlink()
            await accepted(http, [], Authorization="Bearer another-one")
            await daemon.log("alert_credentials_unusable")
            assert "No such file" in (await own.get("/readyz")).json()["alert_credentials"]
        await daemon.kill()
    for word in ("s3cret", "hunter2", "another-one", "nope"):
        assert word not in daemon.output
