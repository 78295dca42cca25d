"""The real Prometheus and Alertmanager before the daemon: a rule fires, the group gets it; it is over, so it gets that.

Without the programs these tests are skipped, saying so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import Received
from tests.daemon.conftest import Demo
from tests.support.daemon import DaemonProcess
from tests.support.prometheus import Target, alertmanager, needs_alertmanager, needs_prometheus, prometheus

LISTEN = "--alertmanager-listen=127.0.0.1:0"
TOKEN = "9cf1-token"
RULE = {
    "alert": "CheckoutTrouble",
    "expr": "trouble > 0",
    "labels": {"severity": "critical", "team": "b"},
    "annotations": {"summary": "trouble in {{ $labels.deployment }}", "runbook_url": "https://runbooks/checkout"},
}
PATIENCE = 40.0


async def address_of(daemon: DaemonProcess) -> str:
    """Return host and port at which a daemon takes alerts."""
    url = httpx.URL((await daemon.log("alerts_taken_at"))["url"])
    return f"{url.host}:{url.port}"


def receiving(url: str, folder: Path, **webhook: Any) -> dict[str, Any]:
    """Return Alertmanager's configuration for one webhook, with intervals of a second."""
    (folder / "token").write_text(TOKEN)
    authorization = {"authorization": {"credentials_file": f"{folder}/token"}}
    receiver = {"name": "wecom", "webhook_configs": [{"url": url, "http_config": authorization, **webhook}]}
    route = {
        "receiver": "wecom",
        "group_by": ["alertname"],
        "group_wait": "1s",
        "group_interval": "1s",
        "repeat_interval": "1h",
    }
    return {"route": route, "receivers": [receiver]}


@asynccontextmanager
async def watched(folder: Path, *alertmanagers: dict[str, Any]) -> AsyncIterator[Target]:
    """Run Prometheus over a target that a test breaks and mends."""
    target = Target()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(target))
        host = url.removeprefix("http://")
        await stack.enter_async_context(
            prometheus(folder, target=host, rules=[RULE], alertmanagers=list(alertmanagers))
        )
        yield target


def posting_to(address: str, **how: Any) -> dict[str, Any]:
    """Return an entry of Prometheus' alerting.alertmanagers."""
    return {"static_configs": [{"targets": [address]}], "api_version": "v2", **how}


async def told(demo: Demo) -> Received:
    return await demo.group.wecom.next_message(timeout=PATIENCE)


@needs_alertmanager
@needs_prometheus
async def test_a_rule_that_fires_is_told_and_its_end_too(demo: Demo, tmp_path: Path) -> None:
    """By way of Alertmanager, which has a token for the daemon."""
    secret = tmp_path / "auth"
    secret.write_text(f"token: {TOKEN}\n")
    async with demo.daemon(LISTEN, f"--alertmanager-auth-file={secret}") as daemon, await daemon.ready():
        url = f"http://{await address_of(daemon)}/api/v2/alerts"
        async with alertmanager(tmp_path, receiving(url, tmp_path)) as am, watched(tmp_path, posting_to(am)) as target:
            target.set(1, namespace="payments", deployment="checkout")
            fires = await told(demo)
            # A group is sent as a whole when another alert joins it: the first one is not told again.
            target.set(1, namespace="payments", deployment="cart")
            joins = await told(demo)
            target.set(0, namespace="payments", deployment="checkout")
            over = await told(demo)
            assert await daemon.metric("events_told_total", route="sink-1") == 3
    assert fires.content.split("\n")[0] == "🔥 告警 CheckoutTrouble · Deployment payments/checkout"
    assert "\n级别：critical\n" in fires.content
    assert fires.content.endswith("\n手册：https://runbooks/checkout\ntrouble in checkout")
    assert joins.content.startswith("🔥 告警 CheckoutTrouble · Deployment payments/cart\n")
    assert over.content.startswith("✅ 已恢复 (持续 ")
    assert over.content.split("\n")[0].endswith(") CheckoutTrouble · Deployment payments/checkout")
    assert demo.group.wecom.refused == []
    assert TOKEN not in daemon.output


