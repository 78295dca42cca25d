from __future__ import annotations

import asyncio
import os

from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import LogLines, Verdict


async def test_a_message_is_a_line() -> None:
    """Written at once, for a collector that follows."""
    reading, writing = os.pipe()
    outcome = await LogLines(fd=writing).send(Message(body=b'{"reason":"X"}', built_in=True))
    os.close(writing)
    assert outcome.verdict is Verdict.ACCEPTED
    with os.fdopen(reading, "rb") as written:
        assert written.read() == b'{"reason":"X"}\n'


async def test_a_reader_that_is_gone_is_a_broken_destination() -> None:
    """It is probed and said, like any other."""
    reading, writing = os.pipe()
    os.close(reading)
    outcome = await LogLines(fd=writing).send(Message(body=b"{}", built_in=True))
    os.close(writing)
    assert outcome.verdict is Verdict.BROKEN


async def test_a_reader_that_pauses_stops_nothing_else() -> None:
    """A full pipe holds its own route; everything arrives, whole, when it is read again."""
    reading, writing = os.pipe()
    body = b"x" * 200_000
    sending = asyncio.create_task(LogLines(fd=writing).send(Message(body=body, built_in=True)))
    await asyncio.sleep(0.05)
    assert not sending.done()
    written = b""
    while len(written) <= len(body):
        written += os.read(reading, 65_536)
    assert (await sending).verdict is Verdict.ACCEPTED
    assert written == body + b"\n"
    os.close(reading)
    os.close(writing)
