"""The page's server: its files, its stream, its buttons, and whom it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from kube_wecom_eventer.demo import page_app
from kube_wecom_eventer.demo.feed import Feed
from kube_wecom_eventer.demo.gallery import gallery
from kube_wecom_eventer.demo.ledger import Ledger
from kube_wecom_eventer.demo.options import parse
from kube_wecom_eventer.demo.page_app import HEADERS, Page, Watchers, page_files
from kube_wecom_eventer.demo.records import Note
from kube_wecom_eventer.demo.serving import serve
from tests.demo.acting import Stage, now
from tests.demo.playing import until


@dataclass(kw_only=True)
class Served:
    """A page that is served, and a client that asks it as a browser does."""

    stage: Stage
    feed: Feed
    watchers: Watchers
    app: Page
    url: str
    client: httpx.AsyncClient

    @property
    def own(self) -> dict[str, str]:
        """The header by which a browser says that it is our own page that asks."""
        return {"origin": self.url}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A page over a cluster without a daemon."""
    stage = Stage()
    ledger = Ledger(stage.robots)
    feed = Feed(options=parse([], {}), robots=stage.robots, ledger=ledger, clock=now, run="1")
    feed.actions = stage.actions
    watchers = Watchers(asyncio.get_running_loop().time)
    app = Page(feed=feed, actions=stage.actions, watchers=watchers, gallery=gallery)
    async with serve(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield Served(stage=stage, feed=feed, watchers=watchers, app=app, url=url, client=client)
    await stage.actions.close()


class Stream:
    """Server-sent events, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, Any]:
        """The next event's name and data."""
        async with asyncio.timeout(5):
            name = (await anext(self._lines)).removeprefix("event: ")
            data = json.loads((await anext(self._lines)).removeprefix("data: "))
            await anext(self._lines)
            return name, data


@pytest.mark.parametrize("path", ["/", "/gallery", "/demo.js", "/demo.css", "/robot.svg", "/gallery.json"])
async def test_everything_comes_with_strict_headers(served: Served, path: str) -> None:
    """No other origin's scripts, styles or frames; no markup out of text; no sniffing, no caching."""
    answer = await served.client.get(path)

    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


async def test_what_is_not_there_is_a_404(served: Served) -> None:
    """Nothing but the page's own files can be asked for, whatever the path."""
    for path in (
        "/nothing",
        "/../command.py",
        "/%2e%2e/command.py",
        "/page/index.html",
        "/__init__.py",
        "//etc/passwd",
    ):
        assert (await served.client.get(path)).status_code == 404


async def test_the_files_name_only_each_other() -> None:
    """No file of the page speaks of an address outside; what it loads is served, too."""
    files = page_files()

    for path, (_, content) in files.items():
        text = content.decode()
        for word in text.split():
            if "http://" in word or "https://" in word:
                assert any(known in text for known in ("developer.work.weixin.qq.com", "www.w3.org", "https?:")), path
        for name in page_app_references(text):
            assert name in files, (path, name)
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert sink not in text, (path, sink)


def page_app_references(text: str) -> set[str]:
    """The files that a file loads."""
    words = text.replace("'", '"').split('"')
    return {"/" + each.lstrip("./") for each in words if each.endswith((".js", ".css", ".svg")) and " " not in each}


async def test_head_is_answered_without_a_body(served: Served) -> None:
    """As HTTP demands; other methods are refused."""
    answer = await served.client.head("/")

    assert (answer.status_code, answer.content) == (200, b"")
    assert (await served.client.delete("/")).status_code == 405


@pytest.mark.parametrize("host", ["evil.example:8085", "evil.example", "127.0.0.1.evil.example", "", "[::1"])
async def test_who_comes_by_another_name_is_refused(served: Served, host: str) -> None:
    """A name that somebody points to loopback reads nothing and presses nothing (DNS rebinding)."""
    for method, path in (("GET", "/"), ("GET", "/stream"), ("POST", "/actions/one_event")):
        headers = {"host": host, "origin": f"http://{host}"}
        assert (await served.client.request(method, path, headers=headers)).status_code == 403
    assert served.stage.created == []


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:1", "null", "", None])
async def test_another_sites_page_can_not_press(served: Served, origin: str | None) -> None:
    """Only a request whose Origin is the page's own is taken."""
    headers = {} if origin is None else {"origin": origin}

    answer = await served.client.post("/actions/one_event", headers=headers)

    assert answer.status_code == 403
    assert served.stage.created == []


async def test_a_button_does_what_it_says(served: Served) -> None:
    """202 and the effect; 404 with the names for an unknown one; 409 where it can't be now."""
    assert (await served.client.post("/actions/one_event", headers=served.own)).status_code == 202
    await until(lambda: bool(served.stage.created))

    unknown = await served.client.post("/actions/rm_rf", headers=served.own)
    assert (unknown.status_code, "one_event" in unknown.text) == (404, True)
    served.stage.actions.open = False
    assert (await served.client.post("/actions/one_event", headers=served.own)).status_code == 409


async def test_the_page_may_be_called_localhost(served: Served) -> None:
    """With any port: ssh may lead another one to us."""
    headers = {"host": "localhost:9999", "origin": "http://localhost:9999"}

    assert (await served.client.get("/", headers=headers)).status_code == 200
    assert (await served.client.post("/actions/one_event", headers=headers)).status_code == 202


async def test_the_stream_begins_with_all_and_goes_on_with_news(served: Served) -> None:
    """A snapshot, then an update for what happens together, then the end with the demo's."""
    served.feed.said(Note(name="one_event"))
    async with served.client.stream("GET", "/stream") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        name, data = await stream.next()
        assert (name, data["run"], len(data["notes"])) == ("snapshot", "1", 1)
        assert data["state"]["actions"]["storm"] == {"ready": True, "on": False, "progress": 0.0}

        for _ in range(3):
            served.feed.said(Note(name="nasty_event"))
        name, data = await stream.next()
        assert (name, len(data["notes"])) == ("update", 3)

        served.app.shut_down()
        name, data = await stream.next()
        assert name == "update"
        with pytest.raises(StopAsyncIteration):
            await stream.next()


async def test_an_idle_stream_is_not_silent(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update comes from time to time, so that each side notices when the other one has vanished."""
    monkeypatch.setattr(page_app, "HEARTBEAT", 0.05)
    async with served.client.stream("GET", "/stream") as response:
        stream = Stream(response)
        assert [(await stream.next())[0] for _ in range(3)] == ["snapshot", "update", "update"]


async def test_who_watches_is_counted(served: Served) -> None:
    """From the stream's start until its browser has gone."""
    assert served.watchers.absent_for() == float("inf")
    async with served.client.stream("GET", "/stream") as response:
        await Stream(response).next()
        assert (served.watchers.count, served.watchers.absent_for()) == (1, 0.0)
    await until(lambda: not served.watchers.count)
    assert served.watchers.absent_for() < 5


async def test_the_number_of_streams_is_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused, and the others go on."""
    monkeypatch.setattr(page_app, "MOST_STREAMS", 1)
    async with served.client.stream("GET", "/stream") as response:
        stream = Stream(response)
        await stream.next()
        assert (await served.client.get("/stream")).status_code == 503
        served.feed.said(Note(name="one_event"))
        assert (await stream.next())[0] == "update"


def test_absence_is_measured_from_the_last_page() -> None:
    """Two pages: the absence begins when both are closed."""
    time = 100.0
    watchers = Watchers(lambda: time)
    watchers.came()
    watchers.came()
    watchers.went()
    assert watchers.absent_for() == 0.0
    watchers.went()
    time = 107.0
    assert watchers.absent_for() == 7.0
