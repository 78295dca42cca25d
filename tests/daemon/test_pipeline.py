"""The main job, the daemon as its own process: the same tests on the demo's API server and on the real one."""

from __future__ import annotations

import asyncio
import re
import statistics
import time

from kube_wecom_eventer.demo.wecom import ErrCode, Received
from tests.daemon.conftest import KEY, SEED_TEMPLATE, Pipeline
from tests.support.told import stands_for

NASTY = [
    'quotes "x" and \\" more',
    "line\nbreak\r\nand\ttab",
    "C:\\temp\\u0041",
    "nul \x00 and bell \x07 and esc \x1b[31m",
    "emoji 🚀 中文 \u0085 \u2028",
    "{{ .Reason }} {{ template }}",
    "<@all> <@wangqing>",
    '"}}, "mentioned_list": ["@all"]',
    "错误 " * 25_000,
]


def seed_options(namespace: str, *, number: int, reason: str) -> str:
    """Return the options as kube-eventer's users have them."""
    return (
        f"level=Warning&reason={reason}&namespaces={namespace}&header=Content-Type=application/json"
        f"&custom_body_configmap=custom-webhook-body{number}&custom_body_configmap_namespace={namespace}&method=POST"
    )


async def test_a_kube_eventer_users_sinks_and_templates(pipeline: Pipeline) -> None:
    """Two sinks with one key, each with its template: an event is told by those that select it, and only them."""
    namespace = pipeline.server.namespace
    await pipeline.config_map("custom-webhook-body0", content=SEED_TEMPLATE)
    await pipeline.config_map("custom-webhook-body1", content=SEED_TEMPLATE.replace(',"@all"', ""))
    sinks = [
        pipeline.group.sink(seed_options(namespace, number=0, reason="[^Unhealthy]")),
        pipeline.group.sink(seed_options(namespace, number=1, reason="BackOff")),
    ]
    async with pipeline.daemon(*sinks) as daemon, await daemon.ready():
        await pipeline.event("normal", type="Normal", reason="Pulled")
        await pipeline.event("unhealthy", reason="Unhealthy")
        await pipeline.event("backoff", lastTimestamp="2026-11-20T01:02:03Z", message="Back-off")
        first, second = await pipeline.group.message(), await pipeline.group.message()
        assert await daemon.stop() == 0
    expected = (
        f"Cluster:name\nEventType:Warning\nEventNamespace:{namespace}\nEventKind:Pod\nEventObject:api-7d4b9\n"
        "EventReason:BackOff\nEventTime:2026-11-20 09:02:03 +0800 CST\nEventMessage:Back-off"
    )
    assert [first.content, second.content] == [expected, expected]
    assert [first.mentions, second.mentions] == [("wangqing", "@all"), ("wangqing",)]
    assert len(pipeline.group.wecom.requests) == 2


async def test_any_message_arrives_as_a_valid_one(pipeline: Pipeline) -> None:
    """Quotes, newlines, control characters, template syntax, 200 KB: valid JSON, within 2048 bytes, in order."""
    await pipeline.config_map("cm", content=SEED_TEMPLATE)
    options = f"custom_body_configmap=cm&custom_body_configmap_namespace={pipeline.server.namespace}"
    async with (
        pipeline.daemon(pipeline.group.sink(f"namespaces={pipeline.server.namespace}&{options}")) as daemon,
        await daemon.ready(),
    ):
        for number, message in enumerate(NASTY):
            await pipeline.event(f"nasty-{number}", message=message, reason=f"Nasty{number}")
            told = await pipeline.group.message()
            assert f"EventReason:Nasty{number}\n" in told.content
            assert len(told.content.encode()) <= 2048
            assert told.mentions == ("wangqing", "@all")
            _, _, body = told.content.partition("EventMessage:")
            assert message.startswith(body.replace("\u200b", "")[:3])
    assert pipeline.group.wecom.refused == []


async def test_a_burst_is_told_at_once_in_few_messages(pipeline: Pipeline) -> None:
    """60 different events at once: all told within 45 s, the first alone, the others in digests; no 45009."""
    async with (
        pipeline.daemon(pipeline.group.sink(f"namespaces={pipeline.server.namespace}&lang=en")) as daemon,
        await daemon.ready(),
    ):
        async with asyncio.timeout(45):
            for number in range(60):
                await pipeline.event(f"e-{number}", reason=f"Reason{number}", message=f"no {number}")
            told: list[Received] = []
            while sum(map(stands_for, told)) < 60:
                told.append(await pipeline.group.message())
        assert await daemon.metric("events_told_total", route="sink-1") == 60
        assert await daemon.stop() == 0
    assert list(pipeline.group.wecom.messages) == told
    assert sum(map(stands_for, told)) == 60
    assert stands_for(told[0]) == 1
    digests = [each for each in told if "groups of events" in each.content]
    for digest in digests:
        assert sum(_counts(line) for line in digest.content.split("\n")[1:]) == stands_for(digest)
    assert digests
    assert pipeline.group.wecom.refused == []
    assert len(told) <= 20


def _counts(line: str) -> int:
    """Return how many events a line of a digest stands for: the sum of its ×n, else one."""
    counts = [int(each) for each in re.findall(r"×(\d+)", line)]
    return sum(counts) if counts else 1


