"""A browser, the demo as a process, and pages that must be clean at their end.

Where chromium is not installed, the tests are skipped, saying so.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tools.pictures.chromium import FLAGS, chromium

PATIENCE = 20.0  # seconds
QUICK_DEMO = Path(__file__).with_name("quick_demo.py")
KEYS = ("demo-payments-robot", "demo-platform-robot")

_SERVERS = re.compile(r"API server \((?P<api>\S+)\).* \((?P<wecom>\S+)\)")
_PAGE = re.compile(r"try things out: (\S+)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder where there is no browser."""
    if chromium():
        return
    skip = pytest.mark.skip(reason="chromium is not found: install it (apt-get install chromium), or set CHROMIUM")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(skip)


@dataclass(frozen=True, kw_only=True)
class RunningDemo:
    """A demo that runs: the address of its page, its API server and its WeCom groups."""

    page: str
    api: str
    wecom: str
    client: httpx.Client

    def post(self, body: dict[str, Any] | bytes, *, group: int = 0) -> int:
        """Post a message to a group's robot, as another program with its key; the errcode of the answer."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        address = f"{self.wecom}/cgi-bin/webhook/send?key={KEYS[group]}"
        answer = self.client.post(address, **content)
        errcode: int = answer.json()["errcode"]
        return errcode

    def event(self, name: str, **fields: Any) -> None:
        """Create a Warning of a pod of namespace payments."""
        event = {
            "metadata": {"name": name, "namespace": "payments"},
            "involvedObject": {"kind": "Pod", "namespace": "payments", "name": name, "uid": name, "apiVersion": "v1"},
            "reason": "BackOff",
            "message": "Back-off",
            "type": "Warning",
            "count": 1,
            "source": {"component": "kubelet"},
            **fields,
        }
        self.client.post(f"{self.api}/api/v1/namespaces/payments/events", json=event).raise_for_status()


@contextmanager
def running_demo(folder: Path, *, port: int = 0, lang: str | None = "en") -> Iterator[RunningDemo]:
    """Run the demo, without its day; it has ended when the block is left. ``lang``: None leaves it to the locale."""
    command = [sys.executable, str(QUICK_DEMO), "--stay", "--seconds", "0", f"--page-port={port}"]
    command += [f"--lang={lang}"] if lang else []
    log = folder / "demo.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output) as demo,
    ):
        try:
            said = _said(demo, log)
            servers, page = _SERVERS.search(said), _PAGE.search(said)
            assert servers is not None
            assert page is not None
            with httpx.Client(trust_env=False) as client:
                yield RunningDemo(page=page[1], api=servers["api"], wecom=servers["wecom"], client=client)
        finally:
            assert demo.stdin is not None
            demo.stdin.close()
            demo.wait(PATIENCE)


def _said(demo: subprocess.Popen[bytes], log: Path) -> str:
    """What it says until it is ready."""
    deadline = time.monotonic() + PATIENCE
    while "The demo goes on" not in (said := log.read_text()):
        assert demo.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    return said


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The module's demo: all its tests see what the ones before have done."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The module's browser, with a profile of its own."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield launched
        finally:
            launched.close()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a page did that a user does not see: where it asked, what it complained of."""

    hosts: set[str | None]
    complaints: list[str]


def watch(page: Page) -> Watched:
    """Note what the page does from here on."""
    watched = Watched(hosts=set(), complaints=[])
    page.on("request", lambda request: watched.hosts.add(urlsplit(request.url).hostname))
    page.on("console", lambda message: watched.complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    return watched


Opened = Callable[..., Page]


@pytest.fixture
def opened(demo: RunningDemo, browser: Browser) -> Iterator[Opened]:
    """Open the demo's page; at the end none has asked anybody but loopback, or complained of anything."""
    contexts = []
    all_watched = []

    def open_page(path: str = "/", **settings: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1440, "height": 900}, **settings})
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        all_watched.append(watch(page))
        page.goto(demo.page + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for watched in all_watched:
        assert watched.hosts == {"127.0.0.1"}
        assert watched.complaints == []


@pytest.fixture
def page(opened: Opened) -> Page:
    """The demo's page, in English, connected."""
    opened_page = opened()
    opened_page.wait_for_selector(".phase[data-phase=staying]")
    return opened_page
