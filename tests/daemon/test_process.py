"""The daemon as a process: signals at every moment, a log that nobody reads, and nothing printed but log lines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from kube_wecom_eventer.demo.asgi import Exchange
from kube_wecom_eventer.demo.faults import Action, Answer, Hang, Reset
from kube_wecom_eventer.demo.wecom import ErrCode
from tests.daemon.conftest import KEY, Demo, lists_of, until, watches_of
from tests.support.daemon import DaemonProcess, running_daemon

SIGNALS = [signal.SIGTERM, signal.SIGINT]
NOBODY = "http://127.0.0.1:1"
"""An address where nobody listens: port 1 is below those that a system gives away."""
SHORT_GRACE = (
    sys.executable,
    "-c",
    "import sys; from kube_wecom_eventer import cli, pipeline; pipeline.GRACE = 1.5; sys.exit(cli.main())",
)


async def ends_well(daemon: DaemonProcess, number: signal.Signals, *, within: float = 5.0) -> None:
    """Send the signal; the daemon must end with 0, soon, and say so last."""
    started = time.monotonic()
    daemon.signal(number)
    assert await daemon.ended() == 0, daemon.output
    assert time.monotonic() - started < within
    assert daemon.logs[-1]["event"] == "daemon_stopped"
    assert only_log_lines(daemon)


def only_log_lines(daemon: DaemonProcess) -> bool:
    """Check that each line that was printed is a log line: JSON with event, level and timestamp."""
    lines = [json.loads(line) for line in daemon.output.splitlines()]
    for line in lines:
        assert isinstance(line["event"], str)
        assert line["level"] in ("debug", "info", "warning", "error", "critical")
        assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None
    return bool(lines)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_at_idle(demo: Demo, number: signal.Signals) -> None:
    """As the kubelet and a person at the terminal send it."""
    async with demo.daemon() as daemon:
        await demo.watched()
        await ends_well(daemon, number)


async def test_sigterm_before_the_api_server_answers_at_all() -> None:
    """Nobody listens there; the daemon has nothing to lose and leaves at once."""
    sink = f"--sink=webhook:{NOBODY}/cgi-bin/webhook/send?key={KEY}"
    async with running_daemon(f"--source=kubernetes:{NOBODY}?inClusterConfig=false", sink) as daemon:
        await daemon.log("event_stream_interrupted")
        await ends_well(daemon, signal.SIGTERM)


@pytest.mark.parametrize("resource", ["events", "configmaps"])
async def test_sigterm_during_the_first_list(demo: Demo, resource: str) -> None:
    """The list hangs; nobody waits for its timeout."""
    hang = _Seen(Hang())
    demo.config_map("cm", "x")
    demo.api.faults.plan(hang, when=lists_of(resource))
    async with demo.daemon(demo.group.sink("custom_body_configmap=cm")) as daemon:
        await until(lambda: hang.seen)
        await daemon.log("daemon_started")
        await ends_well(daemon, signal.SIGTERM)


class _Seen(Action):
    """Another action, and whether it has begun."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.accepts = action.accepts
        self.seen = False

    async def play(self, exchange: Exchange) -> None:
        self.seen = True
        await self._action.play(exchange)


class _Slow(Action):
    """Accept, and answer so when the test says."""

    accepts = True

    def __init__(self) -> None:
        self.now = asyncio.Event()

    async def play(self, exchange: Exchange) -> None:
        await self.now.wait()
        await exchange.respond(200, b'{"errcode":0,"errmsg":"ok"}')


async def test_sigterm_while_a_message_is_on_its_way(demo: Demo) -> None:
    """Its answer is waited for, and what stands behind it is sent, too; each event once."""
    slow = _Slow()
    demo.group.wecom.faults.plan(slow)
    async with demo.daemon() as daemon:
        await demo.watched()
        demo.event("One")
        demo.event("Two")
        assert await demo.told() == "One"
        await until(lambda: demo.api.open_watches("events") == 1)
        daemon.signal(signal.SIGTERM)
        await daemon.log("daemon_stopping", waiting=2)
        slow.now.set()
        assert await daemon.ended() == 0
        assert await demo.told() == "Two"
        assert len(demo.group.wecom.requests) == 2
        assert only_log_lines(daemon)


