"""The command ``demo``: reads its arguments, lets the demo play on this terminal, and ends it on a signal."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from kube_wecom_eventer.demo.course import Command, Demo, PageRefused
from kube_wecom_eventer.demo.daemon import command_line
from kube_wecom_eventer.demo.options import parse, parser
from kube_wecom_eventer.demo.screen import Screen
from kube_wecom_eventer.demo.terminal import Terminal

INTERRUPTED = 130  # exit status, as a shell has it for Ctrl-C

__all__ = ["parser", "run"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run(argv: Sequence[str], *, command: Command = command_line) -> int:
    """Play the demo until it ends or is told to; 0 if messages arrived, else 1 or 2, with the reason on the screen.

    ``command`` makes the daemon's command line.
    """
    options = parse(argv, os.environ)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese shows question marks, no traceback
    stop = asyncio.Event()
    screen = Screen(terminal=Terminal(out=sys.stdout, on_closed=stop.set), texts=options.texts)
    demo = Demo(options=options, screen=screen, command=command, clock=lambda: datetime.now(UTC))
    playing = asyncio.create_task(demo.play(stop))
    with _stopping(stop, playing, say=lambda: screen.say(options.texts.interrupted)) as hurried:
        try:
            return await playing
        except PageRefused as error:
            print(f"kube-wecom-eventer demo: {error}", file=sys.stderr)
            return 2
        except asyncio.CancelledError:
            if hurried.is_set():
                return INTERRUPTED
            raise
        finally:
            screen.close()


@contextmanager
def _stopping(stop: asyncio.Event, playing: asyncio.Task[int], *, say: Callable[[], None]) -> Iterator[asyncio.Event]:
    """Let a signal set ``stop``, and a second one end all at once: who can't wait sends it again."""
    loop = asyncio.get_running_loop()
    hurried = asyncio.Event()

    def stopping() -> None:
        if stop.is_set():
            hurried.set()
            playing.cancel()
        else:
            stop.set()
            say()

    for each in _SIGNALS:
        loop.add_signal_handler(each, stopping)
    try:
        yield hurried
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
