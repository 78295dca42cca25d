from __future__ import annotations

import asyncio
import itertools

import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.checkpointing import INTERVAL, Checkpointing, Snapshot
from kube_wecom_eventer.errors import CheckpointError, NewerWriter
from kube_wecom_eventer.kube.checkpoint import Checkpoint, encode
from kube_wecom_eventer.metrics import Metrics
from tests.support.virtual_time import virtual_time

GOOD = encode(Checkpoint(format=1, writer="w", written_at=1.0, clean=True, streams={}), {})


class Store:
    """A store whose failures a test plans."""

    described = "a test"

    def __init__(self, *failures: CheckpointError | None, holds: bytes | None = None) -> None:
        self._failures = list(failures)
        self.holds = holds
        self.aside: list[bytes] = []
        self.writes: list[tuple[float, bytes]] = []

    async def read(self) -> bytes | None:
        self._fail()
        return self.holds

    async def write(self, data: bytes) -> None:
        self._fail()
        self.writes.append((asyncio.get_running_loop().time(), data))

    async def keep_aside(self, data: bytes) -> str:
        self._fail()
        self.aside.append(data)
        return "beside it"

    def mend(self) -> None:
        self._failures.clear()

    def _fail(self) -> None:
        if self._failures and (failure := self._failures.pop(0)):
            raise failure


class Keeping:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.failed = self.written = self.taken = self.seen = 0
        self.metrics = Metrics()
        self.readable = True
        self.for_good = False
        self.checkpointing = Checkpointing(store=store, metrics=self.metrics, failed=self._fail, readable=self._answers)

    async def _answers(self) -> bool:
        return self.readable

    def take(self) -> Snapshot:
        self.taken += 1
        return Snapshot(str(self.taken).encode(), mark=(self.seen, 0), written=self._write)

    def _fail(self, for_good: bool) -> None:
        self.failed += 1
        self.for_good = for_good

    def _write(self) -> None:
        self.written += 1