async def test_a_repeat_is_held_back_and_told_at_the_end(pipeline: Pipeline) -> None:
    """The same object, reason and message are told once; a stop tells how often it was repeated since."""
    options = f"namespaces={pipeline.server.namespace}&repeat_interval=5m"
    async with pipeline.daemon(pipeline.group.sink(options)) as daemon, await daemon.ready():
        await pipeline.event("first")
        assert "×" not in (await pipeline.group.message()).content
        for number in range(4):
            await pipeline.event(f"again-{number}")
        await pipeline.event("other", message="another text")
        assert "another text" in (await pipeline.group.message()).content
        assert len(pipeline.group.wecom.requests) == 2
        assert await daemon.stop() == 0
        assert " ×4\n" in (await pipeline.group.message()).content


async def test_a_stopping_daemon_sends_what_waits(pipeline: Pipeline) -> None:
    """SIGTERM while a message is being retried: it is delivered before the end."""
    pipeline.group.wecom.faults.plan(ErrCode(errcode=-1), times=2)
    async with (
        pipeline.daemon(pipeline.group.sink(f"namespaces={pipeline.server.namespace}")) as daemon,
        await daemon.ready(),
    ):
        await pipeline.event("e")
        await daemon.log("destination_retry")
        assert await daemon.stop() == 0
        assert [line["event"] for line in daemon.logs][-3:] == [
            "daemon_stopping",
            "destination_recovered",
            "daemon_stopped",
        ]
    assert len(pipeline.group.wecom.messages) == 1


async def test_an_edit_of_a_template_shows_in_the_next_message(pipeline: Pipeline) -> None:
    """One that is created later is picked up, too; until then the built-in body goes out, and the log says why."""
    namespace = pipeline.server.namespace
    options = f"namespaces={namespace}&custom_body_configmap=late&custom_body_configmap_namespace={namespace}"
    async with pipeline.daemon(pipeline.group.sink(options)) as daemon, await daemon.ready():
        await daemon.log("template_unusable", config_map=f"{namespace}/late", problem="no such ConfigMap")
        await pipeline.event("one")
        assert (await pipeline.group.message()).content.startswith("⚠️ BackOff · Pod ")
        for number, words in enumerate(("first", "second!")):
            content = f'{{"msgtype":"text","text":{{"content":"{words} {{{{ .Reason }}}}"}}}}'
            await pipeline.config_map("late", content=content)
            await daemon.log("template_loaded", length=len(content))
            await pipeline.event(f"after-{number}")
            assert (await pipeline.group.message()).content == f"{words} BackOff"


async def test_nothing_is_lost_when_the_api_server_goes_away(pipeline: Pipeline) -> None:
    """All watches end, on the real server because it is killed; events of that time are told once it is back."""
    async with (
        pipeline.daemon(pipeline.group.sink(f"namespaces={pipeline.server.namespace}")) as daemon,
        await daemon.ready(),
    ):
        await pipeline.event("before", reason="Before")
        assert "Before" in (await pipeline.group.message()).content
        pipeline.server.break_watches()
        await pipeline.event("after", reason="After")
        assert "After" in (await pipeline.group.message()).content
    assert len(pipeline.group.wecom.requests) == 2


async def test_a_compaction_loses_nothing_and_repeats_nothing(pipeline: Pipeline) -> None:
    """410 Gone lists again and tells exactly what is newer."""
    async with (
        pipeline.daemon(pipeline.group.sink(f"namespaces={pipeline.server.namespace}")) as daemon,
        await daemon.ready(),
    ):
        await pipeline.event("before", reason="Before")
        assert "Before" in (await pipeline.group.message()).content
        pipeline.server.break_watches()
        for number in range(3):
            await pipeline.event(f"while-{number}", reason=f"While{number}")
        pipeline.server.compact()
        told = {await pipeline.group.told() for _ in range(3)}
        assert told == {"While0", "While1", "While2"}
        assert await daemon.metric("events_told_total", route="sink-1") == 4


async def test_a_removed_robot_is_said_in_words_and_its_key_nowhere(pipeline: Pipeline) -> None:
    """The log, /readyz and the metrics say what is wrong; none of them shows the key."""
    pipeline.group.wecom.remove_robot(KEY)
    async with pipeline.daemon(pipeline.group.sink(), "-v=1") as daemon, await daemon.ready() as http:
        await pipeline.event("e")
        line = await daemon.log("destination_broken")
        assert "93000" in line["detail"]
        assert "removed from the group" in line["detail"]
        answer = await http.get("/readyz")
        assert answer.status_code == 200
        assert "93000" in answer.text
        metrics = (await http.get("/metrics")).text
        assert 'messages_failed_total{destination="wecom-' in metrics
        await daemon.kill()
    for output in (daemon.output, answer.text, metrics):
        assert KEY not in output


async def test_health_and_metrics_are_there(pipeline: Pipeline) -> None:
    """For the kubelet's probes and for Prometheus."""
    async with pipeline.daemon(pipeline.group.sink()) as daemon, await daemon.ready() as http:
        assert (await http.get("/healthz")).text == "ok\n"
        assert (await http.get("/readyz")).json() == {
            "ready": True,
            "api_server": "ok",
            "checkpoint": "ok",
            "destinations_in_trouble": {},
        }
        assert "kube_wecom_eventer_build_info" in (await http.get("/metrics")).text


async def test_a_quiet_daemon_tells_an_event_at_once(pipeline: Pipeline) -> None:
    """From the creating request to WeCom's acceptance: a median under 100 ms; kube-eventer takes 21.7 s."""
    async with (
        pipeline.daemon(pipeline.group.sink(f"namespaces={pipeline.server.namespace}")) as daemon,
        await daemon.ready(),
    ):
        delays = []
        for number in range(15):
            started = time.monotonic()
            await pipeline.event(f"e-{number}")
            await pipeline.group.message()
            delays.append(time.monotonic() - started)
    median = statistics.median(delays)
    assert median < 0.1, f"median {median:.3f} s of {sorted(delays)}"
