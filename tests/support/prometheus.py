"""The real Prometheus and Alertmanager, as Debian packages them, on loopback and with short intervals."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from kube_wecom_eventer.demo.asgi import Receive, Scope, Send, read_exchange
from tests.support.processes import GuardedProcess

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None, reason="there is no program prometheus: apt-get install prometheus"
)
needs_alertmanager = pytest.mark.skipif(
    ALERTMANAGER is None, reason="there is no program prometheus-alertmanager: apt-get install prometheus-alertmanager"
)

READY_WITHIN = 30.0
EVERY = "500ms"


class Target:
    """What Prometheus scrapes: an app with one gauge, ``trouble``, for each set of labels."""

    def __init__(self) -> None:
        self.values: dict[tuple[tuple[str, str], ...], int] = {}

    def set(self, value: int, **labels: str) -> None:
        """Set the gauge of these labels."""
        self.values[tuple(labels.items())] = value

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scrape."""
        exchange = await read_exchange(scope, receive, send)
        lines = [f"trouble{{{_selector(labels)}}} {number}\n" for labels, number in self.values.items()]
        await exchange.respond(200, "".join(lines).encode(), content_type="text/plain; version=0.0.4")

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""


def _selector(labels: tuple[tuple[str, str], ...]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels)


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def running(name: str, command: list[str], folder: Path, *, url: str) -> AsyncIterator[None]:
    """Run a program until the block is left; it is ready when ``/-/ready`` answers."""

    def ready() -> bool:
        try:
            return httpx.get(f"{url}/-/ready", trust_env=False, timeout=1.0).is_success
        except httpx.HTTPError:
            return False

    process = GuardedProcess(command, log=folder / f"{name}.log")
    try:
        await asyncio.to_thread(process.wait_until, ready, timeout=READY_WITHIN)
        yield
    finally:
        await asyncio.to_thread(process.kill)


@asynccontextmanager
async def alertmanager(folder: Path, config: dict[str, Any]) -> AsyncIterator[str]:
    """Run Alertmanager with this configuration; give the address under which Prometheus knows it."""
    assert ALERTMANAGER is not None
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = [
        ALERTMANAGER,
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    async with running("alertmanager", command, folder, url=f"http://{address}"):
        yield address


@asynccontextmanager
async def prometheus(
    folder: Path, *, target: str, rules: list[dict[str, Any]], alertmanagers: list[dict[str, Any]]
) -> AsyncIterator[str]:
    """Run Prometheus with these rules, over what it scrapes of ``target``; it posts to ``alertmanagers``."""
    assert PROMETHEUS is not None
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    config = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [f"{folder}/rules.yml"],
        "scrape_configs": [{"job_name": "trouble", "static_configs": [{"targets": [target]}]}],
        "alerting": {"alertmanagers": alertmanagers},
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = [
        PROMETHEUS,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address={address}",
        "--rules.alert.resend-delay=1s",
    ]
    async with running("prometheus", command, folder, url=f"http://{address}"):
        yield f"http://{address}"
