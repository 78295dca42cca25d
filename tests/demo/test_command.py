"""The command ``demo``, with a stand-in for the daemon."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from kube_wecom_eventer.demo.command import ROBOTS, Demo, parse
from kube_wecom_eventer.demo.daemon import Robot, command_line, read_log_line
from kube_wecom_eventer.demo.screen import BUBBLE_INDENT, Screen
from kube_wecom_eventer.demo.terminal import Terminal

STAND_IN = Path(__file__).with_name("stand_in_daemon.py")


def stand_in(*, api_url: str, wecom_url: str, robots: Sequence[Robot]) -> list[str]:
    """The command line of the stand-in."""
    return [sys.executable, str(STAND_IN), api_url, f"{wecom_url}/cgi-bin/webhook/send?key={robots[0].key}"]


def broken(**_: object) -> list[str]:
    """A daemon that refuses to start."""
    return [sys.executable, "-c", "import sys; sys.exit('--sink: no such scheme')"]


async def play(arguments: str, command: Callable[..., list[str]]) -> tuple[int, str]:
    """Play the demo to its end; the exit code and what was shown."""
    out = io.StringIO()
    options = parse(arguments.split(), {})
    screen = Screen(terminal=Terminal(out=out, environment={}), texts=options.texts)
    demo = Demo(options=options, screen=screen, command=command, clock=lambda: datetime.now(UTC))
    code = await demo.play(asyncio.Event())
    return code, out.getvalue()


async def test_the_demo_shows_events_messages_and_a_summary() -> None:
    """A short demo ends by itself with 0: messages with their delay, the refusals of a burst, a summary."""
    code, shown = await play("--seconds 1.5 --fast --burst 25 --seed 3 --lang en", stand_in)

    assert code == 0, shown
    assert re.search(r"╭─ Payments on call · [\d:]{8} · \d+ ms ─+╮", shown)
    assert "@zhangsan" in shown
    assert "daemon: " in shown
    unwrapped = shown.replace("\n" + " " * BUBBLE_INDENT, "")
    assert "errcode 45009: over 20 messages a minute" in unwrapped  # the stand-in keeps no pace
    assert re.search(r"\d+ events, \d+ of them selected .* 20 messages, \d+ refused; median delay", shown)
    assert "\x1b" not in shown


async def test_the_demo_says_why_the_daemon_ended() -> None:
    """A daemon that does not start is exit code 1, with its exit code and last lines."""
    code, shown = await play("--lang en", broken)

    assert code == 1
    assert "exit code 1" in shown
    assert "--sink: no such scheme" in shown


async def test_the_demo_can_be_stopped() -> None:
    """A stop ends the day at once and still sums up."""
    out = io.StringIO()
    options = parse(["--lang", "zh"], {})
    screen = Screen(terminal=Terminal(out=out, environment={}), texts=options.texts)
    demo = Demo(options=options, screen=screen, command=stand_in, clock=lambda: datetime.now(UTC))
    stop = asyncio.Event()
    stop.set()

    assert await demo.play(stop) == 1

    assert "没有消息到达" in out.getvalue()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '{"left": 6, "event": "left_at_stop", "level": "error", "timestamp": "x"}',
            (True, "left_at_stop left=6"),
        ),
        ('{"event": "watching", "level": "info"}', (False, "watching")),
        ("2026-03-08 [warning  ] no checkpoint", (True, "2026-03-08 [warning  ] no checkpoint")),
        ("{not json", (False, "{not json")),
    ],
)
def test_the_daemons_log_is_read_for_a_person(line: str, expected: tuple[bool, str]) -> None:
    """Warnings are found by level or word, and JSON becomes a sentence."""
    assert read_log_line(line) == expected


def test_the_language_comes_from_the_locale() -> None:
    """LANG decides, LC_ALL before it, --lang before both."""
    chinese = {"LANG": "zh_CN.UTF-8"}

    assert parse([], chinese).texts.daemon == "守护进程"
    assert parse([], {**chinese, "LC_ALL": "C"}).texts.daemon == "daemon"
    assert parse(["--lang", "en"], chinese).texts.daemon == "daemon"


def test_the_daemon_is_started_as_users_start_kube_eventer() -> None:
    """The command line holds the source, a sink for each robot, and a free port."""
    line = command_line(api_url="http://127.0.0.1:1", wecom_url="http://127.0.0.1:2", robots=ROBOTS)

    assert line[:3] == [sys.executable, "-m", "kube_wecom_eventer"]
    assert "--source=kubernetes:http://127.0.0.1:1?inClusterConfig=false" in line
    assert "--healthz-port=0" in line
    sink = next(part for part in line if part.startswith("--sink=")).removeprefix("--sink=webhook:")
    assert urlsplit(sink).path == "/cgi-bin/webhook/send"
    assert parse_qs(urlsplit(sink).query) == {
        "key": ["demo-payments-robot"],
        "level": ["Warning"],
        "reason": ["BackOff,Failed,Unhealthy,OOMKilling,Evicted"],
        "namespaces": ["payments,shop"],
        "header": ["Content-Type=application/json"],
        "custom_body_configmap": ["custom-webhook-body0"],
        "custom_body_configmap_namespace": ["default"],
        "method": ["POST"],
    }


@pytest.mark.parametrize(
    ("level", "namespace", "reason", "selected"),
    [
        ("Warning", "payments", "BackOff", True),
        ("Warning", "payments", "FailedScheduling", True),
        ("Normal", "payments", "BackOff", False),
        ("Warning", "search", "BackOff", False),
        ("Warning", "payments", "Pulled", False),
    ],
)
def test_the_demo_knows_what_its_filters_select(level: str, namespace: str, reason: str, selected: bool) -> None:
    """The summary counts what the sink's filters take."""
    assert ROBOTS[0].selects({"type": level, "reason": reason}, namespace) is selected
