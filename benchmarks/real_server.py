"""What needs a real kube-apiserver: a backlog against curl, and the delay from an event to its message."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.event_lines import MARKS
from benchmarks.figures import Figure
from benchmarks.processes import Helper, NoResult, helper
from benchmarks.setting import Place
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import Received, WeComGroup
from tests.support.api_servers import Server, real_server
from tests.support.daemon import DaemonProcess, running_daemon
from tests.support.envtest import RealCluster
from tests.support.storm_writer import Storm
from tests.support.told import stands_for

_BACKLOG = 20_000
_ROUTES = 8
_EVENTS = 104
"""Thirteen for each route: a robot's pace lets fifteen of a minute leave alone."""


@asynccontextmanager
async def cluster(assets: Path, folder: Path) -> AsyncIterator[tuple[RealCluster, Server]]:
    """Start a server; ``folder`` takes its data."""
    folder.mkdir(exist_ok=True)
    real = await asyncio.to_thread(RealCluster.start, assets=assets, folder=folder)
    try:
        async with real_server(real, folder) as server:
            yield real, server
    finally:
        await asyncio.to_thread(real.close)


@asynccontextmanager
async def daemon(place: Place, server: Server, *arguments: str) -> AsyncIterator[DaemonProcess]:
    """Start the daemon, and wait until it watches."""
    options = (f"--source={server.source}", *arguments)
    environ = {**place.environ, **server.environ}
    async with running_daemon(*options, environ=environ, program=place.program) as process:
        await process.log("event_stream_starts")
        yield process


async def backlog(place: Place, assets: Path, runs: int) -> list[Figure]:
    """Let the daemon and curl read the same history in turn."""
    ratios, rates = [], []
    wecom = WeComGroup(keys=[f"key-{number}" for number in range(runs)], clock=lambda: datetime.now(UTC))
    async with cluster(assets, place.folder / "cluster") as (real, server), serve(wecom) as robots:
        await asyncio.to_thread(real.ensure_namespace, MARKS)
        for number in range(runs):
            async with daemon(place, server, f"--sink=webhook:{robots}/", _checkpoint(server, number)) as process:
                await process.log("event_stream_starts")
                await asyncio.sleep(1.5)
                await process.stop()
        version = await server.version("/api/v1/events")
        await _mark(server, "first")
        await _storm(real, server.namespace)
        await _mark(server, "last")
        for number in range(runs):
            curl = await _curl(real, version, lines=_BACKLOG + 2)
            async with helper("receiver_process") as receiver:
                hook = f"http://127.0.0.1:{(await receiver.hear())['port']}/hook"
                sinks = (
                    f"--sink=webhook:{robots}/cgi-bin/webhook/send?key=key-{number}&namespaces={server.namespace}",
                    f"--sink=webhook:{hook}?method=POST&namespaces={MARKS}",
                )
                wecom.messages.clear()
                async with daemon(place, server, *sinks, _checkpoint(server, number)):
                    seconds = await _between_marks(receiver)
                    await _told(wecom, _BACKLOG)
            rates.append(_BACKLOG / seconds)
            ratios.append(curl / seconds)
    return [
        Figure(name="backlog of a real API server, events a second", unit="", samples=rates, digits=0),
        Figure(
            name="backlog of a real API server, of curl's rate",
            unit="",
            samples=ratios,
            bar=0.95,
            at_least=True,
            digits=2,
        ),
    ]


async def delay(place: Place, assets: Path, runs: int) -> list[Figure]:
    """Write one event after the other, and note when the group has each message."""
    medians, high = [], []
    for _ in range(runs):
        seconds = await _delays(place, assets)
        medians.append(statistics.median(seconds) * 1000)
        high.append(statistics.quantiles(seconds, n=100)[98] * 1000)
    return [
        Figure(name="event created to message accepted, median", unit="ms", samples=medians, bar=30),
        Figure(name="event created to message accepted, 99 of 100", unit="ms", samples=high, bar=150),
    ]


async def _delays(place: Place, assets: Path) -> list[float]:
    wecom = WeComGroup(keys=[f"key-{number}" for number in range(_ROUTES)], clock=lambda: datetime.now(UTC))
    came: dict[str, float] = {}
    created: dict[str, float] = {}

    def note(received: Received) -> None:
        if received.accepted:
            came[received.content.splitlines()[-1]] = time.monotonic()

    wecom.on_request(note)
    async with cluster(assets, place.folder / "cluster") as (_, server), serve(wecom) as robots:
        sinks = [
            f"--sink=webhook:{robots}/cgi-bin/webhook/send?key=key-{number}&reason=^R{number}$"
            for number in range(_ROUTES)
        ]
        async with daemon(place, server, *sinks, f"--checkpoint=configmap:{server.namespace}/position"):
            await asyncio.sleep(2)
            for number in range(_EVENTS):
                message = f"event number {number}"
                event = server.event(f"e{number}", reason=f"R{number % _ROUTES}", message=message)
                created[message] = time.monotonic()
                await server.create(server.events, event)
                await asyncio.sleep(0.2)
            await _told(wecom, _EVENTS)
    found = {message: came.get(message) for message in created}
    missing = [message for message, at in found.items() if at is None]
    if missing:
        raise NoResult(f"{len(missing)} messages are no event's alone, as {missing[0]!r}")
    return [at - created[message] for message, at in found.items() if at is not None]


def _checkpoint(server: Server, number: int) -> str:
    return f"--checkpoint=configmap:{server.namespace}/position-{number}"


async def _mark(server: Server, name: str) -> None:
    about = {"kind": "Pod", "namespace": MARKS, "name": name}
    event = {"metadata": {"name": name}, "involvedObject": about, "reason": "Mark", "message": name, "type": "Warning"}
    await server.create(f"/api/v1/namespaces/{MARKS}/events", event)


async def _between_marks(receiver: Helper) -> float:
    async with asyncio.timeout(120):
        while True:
            receiver.tell()
            received = await receiver.hear()
            if received["count"] >= 2:
                return float(received["last"] - received["first"])
            await asyncio.sleep(0.05)


async def _told(wecom: WeComGroup, events: int) -> None:
    """Wait until so many are told; NoResult where one is missing."""
    deadline = time.monotonic() + 90
    while (told := sum(map(stands_for, wecom.messages))) < events and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    if told != events or wecom.refused:
        raise NoResult(f"{told} of {events} events were told, {len(wecom.refused)} messages refused")


async def _storm(real: RealCluster, namespace: str) -> None:
    url = httpx.URL(real.url)
    wanted = Storm(
        host=url.host,
        port=url.port or 443,
        ca_file=str(real.ca_file),
        token=real.admin_token,
        namespaces=[namespace],
        events=_BACKLOG,
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.storm_writer"),
        cwd=Path(__file__).parents[1],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(asdict(wanted)).encode())
    if process.returncode or json.loads(output)["events"] != _BACKLOG:
        raise NoResult("the events could not be written")


async def _curl(real: RealCluster, version: str, *, lines: int) -> float:
    """Return the seconds in which curl reads so many lines."""
    url = f"{real.url}/api/v1/events?watch=1&resourceVersion={version}&timeoutSeconds=120"
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sN", "--cacert", str(real.ca_file), "-H", f"Authorization: Bearer {real.admin_token}", url),
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdout is not None
    began, seen = 0.0, 0
    while seen < lines:
        part = await process.stdout.read(1 << 20)
        if not part:
            raise NoResult(f"curl has read {seen} of {lines} lines")
        began = began or time.monotonic()
        seen += part.count(b"\n")
    ended = time.monotonic()
    process.kill()
    await process.communicate()
    return ended - began
