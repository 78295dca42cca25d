"""The daemon while WeCom, or what stands before it, fails. Waits of minutes: tests/notify/test_against_wecom.py."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest

from kube_wecom_eventer.demo.faults import Action, Answer, Hang, Reset
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import CAPTIVE_PORTAL, ErrCode, WeComGroup
from tests.daemon.conftest import KEY, Demo
from tests.support.daemon import PATIENCE

OTHER_KEY = "11111111-7aoc-4bc4-97a0-0ec2sifa5aaa"
THIRD_KEY = "22222222-7aoc-4bc4-97a0-0ec2sifa5aaa"
TEMPLATE = '{"msgtype":"text","text":{"content":"mine {{ .Reason }}"}}'

ECHO = f"<html><head><title>Moved</title></head><body>/cgi-bin/webhook/send?key={KEY}</body></html>".encode()
PASSING: dict[str, Action] = {
    "-1": ErrCode(errcode=-1),
    "45033": ErrCode(errcode=45033),
    "502": Answer(status=502, body=b"<html>Bad Gateway</html>", content_type="text/html"),
    "429": Answer(status=429, headers={"retry-after": "1"}),
    "captive portal": CAPTIVE_PORTAL,
    "page with the URL": Answer(status=404, body=ECHO, content_type="text/html"),
    "GBK": Answer(status=200, body='{"errcode":0,"errmsg":"请登录"}'.encode("gbk")),
    "redirect": Answer(status=302, headers={"location": f"http://portal.invalid/?key={KEY}"}),
    "reset": Reset(),
}
REFUSALS = {code: ErrCode(errcode=code, errmsg=f"no: {KEY}") for code in (40008, 40058, 44004, 45002, 99999)}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_passing_fault_delays_a_message_and_loses_none(demo: Demo, fault: Action) -> None:
    """Twice, then WeCom answers: each event once, in order; one warning in words, and one line when it is well."""
    demo.group.wecom.faults.plan(fault, times=1 if fault is PASSING["429"] else 2)
    async with demo.daemon("-v=1") as daemon:
        await demo.watched()
        demo.event("One")
        demo.event("Two")
        assert [await demo.told(), await demo.told()] == ["One", "Two"]
        await demo.nothing_else_is_told()
        assert await daemon.stop() == 0
    told = [line["event"] for line in daemon.logs if line["event"].startswith("destination_")]
    assert told == ["destination_retry", "destination_recovered"]
    assert KEY[:8] not in daemon.output


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=map(str, REFUSALS))
async def test_a_refused_layout_is_followed_by_the_built_in_body(demo: Demo, fault: ErrCode) -> None:
    """A code that nobody knows gets the same body once more first; the next event is told in the template's words."""
    demo.config_map("cm", TEMPLATE)
    demo.group.wecom.faults.plan(fault, times=2 if fault.errcode == 99999 else 1)
    async with demo.daemon(demo.group.sink("custom_body_configmap=cm")) as daemon:
        await demo.watched()
        demo.event("One")
        assert (await demo.group.message()).content.startswith("⚠️ One ")
        demo.event("Two")
        assert (await demo.group.message()).content == "mine Two"
        assert await daemon.metric("events_dropped_total", route="sink-1", reason="refused") == 0
    assert KEY not in daemon.output


async def test_an_event_that_wecom_refuses_in_every_form_is_dropped_counted_and_named(demo: Demo) -> None:
    """It does not block those behind it."""
    demo.group.wecom.faults.plan(ErrCode(errcode=40058), times=1)
    async with demo.daemon() as daemon:
        await demo.watched()
        demo.event("One")
        demo.event("Two")
        assert await demo.told() == "Two"
        line = await daemon.log("event_dropped", reason="refused", event_name="default/one", event_reason="One")
        assert line["level"] == "error"
        assert await daemon.metric("events_dropped_total", route="sink-1", reason="refused") == 1


async def test_silent_robots_delay_no_other(demo: Demo) -> None:
    """Two robots hang for their eight seconds, of which one has taken the message; a third is served at once."""
    wecom = demo.group.wecom
    wecom.add_robot(OTHER_KEY)
    wecom.add_robot(THIRD_KEY)
    wecom.faults.plan(Hang(), when=lambda request: request.query["key"] == OTHER_KEY)
    wecom.faults.plan(Hang(accepts=True), when=lambda request: request.query["key"] == THIRD_KEY)
    slow = [demo.group.sink("reason=^Slow", key=key) for key in (OTHER_KEY, THIRD_KEY)]
    async with demo.daemon(demo.group.sink("reason=^Fast"), *slow) as daemon:
        await demo.watched()
        demo.event("SlowOne")
        await wecom.wait_until(lambda: len(wecom.requests) == 2, timeout=PATIENCE)
        started, delays = time.monotonic(), []
        for number in range(5):
            begun = time.monotonic()
            demo.event(f"Fast{number}")
            await wecom.wait_until(lambda number=number: told_by(wecom, KEY) > number, timeout=PATIENCE)  # type: ignore[misc]
            delays.append(time.monotonic() - begun)
        assert sorted(delays)[2] < 0.5, delays
        assert time.monotonic() - started < 7, "the others had long given up: nothing was measured"
        await wecom.wait_until(lambda: told_by(wecom, OTHER_KEY) == 1 and told_by(wecom, THIRD_KEY) == 2, timeout=20)
        assert time.monotonic() - started > 7
        lines = [line for line in daemon.logs if line["event"] == "destination_retry"]
        assert [line["detail"] for line in lines] == ["no answer within 8 s"] * 2


def told_by(wecom: WeComGroup, key: str) -> int:
    """Return how many messages a robot has shown."""
    return sum(message.key == key for message in wecom.messages)


