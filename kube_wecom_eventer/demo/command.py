"""The command ``demo``: reads its arguments, lets the demo play on this terminal, and ends it on a signal."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from kube_wecom_eventer.demo.course import Demo, PageRefused
from kube_wecom_eventer.demo.daemon import command_line
from kube_wecom_eventer.demo.options import parse
from kube_wecom_eventer.demo.screen import Screen
from kube_wecom_eventer.demo.terminal import Terminal

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run(argv: Sequence[str]) -> int:
    """Play the demo until it ends or is told to; 0 if messages arrived, else 1 or 2, with the reason on the screen."""
    options = parse(argv, os.environ)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese shows question marks, no traceback
    stop = asyncio.Event()
    screen = Screen(terminal=Terminal(out=sys.stdout, on_closed=stop.set), texts=options.texts)
    demo = Demo(options=options, screen=screen, command=command_line, clock=lambda: datetime.now(UTC))
    with _stopping(stop, screen, options.texts.interrupted):
        try:
            return await demo.play(stop)
        except PageRefused as error:
            print(f"kube-wecom-eventer demo: {error}", file=sys.stderr)
            return 2


@contextmanager
def _stopping(stop: asyncio.Event, screen: Screen, words: str) -> Iterator[None]:
    """Let a signal set ``stop``, once: who can't wait sends it again, which ends us at once."""
    loop = asyncio.get_running_loop()

    def stopping() -> None:
        screen.say(words)
        stop.set()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)

    for each in _SIGNALS:
        loop.add_signal_handler(each, stopping)
    try:
        yield
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
