"""Playing the demo to its end with a stand-in for the daemon."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kube_wecom_eventer.demo.course import Command, Demo
from kube_wecom_eventer.demo.options import parse
from kube_wecom_eventer.demo.robots import Robot
from kube_wecom_eventer.demo.screen import Screen
from kube_wecom_eventer.demo.terminal import Terminal

STAND_IN = Path(__file__).with_name("stand_in_daemon.py")


def stand_in(*, api_url: str, wecom_url: str, robots: Sequence[Robot]) -> list[str]:
    """The command line of the stand-in."""
    return [sys.executable, str(STAND_IN), api_url, f"{wecom_url}/cgi-bin/webhook/send?key={robots[0].key}"]


async def until(condition: Callable[[], bool], *, timeout: float = 10.0) -> None:
    """Wait until the condition holds; TimeoutError where it does not within so many seconds."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 (it is asked of the outside)
            await asyncio.sleep(0.02)


class Playing:
    """One demo, and what it shows on its terminal."""

    def __init__(self, arguments: str, command: Command = stand_in) -> None:
        self._out = io.StringIO()
        options = parse(arguments.split(), {})
        screen = Screen(terminal=Terminal(out=self._out, environment={}), texts=options.texts)
        self._demo = Demo(options=options, screen=screen, command=command, clock=lambda: datetime.now(UTC))
        self.stop = asyncio.Event()

    async def play(self) -> int:
        """Play it to its end; the exit code."""
        return await self._demo.play(self.stop)

    @property
    def shown(self) -> str:
        """What stands on the terminal."""
        return self._out.getvalue()

    async def says(self, words: str, *, timeout: float = 20.0) -> str:
        """Wait until the terminal shows these words, and return all that it shows."""
        await until(lambda: words in self.shown, timeout=timeout)
        return self.shown
