"""What holds for each place where a checkpoint is kept: a ConfigMap of the demo's API server, of a real one, a file."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from kube_wecom_eventer.errors import NewerWriter
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore, ConfigMapStore, FileStore, NoStore
from tests.support.api_servers import demo_server, real_server
from tests.support.wire import Wire


def document(writer: str, **fields: object) -> bytes:
    return json.dumps({"writer": writer, **fields}).encode()


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place to keep a checkpoint, empty at first. ``asides``: what is kept aside there."""

    store: Callable[[str], CheckpointStore]
    delete: Callable[[], Awaitable[object]]
    asides: Callable[[], Awaitable[Sequence[str]]]


@contextlib.asynccontextmanager
async def file_place(folder: Path) -> AsyncIterator[Place]:
    path = folder / "checkpoint.json"

    def asides() -> Sequence[str]:
        return [each.read_text(errors="replace") for each in folder.glob("checkpoint.json.broken-*")]

    yield Place(
        store=lambda writer: FileStore(path=path, writer=writer),
        delete=lambda: asyncio.to_thread(path.unlink),
        asides=lambda: asyncio.to_thread(asides),
    )


@contextlib.asynccontextmanager
async def config_map_place(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Place]:
    demo = request.param == "demo"
    running = demo_server() if demo else real_server(request.getfixturevalue("real_cluster"), folder)
    async with running as server:
        path = f"{server.config_maps}/positions"

        async def asides() -> Sequence[str]:
            data = (await server.client.get(path)).json()["data"]
            return [text for key, text in data.items() if key.startswith("broken-")]

        yield Place(
            store=lambda writer: ConfigMapStore(
                client=Wire(server).api, namespace=server.namespace, name="positions", writer=writer
            ),
            delete=lambda: server.client.delete(path),
            asides=asides,
        )


@pytest.fixture(params=["file", "demo", pytest.param("cluster", marks=pytest.mark.cluster)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Each place where a checkpoint may be kept."""
    running = file_place(tmp_path) if request.param == "file" else config_map_place(request, tmp_path)
    async with running as found:
        yield found


async def test_what_is_written_is_read_by_the_next_process(place: Place) -> None:
    """From nothing, over some writes, to a process that takes over."""
    first = place.store("one")
    assert await first.read() is None
    for count in range(3):
        await first.write(document("one", count=count, text="中文\u2028"))
    second = place.store("two")
    assert await second.read() == document("one", count=2, text="中文\u2028")
    await second.write(document("two"))
    assert await place.store("three").read() == document("two")


async def test_who_was_overtaken_is_told_so_each_time_and_overwrites_nothing(place: Place) -> None:
    """It has to stop sending, whatever it tries."""
    first, second = place.store("one"), place.store("two")
    await first.write(document("one"))
    await second.read()
    await second.write(document("two"))
    for _ in range(2):
        with pytest.raises(NewerWriter, match=r"has been written since by 'two'$") as caught:
            await first.write(document("one", late=True))
        assert caught.value.writer == "two"
    assert await place.store("three").read() == document("two")
    await second.write(document("two", again=True))


async def test_a_first_write_takes_over_what_it_has_not_read(place: Place) -> None:
    """The predecessor's, whoever that was."""
    await place.store("one").write(document("one"))
    second = place.store("two")
    await second.write(document("two"))
    await second.write(document("two", count=2))
    assert await place.store("three").read() == document("two", count=2)


async def test_a_predecessor_that_still_writes_is_a_newer_writer(place: Place) -> None:
    """Between our read and our first write; what it has told there we don't know."""
    first, second = place.store("one"), place.store("two")
    await first.write(document("one"))
    await second.read()
    await first.write(document("one", count=2))
    with pytest.raises(NewerWriter):
        await second.write(document("two"))
    assert await second.read() == document("one", count=2)
    await second.write(document("two"))


async def test_a_checkpoint_that_somebody_deletes_is_written_again(place: Place) -> None:
    """Nobody else's is overwritten by that."""
    store = place.store("one")
    await store.write(document("one"))
    await place.delete()
    await store.write(document("one", count=2))
    assert await place.store("two").read() == document("one", count=2)


async def test_what_cannot_be_read_is_kept_aside_once(place: Place) -> None:
    """At most two; the checkpoint itself stays as it is, and can be written after."""
    store = place.store("one")
    await store.write(b"{half")
    assert await store.read() == b"{half"
    where = await store.keep_aside(b"{half")
    assert where == await store.keep_aside(b"{half")
    assert "broken-" in where
    assert await place.asides() == ["{half"]
    assert await store.read() == b"{half"
    await store.write(document("one"))
    for text in ("{another", "{third"):
        await store.keep_aside(text.encode())
        assert text in await place.asides()
    assert len(await place.asides()) == 2
    await store.write(document("one", count=2))
    assert len(await place.asides()) == 2


async def test_there_need_be_nothing_to_keep_something_aside(place: Place) -> None:
    """Somebody may have deleted it meanwhile."""
    store = place.store("one")
    assert await store.read() is None
    await store.keep_aside(b"\xff{half")
    assert len(await place.asides()) == 1
    assert await store.read() is None
    await store.write(document("one"))


async def test_of_racing_writers_none_overwrites_what_it_has_not_seen(place: Place) -> None:
    """Each counts on from what it read. Did a write ever go over another's unseen one, the count would lag behind."""
    written = 0

    async def race(writer: str, rng: Random) -> None:
        nonlocal written
        store = place.store(writer)
        count = await seen(store)
        for _ in range(50):
            await asyncio.sleep(0.003 if rng.random() < 0.2 else 0)
            try:
                await store.write(document(writer, count=count + 1))
            except NewerWriter:
                count = await seen(store)
            else:
                count += 1
                written += 1

    async def seen(store: CheckpointStore) -> int:
        return int(json.loads(await store.read() or b'{"count": 0}')["count"])

    await asyncio.gather(race("one", Random(1)), race("two", Random(2)))
    assert written > 1
    assert await seen(place.store("three")) == written


async def test_a_race_has_one_winner(place: Place) -> None:
    """Both begin at the same checkpoint; who hears of a newer writer stops, the other one never does."""
    await place.store("zero").write(document("zero"))
    stores = {writer: place.store(writer) for writer in ("one", "two")}
    overtaken = []

    async def race(writer: str) -> None:
        await stores[writer].read()
        for count in range(25):
            try:
                await stores[writer].write(document(writer, count=count))
            except NewerWriter:
                return overtaken.append(writer)
        return None

    await asyncio.gather(race("one"), race("two"))
    left = {"one", "two"} - set(overtaken)
    last = json.loads(await place.store("three").read() or b"")
    assert last["writer"] in left
    for writer in left - {last["writer"]}:  # it had ended before the other one began
        with pytest.raises(NewerWriter):
            await stores[writer].write(document(writer))


async def test_who_keeps_nothing_reads_nothing() -> None:
    """The daemon then starts from now on."""
    store: CheckpointStore = NoStore()
    await store.write(document("one"))
    assert await store.read() is None
    assert await store.keep_aside(b"{half") == "nowhere"
