"""The demo with that quick daemon, and repeats held back for less long: a script, started as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from kube_wecom_eventer.demo.command import run
from kube_wecom_eventer.demo.daemon import command_line
from kube_wecom_eventer.demo.robots import REPEAT_INTERVAL, Robot

QUICK_REPEAT_INTERVAL = 11  # seconds; just longer than the crash loop


def quick_command(*, api_url: str, wecom_url: str, robots: Sequence[Robot]) -> list[str]:
    """The command line of the quick daemon."""
    line = command_line(api_url=api_url, wecom_url=wecom_url, robots=robots)
    interval = f"repeat_interval={REPEAT_INTERVAL}s"
    quick = [each.replace(interval, f"repeat_interval={QUICK_REPEAT_INTERVAL}s") for each in line[3:]]
    return [sys.executable, str(Path(__file__).with_name("quick_daemon.py")), *quick]


async def main() -> int:
    """Play until our standard input ends: whoever started us ends it, in whatever way he himself ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    orphaned = asyncio.create_task(reader.read())
    playing = asyncio.create_task(run(sys.argv[1:], command=quick_command))
    await asyncio.wait({orphaned, playing}, return_when=asyncio.FIRST_COMPLETED)
    if not playing.done():
        playing.cancel()
        await asyncio.wait({playing})
        return 0
    return playing.result()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