async def test_sigterm_while_more_waits_than_can_be_sent(demo: Demo) -> None:
    """It ends with 0 when the grace is over, and names how much is left."""
    demo.group.wecom.faults.plan(ErrCode(errcode=45009), times=100)
    async with demo.daemon(program=SHORT_GRACE) as daemon:
        await demo.watched()
        for number in range(25):
            demo.event(f"R{number}")
        await daemon.log("destination_too_fast")
        await until(lambda: demo.api.open_watches("events") > 0)
        await ends_well(daemon, signal.SIGTERM)
        assert (await daemon.log("events_left_at_stop"))["left"] == 25


async def test_a_second_sigterm_ends_it_at_once(demo: Demo) -> None:
    """While the first one still waits for a robot that hangs."""
    demo.group.wecom.faults.plan(Hang(), times=10)
    async with demo.daemon() as daemon:
        await demo.watched()
        demo.event("One")
        await demo.group.wecom.wait_until(lambda: len(demo.group.wecom.requests) == 1)
        daemon.signal(signal.SIGTERM)
        await daemon.log("daemon_stopping")
        started = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended() == 128 + signal.SIGTERM
        assert time.monotonic() - started < 3
        assert only_log_lines(daemon)


async def test_sigkill_and_a_new_start(demo: Demo) -> None:
    """The next process listens on the same API server and tells what happens from then on."""
    async with demo.daemon() as daemon:
        await demo.watched()
        await daemon.kill()
        assert await daemon.ended() == -signal.SIGKILL
    await until(lambda: demo.api.open_watches("events") == 0)
    async with demo.daemon() as daemon:
        await demo.watched()
        demo.event("One")
        assert await demo.told() == "One"


@pytest.mark.parametrize("how", ["closed", "nobody reads", "disk full"])
async def test_events_are_told_although_the_log_can_not_be_written(demo: Demo, how: str) -> None:
    """The log's reader may be gone, or its disk full: that costs lines of the log, not events."""
    shell = {
        "closed": 'exec "$@" >&- 2>&-',
        "nobody reads": 'exec "$@" >"$FIFO" 2>&1',
        "disk full": 'exec "$@" >/dev/full 2>&1',
    }
    with _pipe_without_a_reader() as fifo:
        program = ["env", f"FIFO={fifo}", "sh", "-c", shell[how], "sh", sys.executable, "-m", "kube_wecom_eventer"]
        async with demo.daemon(program=program) as daemon:
            await demo.watched()
            demo.event("One")
            assert await demo.told() == "One"
            demo.api.faults.plan(Answer(status=500), when=watches_of("events"))
            demo.api.close_watches()
            demo.event("Two")
            assert await demo.told() == "Two"
            # 120 is Python's own way to say that it could not flush stderr.
            assert await daemon.stop() in (0, 120)
            assert daemon.output == ""


@contextmanager
def _pipe_without_a_reader() -> Iterator[str]:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield f"/proc/{os.getpid()}/fd/{writing}"
    finally:
        os.close(writing)


async def test_strict_python_finds_nothing_to_complain_about(demo: Demo) -> None:
    """In development mode, with asyncio's debugging and warnings as errors, through faults of both sides."""
    strict = {"PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "error"}
    program = [SHORT_GRACE[0], "-X", "dev", *SHORT_GRACE[1:]]
    demo.config_map("cm", "{{ if }")
    async with demo.daemon(
        demo.group.sink("custom_body_configmap=cm"), "-v=1", environ=strict, program=program
    ) as daemon:
        await demo.watched("events", "configmaps")
        faults: list[Action] = [Reset(), Answer(status=502), ErrCode(errcode=-1), ErrCode(errcode=40058)]
        for number, fault in enumerate(faults[:3]):
            demo.group.wecom.faults.plan(fault)
            demo.api.faults.plan(Reset() if number else Answer(status=500), when=watches_of("events"))
            demo.api.close_watches() if number else demo.api.cut_watches()
            demo.event(f"R{number}")
            assert await demo.told() == f"R{number}"
            await demo.watched("events", "configmaps")
        demo.group.wecom.faults.plan(faults[3])
        demo.event("Refused")
        await daemon.log("event_dropped")
        async with await daemon.ready() as http:
            for path in ("/healthz", "/readyz", "/metrics", "/none"):
                assert (await http.get(path)).status_code in (200, 404)
        demo.group.wecom.faults.plan(Hang())
        demo.event("Hanging")
        await demo.group.wecom.wait_until(lambda: demo.group.wecom.requests[-1].errmsg == "Hang")
        await demo.watched("events", "configmaps")
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended() == 0
        assert only_log_lines(daemon), daemon.output
