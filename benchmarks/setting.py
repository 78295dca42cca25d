"""Where a measurement takes place: an API server, a WeCom group, a webhook, and the daemon between them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.event_lines import MARKS, EventLines
from benchmarks.processes import Helper, NoResult, helper
from kube_wecom_eventer.config import SinkSettings
from kube_wecom_eventer.config.settings import load_settings
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import WeComGroup
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.event_stream import decode_line
from kube_wecom_eventer.match import EventFilter
from tests.support.daemon import DaemonProcess, running_daemon
from tests.support.told import stands_for

KEYS = tuple(f"key-{number}" for number in range(10))

FILTERS = (
    "level=Warning&namespaces=payments,orders&reason=BackOff,Failed",
    "kinds=Node",
    "namespaces=kube-system",
    "reason=FailedScheduling&exclude_namespaces=batch,search",
    "exclude_namespaces=kube-system,payments,orders&exclude_reason=Unhealthy,BackOff&kinds=Pod&reason=FailedMount",
    "level=Normal&namespaces=batch&kinds=Pod",
    "reason=^Unhealthy$&message=refused&namespaces=frontend",
    "name=^app-1[0-9]-&namespaces=search",
    "namespaces=monitoring&reason=Failed",
    "min_count=100",
)
"""Of ten routes with every kind of condition; seven of ten events are told by one of them."""

MIXED = tuple(f"key={key}&{chosen}" for key, chosen in zip(KEYS, FILTERS, strict=True))


@dataclass(frozen=True, kw_only=True)
class Place:
    """``program``: the daemon's command. ``environ``: what is in its environment. ``folder``: ours to write in."""

    program: Sequence[str]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def certificate(self) -> tuple[Path, Path]:
        """Return a certificate for loopback and its key, made once."""
        certificate, key = self.folder / "ca.crt", self.folder / "tls.key"
        if not certificate.exists():
            make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            named = ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
            subprocess.run([*make, *named, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One run's servers. ``wecom`` counts the messages."""

    place: Place
    api: Helper
    url: str
    wecom: WeComGroup
    robots: str
    receiver: Helper
    webhook: str

    def sinks(self, routes: Sequence[str] = MIXED) -> list[str]:
        """Return flags for routes to robots, each a key and a filter."""
        return [f"--sink=webhook:{self.robots}/cgi-bin/webhook/send?{route}" for route in routes]

    @property
    def marks(self) -> str:
        """A flag for the route that tells when a mark was read: its events go to the receiver, at once."""
        return f"--sink=webhook:{self.webhook}?method=POST&namespaces={MARKS}"

    @asynccontextmanager
    async def daemon(self, *arguments: str) -> AsyncIterator[DaemonProcess]:
        """Start the daemon with a service account, a checkpoint in a ConfigMap, and wait until it watches."""
        environ = service_account(self.place, self.url)
        options = (*arguments, "--checkpoint=configmap:default/position")
        async with running_daemon(*options, environ=environ, program=self.place.program) as daemon:
            watched = await self.api.hear()
            if watched["said"] != "watched":
                raise NoResult(f"no watch: {watched}")
            await asyncio.sleep(0.5)
            yield daemon

    async def send(self, events: int, *, rate: float = 0.0, marked: bool = False, timeout: float = 600.0) -> None:
        """Have events sent; return when the last one has gone."""
        self.api.tell(events=events, rate=rate, marked=marked)
        sent = await self.api.hear(timeout=timeout)
        if sent != {"said": "sent", "events": events}:
            raise NoResult(f"not all was sent: {sent}")

    async def received(self) -> dict[str, Any]:
        """Return what the webhook has received."""
        self.receiver.tell()
        return await self.receiver.hear()

    async def drained(self) -> float:
        """Return the seconds between the two marks of a stream, once both have been told."""
        async with asyncio.timeout(60):
            while (received := await self.received())["count"] < 2:
                await asyncio.sleep(0.05)
        return float(received["last"] - received["first"])

    def told(self) -> int:
        """Return how many events the accepted messages stand for."""
        return sum(map(stands_for, self.wecom.messages))

    async def all_told(self, expected: int, *, timeout: float = 120.0) -> None:
        """Wait until so many events are told, and no more; NoResult where one is missing."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self.told() < expected and loop.time() < deadline:
            await asyncio.sleep(0.05)
        if self.told() != expected or self.wecom.refused:
            raise NoResult(f"{self.told()} of {expected} events were told, {len(self.wecom.refused)} messages refused")


@asynccontextmanager
async def setting(place: Place, *, keys: Sequence[str] = KEYS, objects: int = 1_000_000_000) -> AsyncIterator[Setting]:
    """Make everything that one run needs."""
    certificate, key = place.certificate()
    files = (f"--certificate={certificate}", f"--key={key}", f"--objects={objects}")
    wecom = WeComGroup(keys=keys, clock=lambda: datetime.now(UTC))
    async with helper("api_process", *files) as api, helper("receiver_process") as receiver, serve(wecom) as robots:
        port, webhook = (await api.hear())["port"], (await receiver.hear())["port"]
        yield Setting(
            place=place,
            api=api,
            url=f"https://127.0.0.1:{port}",
            wecom=wecom,
            robots=robots,
            receiver=receiver,
            webhook=f"http://127.0.0.1:{webhook}/hook",
        )


def service_account(place: Place, url: str) -> dict[str, str]:
    """Write a pod's files, and return its environment."""
    folder = place.folder
    (folder / "token").write_text("benchmark")
    (folder / "namespace").write_text("default")
    host, _, port = url.removeprefix("https://").partition(":")
    return {
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
        "KUBE_WECOM_EVENTER_SERVICE_ACCOUNT_DIR": str(folder),
        **place.environ,
    }


def expected(events: int, filters: Sequence[str] = FILTERS) -> int:
    """Return how often the routes' filters take one of the first events: that many are to be told."""
    takes = filters_of(filters)
    lines = EventLines()
    read: list[Event] = [decode_line(lines.line(number, number + 1))[1] for number in range(events)]
    return sum(take.takes(event) for event in read for take in takes)


def filters_of(filters: Sequence[str]) -> list[EventFilter]:
    """Return filters as the daemon compiles them."""
    return [EventFilter(sink.filter) for sink in sinks_of(filters)]


def sinks_of(filters: Sequence[str]) -> Sequence[SinkSettings]:
    """Return sinks' settings with these filters."""
    arguments = [f"--sink=webhook:https://example.com/{number}?{chosen}" for number, chosen in enumerate(filters)]
    return load_settings(arguments, environ={}).sinks