async def test_a_refused_connection(demo: Demo) -> None:
    """Nobody listens where the robot was; once somebody does, what waited arrives."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        sink = f"--sink=webhook:http://127.0.0.1:{port}/cgi-bin/webhook/send?key={KEY}"
        async with demo.daemon(sink, "-v=1") as daemon:
            await demo.watched()
            demo.event("One")
            line = await daemon.log("destination_retry")
            assert "ConnectError" in line["detail"]
            async with serve(demo.group.wecom, port=port):
                assert await demo.told() == "One"
                await daemon.log("destination_recovered")
                assert await daemon.stop() == 0
            assert KEY[:8] not in daemon.output


NAMES = """
import os, socket, time
asked = socket.getaddrinfo
def answer(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    if name.startswith("127."):
        return asked(host, *args, **kwargs)
    if not os.path.exists({known!r}):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return asked("127.0.0.1", *args, **kwargs)
socket.getaddrinfo = answer
"""
"""Imported by the daemon's interpreter at start: no name ever leaves loopback, and a test says when one is known."""


async def test_a_name_that_does_not_resolve(demo: Demo, tmp_path: Path) -> None:
    """What waits arrives once the name is known; the log names no key."""
    known = tmp_path / "known"
    (tmp_path / "sitecustomize.py").write_text(NAMES.format(known=str(known)))
    port = demo.group.url.rpartition(":")[2]
    sink = f"--sink=webhook:http://robot.invalid:{port}/cgi-bin/webhook/send?key={KEY}"
    async with demo.daemon(sink, "-v=1", environ={"PYTHONPATH": str(tmp_path)}) as daemon:
        await demo.watched()
        demo.event("One")
        line = await daemon.log("destination_retry")
        assert "Name or service not known" in line["detail"]
        known.touch()
        assert await demo.told() == "One"
        assert await daemon.stop() == 0
        assert KEY[:8] not in daemon.output


async def test_a_template_that_breaks_and_is_mended_while_messages_flow(demo: Demo) -> None:
    """One that doesn't parse leaves the last good one in place; one that fails on an event costs its layout."""
    demo.config_map("cm", TEMPLATE)
    async with demo.daemon(demo.group.sink("custom_body_configmap=cm")) as daemon:
        await demo.watched("events", "configmaps")
        demo.event("One")
        assert (await demo.group.message()).content == "mine One"
        demo.config_map("cm", "{{ if }")
        await daemon.log("template_unusable", used_instead="the last good template")
        demo.event("Two")
        assert (await demo.group.message()).content == "mine Two"
        failing = '{"msgtype":"text","text":{"content":"{{ index .Message 1000 }}"}}'
        demo.config_map("cm", failing)
        await daemon.log("template_loaded", length=len(failing))
        for reason in ("Three", "Four"):
            demo.event(reason)
            assert (await demo.group.message()).content.startswith(f"⚠️ {reason} ")
        mended = TEMPLATE.replace("mine", "mended")
        demo.config_map("cm", mended)
        await daemon.log("template_loaded", length=len(mended))
        demo.event("Five")
        assert (await demo.group.message()).content == "mended Five"
        assert [line["event"] for line in daemon.logs if line["level"] == "warning"] == [
            "template_unusable",
            "template_doubtful",  # it fails on sample events, too
            "template_failed",
        ]


async def test_no_key_is_shown_anywhere_through_all_faults(demo: Demo) -> None:
    """At the lowest log level: neither the log, nor /readyz, nor /metrics holds a key or a part of one."""
    wecom = demo.group.wecom
    keys = [KEY, OTHER_KEY, THIRD_KEY]
    for key in keys:
        wecom.add_robot(key)
    demo.config_map("cm", TEMPLATE)
    sinks = [
        demo.group.sink(f"reason=^R{number}x&custom_body_configmap=cm&header=X-Token=secret-header", key=key)
        for number, key in enumerate(keys)
    ]
    faults: list[Action] = [*PASSING.values(), *REFUSALS.values()]
    shown: list[str] = []
    async with demo.daemon(*sinks, "-v=1") as daemon, await daemon.ready() as http:
        await demo.watched("events", "configmaps")
        for number, fault in enumerate(faults):
            wecom.faults.plan(echoing(fault, keys[number % 3]), times=2 if fault is REFUSALS[99999] else 1)
            demo.event(f"R{number % 3}xFault{number}")
            await demo.group.message()
            shown += [(await http.get(path)).text for path in ("/readyz", "/metrics")]
        for key in keys:
            wecom.remove_robot(key)
        for number in range(3):
            demo.event(f"R{number}xRemoved")
        for destination in {line["destination"] for line in daemon.logs if line["event"] == "route"}:
            await daemon.log("destination_broken", destination=destination)
        readyz = (await http.get("/readyz")).json()
        assert len(readyz["destinations_in_trouble"]) == 3
        shown += [json.dumps(readyz), (await http.get("/metrics")).text]
        await daemon.kill()
    assert len(daemon.logs) > 40
    for text in (daemon.output, *shown):
        for secret in (*keys, *(part for key in keys for part in (key[:8], key[-12:])), "secret-header"):
            assert secret not in text


def echoing(fault: Action, key: str) -> Action:
    """Let a fault that shows a key show this one."""
    if isinstance(fault, ErrCode):
        return ErrCode(errcode=fault.errcode, errmsg=f"hint: [1] {'x' * 150} key={key}")
    if isinstance(fault, Answer):
        return Answer(
            status=fault.status,
            body=fault.body.replace(KEY.encode(), key.encode()),
            content_type=fault.content_type,
            headers=fault.headers,
        )
    return fault
