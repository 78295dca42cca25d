"""The course of the demo, with a stand-in for the daemon: what is shown, when it ends, and with which exit code."""

from __future__ import annotations

import asyncio
import re
import socket
import sys

import httpx
import pytest

from kube_wecom_eventer.demo import course
from kube_wecom_eventer.demo.course import PageRefused
from kube_wecom_eventer.demo.screen import BUBBLE_INDENT
from tests.demo.playing import Playing

ADDRESS = re.compile(r"try things out: (http://127\.0\.0\.1:\d+)")


def broken(**_: object) -> list[str]:
    """A daemon that refuses to start."""
    return [sys.executable, "-c", "import sys; sys.exit('--sink: no such scheme')"]


async def test_the_demo_shows_events_messages_and_a_summary() -> None:
    """A short demo ends by itself with 0: messages with their delay, the refusals of a burst, a summary, what next."""
    demo = Playing("--no-page --seconds 1.5 --fast --burst 25 --seed 3 --lang en")

    assert await demo.play() == 0, demo.shown

    assert re.search(r"╭─ Payments on call · [\d:]{8} · \d+ ms ─+╮", demo.shown)
    assert "@zhangsan" in demo.shown
    assert "daemon: " in demo.shown
    unwrapped = demo.shown.replace("\n" + " " * BUBBLE_INDENT, "")
    assert "errcode 45009: over 20 messages a minute" in unwrapped  # the stand-in keeps no pace
    assert re.search(r"\d+ events, \d+ of them selected .* 20 messages, \d+ refused; median delay", demo.shown)
    assert "… and 22 more" in demo.shown
    assert demo.shown.endswith("To press the buttons of the page: --stay. In your own cluster: README.md, Install.\n")
    assert "\x1b" not in demo.shown


@pytest.mark.parametrize("seed", range(1, 5))
async def test_the_day_begins_with_an_event_that_is_told(seed: int) -> None:
    """Whatever comes then: who tries it sees a message at once."""
    demo = Playing(f"--no-page --seconds 0.1 --burst 0 --seed {seed} --lang en")

    assert await demo.play() == 0, demo.shown

    assert " ! " in demo.shown.split("what the groups see.\n")[1].split("\n")[0]
    assert " on call · " in demo.shown


async def test_the_demo_says_why_the_daemon_ended() -> None:
    """A daemon that does not start is exit code 1, with its exit code and last lines."""
    demo = Playing("--no-page --lang en", broken)

    assert await demo.play() == 1
    assert "exit code 1" in demo.shown
    assert "--sink: no such scheme" in demo.shown
    assert "your own cluster" not in demo.shown


async def test_the_demo_can_be_stopped() -> None:
    """A stop ends the day at once and still sums up."""
    demo = Playing("--no-page --lang zh")
    demo.stop.set()

    assert await demo.play() == 1

    assert "没有消息到达" in demo.shown


async def test_a_page_that_nobody_opens_holds_nothing_up() -> None:
    """The page's address is said first of all, and the demo ends after its day."""
    demo = Playing("--seconds 1 --fast --seed 3 --lang en --page-port 0")

    assert await demo.play() == 0

    assert demo.shown.startswith("The group chat in your browser")
    assert "goes on" not in demo.shown


async def test_while_the_page_is_open_the_demo_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, goes on while the stream is read, and ends some time after the browser has gone."""
    monkeypatch.setattr(course, "PAGE_CLOSED_FOR", 0.6)
    demo = Playing("--seconds 1 --fast --seed 3 --lang en --page-port 0")
    playing = asyncio.create_task(demo.play())
    address = ADDRESS.search(await demo.says("try things out"))
    assert address is not None

    async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", f"{address[1]}/stream"):
        await demo.says("your browser has the page open")
        await asyncio.sleep(1.2)
        assert not playing.done()

    assert await asyncio.wait_for(playing, 20) == 0
    assert "The page has been closed for 0.6 s" in demo.shown


async def test_with_stay_only_a_stop_ends_it() -> None:
    """--stay goes on without a browser; without a day nothing happens by itself."""
    demo = Playing("--stay --seconds 0 --lang en --page-port 0")
    playing = asyncio.create_task(demo.play())

    await demo.says("The demo goes on (--stay)")
    demo.stop.set()

    assert await asyncio.wait_for(playing, 20) == 1
    assert "0 events" in demo.shown


async def test_the_page_takes_another_port_where_its_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asked for the default port: the demo says that it is taken, and goes on with a free one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr("kube_wecom_eventer.demo.options.PAGE_PORT", port)
        demo = Playing("--seconds 1 --fast --seed 3 --lang en")

        assert await demo.play() == 0

        assert f"Port {port} is taken" in demo.shown
        address = ADDRESS.search(demo.shown)
        assert address is not None
        assert not address[1].endswith(f":{port}")


async def test_a_port_that_was_asked_for_and_is_taken_is_refused() -> None:
    """The refusal names the flag, the port and what to write instead; nothing was started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = Playing(f"--page-port {port} --lang en")

        with pytest.raises(PageRefused, match=rf"--page-port={port} .*write another one, or 0 for a free one"):
            await demo.play()

    assert "Starting" not in demo.shown
