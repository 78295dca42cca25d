"""What a restart loses (nothing that the API server still holds) and what it tells twice."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kube_wecom_eventer.demo.faults import Answer, Hang, path_contains
from kube_wecom_eventer.demo.wecom import ErrCode
from tests.daemon.conftest import KEY, Demo, Pipeline, until
from tests.daemon.test_namespace_routes import Tenant


async def test_what_happens_between_a_kill_and_a_start_is_told(pipeline: Pipeline) -> None:
    """kube-eventer starts from now, and tells none of it."""
    arguments = (pipeline.group.sink("level=Warning"), pipeline.checkpoint)
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        assert await pipeline.group.told() == "One"
        await pipeline.checkpoint_says(waiting=0)
        await daemon.kill()
    await pipeline.event("two", reason="Two")
    async with pipeline.daemon(*arguments) as daemon:
        assert await pipeline.group.told() == "Two"
        await pipeline.event("three", reason="Three")
        assert await pipeline.group.told() == "Three"
        assert await daemon.stop() == 0
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.log("checkpoint_read")
        await pipeline.event("four", reason="Four")
        assert await pipeline.group.told() == "Four"


async def test_what_waited_at_a_kill_is_told_by_the_next_process(pipeline: Pipeline) -> None:
    """Held back as a repeat, or behind a slow pace: it is still the API server's."""
    arguments = (pipeline.group.sink("level=Warning&repeat_interval=1h"), pipeline.checkpoint)
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        assert await pipeline.group.told() == "One"
        await pipeline.event("again", reason="One")
        await pipeline.event("two", reason="Two")
        assert await pipeline.group.told() == "Two"
        await pipeline.checkpoint_says(waiting=1)
        await daemon.kill()
    async with pipeline.daemon(*arguments) as daemon:
        assert await pipeline.group.told() == "One"
        await pipeline.checkpoint_says(waiting=0)
        assert await daemon.metric("events_dropped_total", route="sink-1", reason="expired") == 0


async def test_what_is_under_way_while_its_route_moves_survives_a_kill(pipeline: Pipeline) -> None:
    """The old destination hangs, and no route has it any more; what the route has there is not settled yet."""
    tenant, other = Tenant(pipeline), "0c2d6f3e-other"
    pipeline.group.wecom.add_robot(other)
    await tenant.secret(KEY, "old")
    await tenant.secret(other, "new")
    await tenant.route("key_secret=old")
    pipeline.group.wecom.faults.plan(Hang(), when=lambda request: request.query["key"] == KEY)
    arguments = (*tenant.arguments, pipeline.checkpoint)
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.ready()
        await pipeline.event("one", reason="One")
        await until(lambda: bool(pipeline.group.wecom.requests))
        await tenant.route("key_secret=new")
        await daemon.log("route_declared", destination=f"wecom-{tenant.namespace}/new")
        await pipeline.event("two", reason="Two")
        assert await pipeline.group.told() == "Two"
        told_at = time.time()
        await until_written(pipeline, lambda found: found["writtenAt"] > told_at)
        await pipeline.checkpoint_says(waiting=1, timeout=2)
        await daemon.kill()
    async with pipeline.daemon(*arguments):
        assert await pipeline.group.told() == "One"
        assert pipeline.group.wecom.messages[-1].key == other


async def written(pipeline: Pipeline) -> dict[str, Any]:
    """Return the checkpoint."""
    answer = await pipeline.server.client.get(f"{pipeline.server.config_maps}/position")
    found: dict[str, Any] = json.loads(answer.json()["data"]["checkpoint.json"])
    return found


