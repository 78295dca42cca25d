"""The daemon as a process of the demo's."""

from __future__ import annotations

import os
import sys

from kube_wecom_eventer.demo.daemon import run_daemon
from kube_wecom_eventer.demo.log_lines import LogLine


async def test_a_ctrl_c_on_the_terminal_is_the_demos_alone() -> None:
    """The daemon takes a second signal for hurry, so it is in a process group of its own and gets ours only."""
    script = "import os; print('group', os.getpgid(0), os.getpid())"

    async with run_daemon([sys.executable, "-c", script], on_warning=lambda _: None) as daemon:
        await daemon.exited()

    ((_, group, process),) = [line.split() for line in daemon.last_lines]
    assert group == process != str(os.getpgid(0))


async def test_its_warnings_are_told_and_its_last_lines_are_kept() -> None:
    """Lines at warning and above go to whoever shows them; the end of all lines is there for a bad end."""
    script = 'print(\'{"event": "started", "level": "info"}\'); print(\'{"event": "odd", "level": "warning"}\')'
    warned: list[LogLine] = []

    async with run_daemon([sys.executable, "-c", script], on_warning=warned.append) as daemon:
        assert await daemon.exited() == 0

    assert [line.text for line in warned] == ["odd"]
    assert daemon.last_lines == ["started", "odd"]


async def test_it_has_ended_when_the_demo_has() -> None:
    """A daemon that does not end by itself is killed."""
    async with run_daemon([sys.executable, "-c", "import time; time.sleep(60)"], on_warning=lambda _: None) as daemon:
        pass

    assert await daemon.exited() == -9
