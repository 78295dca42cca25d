"""``python -m benchmarks.alerts``: how many alerts the daemon takes and tells, over real sockets on this machine.

The daemon is a process of its own, between the demo's API server and two destinations: a webhook, which is told each
alert by itself, and a WeCom group, which gets digests in a robot's pace. Each request is one of Alertmanager's with 40
alerts, 16 KB. Bounded by ``--requests``; nothing is left running.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import statistics
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.asgi import Receive, Scope, Send, read_exchange
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.store import ObjectStore
from kube_wecom_eventer.demo.wecom import WeComGroup

ALERTS = 40
SIZE = 16 * 1024
KEY = "benchmark"
PATIENCE = 180.0
_TIMES = re.compile(r" ×(\d+)")


class Webhook:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.told = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once."""
        exchange = await read_exchange(scope, receive, send)
        self.told += 1
        await exchange.respond(200, b"{}")

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""


def request(number: int) -> bytes:
    """Return the body of one request: alerts that were never posted before, padded to SIZE."""
    alerts: list[dict[str, Any]] = [
        {
            "status": "firing",
            "labels": {
                "alertname": f"Benchmark{place % 5}",
                "severity": "critical",
                "namespace": f"team-{place % 8}",
                "pod": f"web-{number}-{place}",
            },
            "annotations": {"summary": f"trouble number {number} of pod {place}"},
            "startsAt": "2026-11-20T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
            "fingerprint": f"{number:08x}{place:08x}",
        }
        for place in range(ALERTS)
    ]
    body = {"version": "4", "receiver": "wecom", "status": "firing", "groupLabels": {}, "alerts": alerts}
    missing = (SIZE - len(json.dumps(body))) // ALERTS
    for alert in alerts:
        alert["annotations"]["description"] = "x" * max(0, missing - 20)
    return json.dumps(body).encode()


async def started(stack: AsyncExitStack, *sinks: str, api: str) -> tuple[asyncio.subprocess.Process, str, str]:
    """Start the daemon; return it, where it takes alerts, and where its own endpoints are."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kube_wecom_eventer",
        f"--source=kubernetes:{api}?inClusterConfig=false", "--alertmanager-listen=127.0.0.1:0",
        "--healthz-ip=127.0.0.1", "--healthz-port=0", *sinks,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": "/nonexistent"},
    )  # fmt: skip
    stack.push_async_callback(_ended, process)
    assert process.stderr is not None
    found: dict[str, str] = {}
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            logged = json.loads(line)
            if logged["event"] == "daemon_started":
                found["web"] = logged["web"]
            if logged["event"] == "alerts_taken_at":
                found["alerts"] = logged["url"]
            if logged["event"] == "event_stream_starts":
                break
    reading = asyncio.create_task(_read_on(process.stderr))
    stack.callback(reading.cancel)
    return process, found["alerts"], found["web"]


async def _read_on(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


async def _ended(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    try:
        async with asyncio.timeout(40):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def post(url: str, bodies: list[bytes], *, at_once: int) -> list[float]:
    """Post all bodies; return how long each answer took."""
    left = iter(bodies)
    took: list[float] = []

    async def sender(http: httpx.AsyncClient) -> None:
        for body in left:
            begun = time.perf_counter()
            while (await http.post(url, content=body)).status_code == 503:
                await asyncio.sleep(0.02)
            took.append(time.perf_counter() - begun)

    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(sender(http) for _ in range(at_once)))
    return took


def peak_memory(pid: int) -> int:
    """Return the most megabytes that a process has had."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


async def measure(kind: str, requests: int, at_once: int) -> str:
    """Post the requests to a fresh daemon; return the figures in a line."""
    group, webhook = WeComGroup(keys=[KEY], clock=lambda: datetime.now(UTC)), Webhook()
    api = ApiServer(store=ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1)), random=Random(2))
    async with AsyncExitStack() as stack:
        api_url = await stack.enter_async_context(serve(api))
        chat = await stack.enter_async_context(serve(group))
        hook = await stack.enter_async_context(serve(webhook))
        sink = {
            "webhook": f"--sink=webhook:{hook}/?method=POST",
            "wecom": f"--sink=wecom:?key={KEY}&api={chat}",
            "log": "--sink=log:",
        }[kind]
        process, url, _ = await started(stack, sink, api=api_url)
        await asyncio.sleep(0.2)
        bodies = [request(number) for number in range(requests)]
        begun = time.perf_counter()
        took = await post(url, bodies, at_once=at_once)
        taken = time.perf_counter() - begun
        alerts = requests * ALERTS

        def told() -> int:
            if kind == "webhook":
                return webhook.told
            firsts = (message.content.partition("\n")[0] for message in group.messages)
            return sum(int(found[1]) if (found := _TIMES.search(first)) else 1 for first in firsts)

        async with asyncio.timeout(PATIENCE):
            while kind != "log" and told() < alerts:
                await asyncio.sleep(0.02)
        whole = time.perf_counter() - begun
        peak = peak_memory(process.pid)
    until_told = "" if kind == "log" else f"; all told after {whole:.1f} s ({alerts / whole:.0f} a second)"
    messages = f" in {len(group.messages)} messages" if kind == "wecom" else ""
    what = f"{requests} requests of {ALERTS} alerts, {len(bodies[0]) / 1024:.1f} KB each, {at_once} at once"
    return (
        f"{kind}: {what}: taken in {taken:.2f} s ({requests / taken:.0f} requests, {alerts / taken:.0f} alerts a "
        f"second), median answer {statistics.median(took) * 1000:.1f} ms{until_told}{messages}; peak memory {peak} MB"
    )


def main() -> None:
    """Print a line for each kind of destination."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--kinds", nargs="*", default=["log", "webhook", "wecom"])
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    for kind in options.kinds:
        sys.stdout.write(asyncio.run(measure(kind, options.requests, options.at_once)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