async def until_written(pipeline: Pipeline, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until something holds of the checkpoint."""
    async with asyncio.timeout(20):
        while not holds(await written(pipeline)):  # noqa: ASYNC110 nobody tells when it is written
            await asyncio.sleep(0.02)


async def writer_of(pipeline: Pipeline) -> str:
    """Return who wrote the checkpoint."""
    return str((await written(pipeline))["writer"])


async def written_by_another(pipeline: Pipeline, before: str) -> None:
    """Wait until somebody else has taken the checkpoint over."""
    await until_written(pipeline, lambda found: found["writer"] != before)


async def test_two_daemons_with_one_checkpoint_do_not_both_send(pipeline: Pipeline) -> None:
    """As in a rollout that starts the new one first: the old one finds a newer writer, and stands by."""
    arguments = (pipeline.group.sink("level=Warning"), pipeline.checkpoint)
    async with pipeline.daemon(*arguments) as old:
        await old.ready()
        await pipeline.event("one", reason="One")
        assert await pipeline.group.told() == "One"
        await pipeline.checkpoint_says(waiting=0)
        before = await writer_of(pipeline)
        async with pipeline.daemon(*arguments) as new:
            await new.log("checkpoint_read")
            await written_by_another(pipeline, before)
            await pipeline.event("two", reason="Two")
            assert await pipeline.group.told() == "Two"
            line = await old.log("checkpoint_has_another_writer")
            assert "--leader-elect" in line["detail"]
            await pipeline.event("three", reason="Three")
            # The old one may have told "Two" as well: it had not yet found out.
            assert await pipeline.group.told() in ("Two", "Three")
            assert await old.stop() == 0
            assert await new.stop() == 0


async def test_a_leader_that_stops_hands_over(pipeline: Pipeline) -> None:
    """The standby watches the Lease: it takes over at once, and tells what came meanwhile."""
    arguments = (
        pipeline.group.sink("level=Warning"),
        pipeline.checkpoint,
        "--leader-elect",
        f"--leader-elect-resource-namespace={pipeline.server.namespace}",
    )
    async with pipeline.daemon(*arguments) as first:
        await first.log("leadership_acquired")
        await first.ready()
        async with pipeline.daemon(*arguments) as second:
            await second.log("leader_changed")
            await pipeline.event("one", reason="One")
            assert await pipeline.group.told() == "One"
            loop = asyncio.get_running_loop()
            assert await first.stop() == 0
            stopped = loop.time()
            await second.log("leadership_acquired")
            assert loop.time() - stopped < 1.0
            await pipeline.event("two", reason="Two")
            assert await pipeline.group.told() == "Two"
            assert not [line for line in second.logs if line["level"] in ("warning", "error")]


async def test_a_file_holds_the_position(demo: Demo, tmp_path: Path) -> None:
    """Outside a cluster, for one who wants it."""
    place = f"--checkpoint=file:{tmp_path / 'position.json'}"
    async with demo.daemon(place) as daemon:
        await demo.watched()
        demo.event("One")
        assert await demo.told() == "One"
        assert await daemon.stop() == 0
    written = json.loads((tmp_path / "position.json").read_text())
    assert written["clean"] is True
    assert "693a91f6" not in json.dumps(written), "a robot's key stands in it"
    demo.event("Two")
    async with demo.daemon(place) as daemon:
        assert await demo.told() == "Two"


async def test_the_pace_holds_across_kills(demo: Demo, tmp_path: Path) -> None:
    """The minute's messages travel in the checkpoint; the demo's group answers 45009 to one too many."""
    place = f"--checkpoint=file:{tmp_path / 'position.json'}"
    sink = demo.group.sink("repeat_interval=0")
    told = 0
    for life in range(3):
        async with demo.daemon(place, sink) as daemon:
            await demo.watched()
            for number in range(10):
                demo.event(f"R{life}x{number}")
                await asyncio.sleep(0.06)
            await until(lambda before=told: len(demo.group.wecom.messages) > before)  # type: ignore[misc]
            told = len(demo.group.wecom.messages)
            await daemon.kill()
    assert told > 10
    assert not demo.group.wecom.refused


async def test_a_route_that_is_no_more_is_counted(demo: Demo, tmp_path: Path) -> None:
    """What waited for it is nobody's now."""
    place = f"--checkpoint=file:{tmp_path / 'position.json'}"
    removed = demo.group.sink("route=old", key="of-a-robot-that-is-gone")
    async with demo.daemon(place, removed, demo.group.sink("route=new")) as daemon:
        await demo.watched()
        demo.event("One")
        demo.event("Two")
        await daemon.log("destination_broken")
        await until(lambda: '"old":{"count":2' in (tmp_path / "position.json").read_text())
        await daemon.kill()
    async with demo.daemon(place, demo.group.sink("route=new")) as daemon:
        line = await daemon.log("event_dropped")
        assert (line["reason"], line["route"], line["count"]) == ("route_removed", "old", 2)
        assert await daemon.metric("events_dropped_total", reason="route_removed", route="old") == 2


def folder_of(path: Path) -> list[Path]:
    return list(path.parent.iterdir())


async def test_a_broken_checkpoint_is_kept_aside(demo: Demo, tmp_path: Path) -> None:
    """It is said, and never fatal."""
    path = tmp_path / "position.json"
    path.write_text("{ no JSON")
    async with demo.daemon(f"--checkpoint=file:{path}") as daemon:
        line = await daemon.log("checkpoint_unusable")
        assert line["kept_in"].startswith(f"{path}.broken-")
        await demo.watched()
        demo.event("One")
        assert await demo.told() == "One"
        await until(lambda: path.read_text().startswith('{"format":1'))
    assert [each.read_text() for each in folder_of(path) if "broken" in each.name] == ["{ no JSON"]


async def test_the_first_start_may_reach_back(demo: Demo) -> None:
    """--since tells what happened in the minutes before; without it a first start tells nothing old."""
    demo.event("Before")
    async with demo.daemon("--since=10m"):
        assert await demo.told() == "Before"
    async with demo.daemon() as daemon:
        await demo.watched()
        demo.event("After")
        assert await demo.told() == "After"
        daemon.signal(signal.SIGTERM)


async def test_who_prefers_fewer_messages_waits_for_them(demo: Demo) -> None:
    """group_wait: what comes within it is one message."""
    async with demo.daemon(demo.group.sink("group_wait=1s")):
        await demo.watched()
        for number in range(4):
            demo.event(f"R{number}")
            await asyncio.sleep(0.1)
        assert sorted([await demo.told() for _ in range(4)]) == ["R0", "R1", "R2", "R3"]
        assert len(demo.group.wecom.messages) == 1


async def test_in_a_rollout_the_old_pod_leaves_what_waits_to_the_new_one(demo: Demo, tmp_path: Path) -> None:
    """The new one starts first, and has taken the checkpoint over when the old one is asked to stop."""
    place = f"--checkpoint=file:{tmp_path / 'position.json'}"
    sink = demo.group.sink("group_wait=3s")
    async with demo.daemon(place, sink) as old:
        await demo.watched()
        await until((tmp_path / "position.json").exists)
        demo.event("One")
        await until(lambda: demo.api.open_watches("events") == 1)
        async with demo.daemon(place, sink) as new:
            await new.log("checkpoint_read")
            await until(lambda: demo.api.open_watches("events") == 2)
            assert await old.stop() == 0
            assert await old.log("left_to_the_next")
            assert await demo.told() == "One"
            assert len(demo.group.wecom.messages) == 1
            assert not [line for line in old.logs if line["level"] in ("warning", "error")]


async def test_a_leader_without_a_checkpoint_counts_what_it_leaves_behind(demo: Demo) -> None:
    """Nobody else knows of it; and the pace holds when the same process leads again."""
    demo.group.wecom.faults.plan(ErrCode(errcode=93000), times=100)
    election = (
        "--leader-elect",
        "--leader-elect-lease-duration=12s",
        "--leader-elect-renew-deadline=1500ms",
        "--leader-elect-retry-period=1s",
    )
    async with demo.daemon(*election) as daemon:
        await daemon.log("leadership_acquired")
        await demo.watched()
        demo.event("One")
        await daemon.log("destination_broken")
        demo.event("Two")
        await asyncio.sleep(0.5)
        demo.api.faults.plan(Answer(status=500), when=path_contains("leases"), times=8)
        await daemon.log("leadership_lost")
        line = await daemon.log("event_dropped")
        assert (line["reason"], line["count"]) == ("no_checkpoint", 2)
        assert await daemon.metric("events_dropped_total", reason="no_checkpoint", route="sink-1") == 2


async def test_a_broken_robot_holds_no_stop_up(demo: Demo, tmp_path: Path) -> None:
    """The checkpoint knows what waits for it; the next process tells that once the robot is back."""
    checkpoint = f"--checkpoint=file:{tmp_path / 'position.json'}"
    demo.group.wecom.remove_robot(KEY)
    async with demo.daemon(checkpoint) as daemon:
        await demo.watched()
        demo.event("One")
        await daemon.log("destination_broken")
        started = asyncio.get_running_loop().time()
        assert await daemon.stop() == 0
        assert asyncio.get_running_loop().time() - started < 5
        assert (await daemon.log("events_left_at_stop"))["left"] == 1
    demo.group.wecom.add_robot(KEY)
    async with demo.daemon(checkpoint):
        assert await demo.told() == "One"
