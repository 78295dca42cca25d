"""The daemon stays cheap: its CPU for an event against a loop that only reads the same stream, in the same minute.

A ratio does not depend on the machine. Noise only adds to either, so the best of a few pairs counts: a real slow-down
shows in all of them.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.reading import bare, daemon
from benchmarks.setting import Place, expected

EVENTS = 20_000
PAIRS = 3
MOST = 1.4
"""Times the CPU of a bare loop on httpx. The daemon needs 0.9 times that, with ten routes and all messages."""

DAEMON = (sys.executable, "-m", "kube_wecom_eventer")
PLANTED = """
import sys, time
from kube_wecom_eventer.cli import main
from kube_wecom_eventer.routing import RouteTable

ways_of = RouteTable.ways_of

def slow(table, event):
    until = time.perf_counter_ns() + 30_000
    while time.perf_counter_ns() < until:
        pass
    return ways_of(table, event)

RouteTable.ways_of = slow
sys.exit(main())
"""

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


async def best_ratio(program: Sequence[str], folder: Path, *, pairs: int) -> float:
    """Return the lowest ratio of some pairs; no more are measured once it is low enough."""
    place, to_tell = Place(program=program, folder=folder), expected(EVENTS)
    lowest = float("inf")
    for _ in range(pairs):
        reading, telling = await bare(place, EVENTS), await daemon(place, EVENTS, told=to_tell)
        lowest = min(lowest, telling.cpu / reading.cpu)
        sys.stdout.write(f"{telling.cpu * 1e6:.1f} µs, {telling.cpu / reading.cpu:.2f} times the bare loop's\n")
        if lowest <= MOST:
            break
    return lowest


async def test_an_event_costs_no_more_than_it_did(tmp_path: Path) -> None:
    """From the watch line to the accepted message, over TLS, with ten routes."""
    assert await best_ratio(DAEMON, tmp_path, pairs=PAIRS) <= MOST


async def test_a_slow_down_shows(tmp_path: Path) -> None:
    """30 µs more for each event are found."""
    assert await best_ratio((sys.executable, "-c", PLANTED), tmp_path, pairs=1) > MOST