@virtual_time
async def test_changes_are_written_at_once_and_then_once_a_second() -> None:
    """Many settled messages are one write."""
    it = Keeping(Store())
    running = asyncio.create_task(it.checkpointing.run(it.take))
    started = asyncio.get_running_loop().time()
    for _ in range(50):
        it.checkpointing.changed()
        await asyncio.sleep(0.05)
    await asyncio.sleep(10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    times = [at - started for at, _ in it.store.writes]
    assert times == pytest.approx([0.0, INTERVAL, 2 * INTERVAL, 3 * INTERVAL])
    assert it.written == 4


@virtual_time
async def test_what_waits_is_noted_now_and_then_though_nothing_is_settled() -> None:
    """A destination may be broken for long; a quiet daemon writes nothing."""
    it = Keeping(Store())
    running = asyncio.create_task(it.checkpointing.run(it.take))
    await asyncio.sleep(100)
    assert len(it.store.writes) == 1
    it.seen = 7
    await asyncio.sleep(100)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(it.store.writes) == 2


@virtual_time
async def test_a_failed_write_is_said_once_and_tried_again() -> None:
    """With what is so then; and it is said when it works again."""
    down = CheckpointError("the ConfigMap can't be written: 500")
    it = Keeping(Store(down, down, down))
    running = asyncio.create_task(it.checkpointing.run(it.take))
    it.checkpointing.changed()
    with capture_logs() as logs:
        await asyncio.sleep(60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [data for _, data in it.store.writes] == [b"4"]
    assert (it.failed, it.for_good, it.written) == (3, False, 1)
    assert [line["event"] for line in logs] == ["checkpoint_unwritable", "checkpoint_written_again"]


@virtual_time
async def test_after_an_outage_it_is_written_soon() -> None:
    """What is told meanwhile is told twice if this process dies."""
    it = Keeping(Store(*[CheckpointError("connection refused")] * 20))
    running = asyncio.create_task(it.checkpointing.run(it.take))
    it.checkpointing.changed()
    await asyncio.sleep(30)
    failures = it.failed
    it.store.mend()
    await asyncio.sleep(3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert failures >= 10
    assert it.written == 1


@virtual_time
async def test_another_writer_ends_it() -> None:
    """What that means is decided elsewhere."""
    it = Keeping(Store(NewerWriter("it has been written since", writer="pod-2")))
    it.checkpointing.changed()
    with pytest.raises(NewerWriter):
        await it.checkpointing.run(it.take)


@virtual_time
async def test_a_missing_right_is_said_with_the_rule_and_not_waited_for_long() -> None:
    """kube-eventer's own RBAC is read-only, and it must be enough to run."""
    it = Keeping(Store(*[CheckpointError("forbidden", hint="{verbs: [get]}")] * 100, holds=GOOD))
    started = asyncio.get_running_loop().time()
    with capture_logs() as logs:
        assert await it.checkpointing.load() is None
    assert 3 <= asyncio.get_running_loop().time() - started <= 4
    assert [line["event"] for line in logs] == ["checkpoint_unreadable", "checkpoint_not_used"]
    assert logs[0]["missing_rule"] == "{verbs: [get]}"
    assert it.for_good
    assert not it.checkpointing.kept
    assert await it.checkpointing.write(it.take())
    assert it.store.writes == []


@virtual_time
@pytest.mark.parametrize("failures", [0, 1, 5])
async def test_an_api_server_that_starts_refuses_everything_for_a_moment(failures: int) -> None:
    """It does not know its roles yet: a daemon that starts together with it goes on from its checkpoint."""
    refused = CheckpointError("forbidden", hint="{verbs: [get]}")
    down = CheckpointError("connection refused")
    it = Keeping(Store(*[down] * failures, refused, refused, holds=GOOD))
    assert await it.checkpointing.load() is not None
    assert it.checkpointing.kept
    assert it.failed == 0


@virtual_time
async def test_a_passing_failure_to_read_is_waited_for_and_a_lasting_one_not_for_ever() -> None:
    """Events wait in the API server meanwhile."""
    down = CheckpointError("500")
    it = Keeping(Store(down, down, holds=GOOD))
    read = await it.checkpointing.load()
    assert read is not None
    assert read.writer == "w"
    started = asyncio.get_running_loop().time()
    for_ever = Keeping(Store(*[down] * 100, holds=GOOD))
    assert await for_ever.checkpointing.load() is None
    assert 40 < asyncio.get_running_loop().time() - started < 90
    assert not for_ever.checkpointing.kept


@virtual_time
async def test_while_no_events_can_be_read_either_nothing_is_given_up() -> None:
    """A restart during an outage of the API server would begin from now, and lose what came before."""
    it = Keeping(Store(*[CheckpointError("unreachable")] * 100, holds=GOOD))
    it.readable = False
    assert await it.checkpointing.load() is not None


@virtual_time
async def test_one_good_answer_in_an_outage_is_no_reason_to_give_up() -> None:
    """An API server that fails nearly each request is down, too."""
    it = Keeping(Store(*[CheckpointError("unreachable")] * 100, holds=GOOD))
    answers = itertools.cycle([True, True, False])

    async def readable() -> bool:
        return next(answers)

    it.checkpointing = Checkpointing(
        store=it.store, metrics=it.metrics, failed=lambda _for_good: None, readable=readable
    )
    assert await it.checkpointing.load() is not None


@virtual_time
async def test_a_broken_one_is_kept_aside_before_it_is_written_over() -> None:
    """Somebody may want to know what was in it."""
    it = Keeping(Store(holds=b"{"))
    with capture_logs() as logs:
        assert await it.checkpointing.load() is None
    assert it.store.aside == [b"{"]
    assert logs[0]["kept_in"] == "beside it"
    assert it.checkpointing.kept


@virtual_time
async def test_one_that_can_not_be_kept_aside_is_left_alone() -> None:
    """It is not written over."""
    it = Keeping(Store(None, CheckpointError("no room"), holds=b"{"))
    assert await it.checkpointing.load() is None
    assert not it.checkpointing.kept


@virtual_time
async def test_where_the_right_is_missing_the_api_server_is_not_asked_every_few_seconds() -> None:
    """kube-eventer's own RBAC is read-only, for ever."""
    forbidden = CheckpointError("forbidden", hint="{verbs: [update]}")
    it = Keeping(Store(*[forbidden] * 1000))
    running = asyncio.create_task(it.checkpointing.run(it.take))
    it.checkpointing.changed()
    await asyncio.sleep(3600)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert 55 < it.taken < 80