@needs_prometheus
async def test_prometheus_itself_may_post(demo: Demo, tmp_path: Path) -> None:
    """It posts a firing alert each second here, and its end as often: each is told once."""
    async with demo.daemon(LISTEN) as daemon, await daemon.ready(), AsyncExitStack() as stack:
        target = await stack.enter_async_context(watched(tmp_path, posting_to(await address_of(daemon))))
        target.set(1, namespace="payments", deployment="checkout")
        assert (await told(demo)).content.startswith("🔥 告警 CheckoutTrouble · Deployment payments/checkout\n")
        await posts_beyond(daemon, 3, status="firing")
        target.set(0, namespace="payments", deployment="checkout")
        assert (await told(demo)).content.startswith("✅ 已恢复 (持续 ")
        await posts_beyond(daemon, 3, status="resolved")
        target.set(1, namespace="payments", deployment="checkout")
        assert (await told(demo)).content.startswith("🔥 告警 CheckoutTrouble · Deployment payments/checkout\n")
        assert await daemon.metric("events_told_total", route="sink-1") == 3
    assert len(demo.group.wecom.requests) == 3


async def posts_beyond(daemon: DaemonProcess, number: int, *, status: str) -> None:
    """Wait until so many more alerts of that status have come."""
    before = await daemon.metric("alerts_received_total", status=status)
    async with asyncio.timeout(PATIENCE):
        while await daemon.metric("alerts_received_total", status=status) < before + number:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


@asynccontextmanager
async def balanced(*addresses: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve one address for several, as a Service does: each connection goes to the next one. Give it, and to which
    address each connection went."""
    went: list[str] = []
    open_writers: set[asyncio.StreamWriter] = set()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = addresses[len(went) % len(addresses)].split(":")
        went.append(f"{host}:{port}")
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pipe(reader, back), pipe(there, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"{host}:{port}", went
    finally:
        server.close()
        for writer in open_writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)


@needs_alertmanager
@needs_prometheus
async def test_behind_a_service_of_two_replicas_the_one_that_leads_gets_it(demo: Demo, tmp_path: Path) -> None:
    """The standby answers 503 and closes the connection; Alertmanager tries again, and comes to the leader."""
    shared = [
        "--leader-elect",
        "--leader-elect-resource-namespace=default",
        "--checkpoint=configmap:default/position",
        LISTEN,
    ]
    async with demo.daemon(*shared) as leader, await leader.ready(), demo.daemon(*shared) as standby:
        addresses = [await address_of(standby), await address_of(leader)]
        async with balanced(*addresses) as (address, went), AsyncExitStack() as stack:
            config = receiving(f"http://{address}/api/v2/alerts", tmp_path)
            am = await stack.enter_async_context(alertmanager(tmp_path, config))
            target = await stack.enter_async_context(watched(tmp_path, posting_to(am)))
            target.set(1, namespace="payments", deployment="checkout")
            assert (await told(demo)).content.startswith("🔥 告警 CheckoutTrouble")
            assert went[:2] == addresses
            # Another process leads from here on, and knows what was told.
            assert await leader.stop() == 0
            await standby.log("leadership_acquired")
            target.set(0, namespace="payments", deployment="checkout")
            assert (await told(demo)).content.startswith("✅ 已恢复 (持续 ")
    assert len(demo.group.wecom.requests) == 2


@needs_alertmanager
@pytest.mark.parametrize("answer", [True, False])
async def test_what_alertmanager_says_of_its_webhook(demo: Demo, tmp_path: Path, answer: bool) -> None:
    """Its own metric counts a failed request for each 503, and none once the daemon takes alerts."""
    async with AsyncExitStack() as stack:
        daemon = await stack.enter_async_context(demo.daemon(LISTEN))
        await stack.enter_async_context(await daemon.ready())
        url = f"http://{await address_of(daemon)}/api/v2/alerts{'' if answer else '/nowhere'}"
        am = await stack.enter_async_context(alertmanager(tmp_path, receiving(url, tmp_path)))
        async with httpx.AsyncClient(base_url=f"http://{am}", trust_env=False) as http:
            labels = {"alertname": "ByHand", "severity": "critical"}
            assert (await http.post("/api/v2/alerts", json=[{"labels": labels}])).status_code == 200
            if answer:
                assert (await told(demo)).content.startswith("🔥 告警 ByHand · ")
            async with asyncio.timeout(PATIENCE):
                while (sent := await _sent(http)) == (0, 0):  # noqa: ASYNC110 nobody tells
                    await asyncio.sleep(0.1)
    assert (sent[1] == 0) is answer


async def _sent(http: httpx.AsyncClient) -> tuple[int, int]:
    """Return how many notifications by webhook Alertmanager has tried, and how many failed."""
    lines = (await http.get("/metrics")).text.splitlines()
    found = []
    for name in ("alertmanager_notifications_total", "alertmanager_notifications_failed_total"):
        wanted = f'{name}{{integration="webhook"'
        found.append(int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(wanted))))
    return found[0], found[1]
