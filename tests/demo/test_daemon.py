"""The daemon as a process of the demo's."""

from __future__ import annotations

import os
import sys

from kube_wecom_eventer.demo.daemon import run_daemon
from kube_wecom_eventer.demo.log_lines import LogLine


async def test_a_ctrl_c_on_the_terminal_is_the_demos_alone() -> None:
    """The daemon takes a second signal for hurry, so it is in a process group of its own and gets ours only."""
    script = "import os; print('group', os.getpgid(0), os.getpid())"

    async with run_daemon([sys.executable, "-c", script], on_line=lambda _: None) as daemon:
        await daemon.exited()

    ((_, group, process),) = [line.split() for line in daemon.last_lines]
    assert group == process != str(os.getpgid(0))


async def test_its_lines_are_told_and_the_last_ones_are_kept() -> None:
    """Each goes to whoever shows or awaits it; the end of all lines is there for a bad end."""
    script = 'print(\'{"event": "started", "level": "info"}\'); print(\'{"event": "odd", "level": "warning"}\')'
    read: list[LogLine] = []

    async with run_daemon([sys.executable, "-c", script], on_line=read.append) as daemon:
        assert await daemon.exited() == 0

    assert [(line.text, line.is_warning) for line in read] == [("started", False), ("odd", True)]
    assert daemon.last_lines == ["started", "odd"]


async def test_it_has_ended_when_the_demo_has() -> None:
    """A daemon that does not end by itself is killed."""
    async with run_daemon([sys.executable, "-c", "import time; time.sleep(60)"], on_line=lambda _: None) as daemon:
        pass

    assert await daemon.exited() == -9
