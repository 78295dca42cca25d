"""A destination's key is looked for before there is a message that needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from random import Random

from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, OneByOne, Pace
from kube_wecom_eventer.sinks import Outcome, Verdict
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time

NO_KEY = Outcome(verdict=Verdict.BROKEN, reason="no_key", detail="Secret a/b: there is none", costs_nothing=True)


class Locked(ScriptedSink):
    """A sink whose key is there or not, as ``answers`` say; the last one holds on."""

    def __init__(self, answers: Iterable[Outcome | None]) -> None:
        super().__init__()
        self._answers = list(answers)
        self.looks: list[float] = []

    async def ready(self) -> Outcome | None:
        self.looks.append(asyncio.get_running_loop().time())
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def looking(sink: Locked) -> tuple[Dispatcher, Metrics]:
    metrics = Metrics()
    dispatcher = Dispatcher(destination="wecom-a/b", pending=OneByOne(), metrics=metrics, pace=Pace(), rng=Random(1))
    dispatcher.look_after(sink)
    return dispatcher, metrics


def broken(dispatcher: Dispatcher) -> bool:
    return dispatcher.broken


@virtual_time
async def test_a_missing_key_is_said_before_there_is_an_event() -> None:
    """Once, and so is its coming; nothing counts as an attempt at a message."""
    dispatcher, metrics = looking(sink := Locked([NO_KEY, NO_KEY, None]))
    with capture_logs() as logs:
        task = asyncio.create_task(dispatcher.run())
        await asyncio.sleep(1)
        assert dispatcher.trouble == NO_KEY.detail
        assert broken(dispatcher)
        await asyncio.sleep(100)
        assert dispatcher.trouble == ""
        assert not broken(dispatcher)
        task.cancel()
    assert [line["event"] for line in logs] == ["destination_broken", "destination_recovered"]
    assert "messages_failed_total{" not in metrics.exposition().decode()
    assert sink.sent == []


@virtual_time
async def test_a_key_that_is_there_is_looked_for_every_few_minutes() -> None:
    """So a Secret that somebody deletes is said, though its namespace is quiet."""
    dispatcher, _ = looking(sink := Locked([None, NO_KEY]))
    task = asyncio.create_task(dispatcher.run())
    await asyncio.sleep(299)
    assert len(sink.looks) == 1
    await asyncio.sleep(61)
    assert dispatcher.trouble == NO_KEY.detail
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Slow(Locked):
    """A sink that takes a while to say whether its key is there."""

    async def ready(self) -> Outcome | None:
        outcome = await super().ready()
        await asyncio.sleep(2)
        return outcome


@virtual_time
async def test_a_key_that_changes_its_place_during_a_look_is_looked_for_at_once() -> None:
    """What the look finds is of the old place; the new one must not wait for minutes."""
    dispatcher, _ = looking(Slow([None]))
    task = asyncio.create_task(dispatcher.run())
    await asyncio.sleep(1)
    dispatcher.look_after(edited := Locked([NO_KEY]))
    await asyncio.sleep(5)
    assert len(edited.looks) == 1
    assert dispatcher.trouble == NO_KEY.detail
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
