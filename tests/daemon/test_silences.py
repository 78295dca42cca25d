"""Silences, on each of the two API servers: applied, edited and deleted while the daemon runs."""

from __future__ import annotations

from tests.daemon.conftest import Pipeline
from tests.daemon.test_check import check

REST = "until: 2999-12-01 08:00, by: wangqing, why: planned migration"
BACKOFF = f"{{namespace: test-, reason: ^BackOff$, {REST}}}"


async def test_a_silence_is_applied_and_deleted(pipeline: Pipeline) -> None:
    """What it takes is counted, not told; another kind is told; when it is deleted, all is told again."""
    namespace = pipeline.server.namespace
    args = (pipeline.group.sink(f"namespaces={namespace}&route=all"), f"--silence-configmap={namespace}/quiet")
    async with pipeline.daemon(*args) as daemon, await daemon.ready():
        await daemon.log("silences_missing", config_map=f"{namespace}/quiet")
        async with await daemon.ready() as http:
            wanted = 'events_dropped_total{reason="silenced",route="all"} 0.0'
            assert wanted in (await http.get("/metrics")).text
        await pipeline.event("one")
        assert "BackOff" in (await pipeline.group.message()).content

        await pipeline.config_map("quiet", team=BACKOFF, broken="{reason: '('}")
        refused = await daemon.log("silence_refused", config_map=f"{namespace}/quiet", key="broken")
        assert refused["problem"].startswith("line 1: reason: '(': no regular expression in RE2's syntax")
        await daemon.log("silences_loaded", holding=1)
        for number in range(3):
            await pipeline.event(f"silenced-{number}")
        await pipeline.event("other", reason="Unhealthy")
        assert "Unhealthy" in (await pipeline.group.message()).content
        line = await daemon.log("event_silenced", by="wangqing", why="planned migration", route="all")
        assert line["event_name"] == f"{namespace}/silenced-0"
        assert await daemon.metric("events_dropped_total", route="all", reason="silenced") == 3
        assert await daemon.metric("silences") == 1

        answer = await pipeline.server.client.delete(f"{pipeline.server.config_maps}/quiet")
        assert answer.is_success
        await daemon.log("silences_loaded", holding=0, problems=0)
        await daemon.log("events_silenced", count=2)
        await pipeline.event("again")
        assert "BackOff" in (await pipeline.group.message()).content
        assert await daemon.stop() == 0
    assert len(pipeline.group.wecom.requests) == 3


async def test_silences_hold_from_the_first_event(pipeline: Pipeline) -> None:
    """They are there before anything is told; the name alone means the daemon's own namespace."""
    own = pipeline.server.namespace if pipeline.server.environ else "default"
    data = {"metadata": {"name": "quiet"}, "data": {"team": BACKOFF}}
    await pipeline.server.create(f"/api/v1/namespaces/{own}/configmaps", data)
    args = (pipeline.group.sink(f"namespaces={pipeline.server.namespace}"), "--silence-configmap=quiet")
    async with pipeline.daemon(*args) as daemon, await daemon.ready():
        await pipeline.event("silenced")
        await pipeline.event("other", reason="Unhealthy")
        assert "Unhealthy" in (await pipeline.group.message()).content
    assert len(pipeline.group.wecom.requests) == 1


async def test_check_reports_on_silences(pipeline: Pipeline) -> None:
    """How many hold; each mistake; that there are none yet."""
    name = f"{pipeline.server.namespace}/quiet"
    args = (pipeline.group.sink(), f"--silence-configmap={name}")
    checked = await check(pipeline, *args)
    assert checked.status == 0
    assert checked.about("silences", "!") == [f"there is no ConfigMap {name}, so nothing is silenced"]
    await pipeline.config_map("quiet", team=BACKOFF, doubtful=f"{{kind: Pod, route: nope, {REST}}}")
    checked = await check(pipeline, *args)
    assert checked.status == 0
    assert checked.about("silences", "✓") == [f"ConfigMap {name}: silences that hold now: 2"]
    doubt = "doubtful: line 1: route: 'nope': no route has this name; there is sink-1"
    assert checked.about("silences", "!") == [f"ConfigMap {name}: {doubt}"]
    await pipeline.config_map("quiet", team=f"{{{REST}}}")
    checked = await check(pipeline, *args)
    assert checked.status == 1
    problem = "team: line 1: no matcher; write at least one of namespace, kind, name, reason, message"
    assert checked.about("silences", "✗") == [f"ConfigMap {name}: {problem}; it silences nothing"]
