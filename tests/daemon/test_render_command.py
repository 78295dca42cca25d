"""What ``render`` shows is what a daemon sends, byte for byte; and it reads a cluster as the daemon does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kube_wecom_eventer.demo.faults import Answer
from kube_wecom_eventer.demo.serving import serve
from kube_wecom_eventer.demo.wecom import WeComGroup
from kube_wecom_eventer.render.samples import sample_events
from kube_wecom_eventer.web.endpoints import Receive, Scope, Send
from tests.commands.rendering import Runner
from tests.daemon.conftest import KEY, SEED_TEMPLATE, Demo, Pipeline
from tests.daemon.test_namespace_routes import Tenant

MARKDOWN = (
    r'{"msgtype": "markdown", "markdown": {"content": "**<font color=\"warning\">{{ .Reason }}</font>** '
    r'`{{ .InvolvedObject.Name }}`\n> {{ .Message }}\n{{ .LastTimestamp }}\n<@wangqing>"}}'
)
JINJA = '{"msgtype": "text", "text": {"content": "{{ event.reason }} {{ event.message }} {{ event.happened_at }}"}}'
TRIED = ("backoff", "unhealthy", "huge", "emoji", "series", "hostile")


@dataclass
class Recorded:
    """A WeCom group, and the bytes that its robot was posted."""

    group: WeComGroup
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def keeping() -> Any:
            nonlocal body
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                self.bodies.append(body)
            return part

        await self.group(scope, keeping, send)

    def shut_down(self) -> None:
        self.group.shut_down()


@asynccontextmanager
async def recorded_group() -> AsyncIterator[Recorded]:
    recorded = Recorded(WeComGroup(keys=[KEY], clock=lambda: datetime.now(UTC)))
    async with serve(recorded) as url:
        recorded.url = url
        yield recorded


def event_of(name: str, namespace: str) -> dict[str, Any]:
    """Return a sample as it is written to the API server, in a namespace of the test's."""
    made = sample_events(datetime.now(UTC))[name]
    written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
    written["metadata"] = {"name": name, "namespace": namespace}
    written["involvedObject"]["namespace"] = namespace
    return {key: value for key, value in written.items() if value is not None}


def runner(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capsys, pipeline.server.environ)


@pytest.mark.parametrize(
    ("data", "style"),
    [
        ({"content": SEED_TEMPLATE}, ""),
        ({"content": MARKDOWN}, ""),
        ({"content.j2": JINJA}, ""),
        ({"content": "{{ .Nope }}"}, "&msgtype=markdown&mentioned_list=wangqing"),
        ({}, "&msgtype=markdown_v2&lang=en&cluster=prod"),
        ({}, "&msgtype=template_card"),
    ],
    ids=["text", "markdown", "jinja2", "failing", "built-in", "card"],
)
async def test_the_body_is_what_a_daemon_posts(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str], data: dict[str, str], style: str
) -> None:
    """Quotes, emoji, Chinese, a message that is cut, one that means harm."""
    namespace = pipeline.server.namespace
    run = runner(pipeline, capsys)
    template = f"&custom_body_configmap=cm&custom_body_configmap_namespace={namespace}" if data else ""
    if data:
        await pipeline.config_map("cm", **data)
    async with recorded_group() as group:
        address = f"--sink=wecom:?key={KEY}&api={group.url}&level=Normal&namespaces={namespace}&repeat_interval=0"
        async with pipeline.daemon(f"{address}{template}{style}", "--checkpoint=none") as daemon:
            await daemon.ready()
            for name in TRIED:
                await pipeline.server.create(pipeline.server.events, event_of(name, namespace))
                await group.group.next_message(timeout=20)
        source = f"--source={pipeline.server.source}"
        for name, posted in zip(TRIED, group.bodies, strict=True):
            live = f"--event-live={namespace}/{name}"
            ran = await run.away(f"--sink=wecom:?{template[1:]}{style}", source, live, "-o", "body")
            assert ran.body == posted
            assert ran.problems == []


async def test_a_config_map_is_read_as_the_daemon_follows_it(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """content.j2 counts where both keys are there; another key is asked for by its name."""
    run, source = runner(pipeline, capsys), f"--source={pipeline.server.source}"
    name = f"--configmap={pipeline.server.namespace}/cm"
    await pipeline.config_map("cm", **{"content": SEED_TEMPLATE, "content.j2": JINJA})
    ran = await run.away(source, name)
    assert ran.status == 0
    assert ran.shown.startswith(f"ConfigMap {pipeline.server.namespace}/cm, content.j2: a Jinja2 template for WeCom")
    ran = await run.away(source, name, "--key=content", "-o", "json")
    assert json.loads(ran.shown)["rendered"][0]["body"]["text"]["mentioned_list"] == ["wangqing", "@all"]
    ran = await run.away(source, name, "--key=nope")
    assert ran.problems == [
        f"kube-wecom-eventer render: ConfigMap {pipeline.server.namespace}/cm: no ConfigMap with a key nope is in it "
        "(keys: content, content.j2); write one"
    ]


async def test_a_declared_route_is_found_by_its_name(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """As logs and checks call it; with its own sink."""
    tenant, run, source = Tenant(pipeline), runner(pipeline, capsys), f"--source={pipeline.server.source}"
    key = "key_secret=x"
    b = {"sink.b": f"wecom:?{key}&lang=en", "sink.c": f"wecom:?{key}", "content.c": SEED_TEMPLATE}
    await tenant.route(key, **b)
    name = f"{tenant.namespace}/wecom"
    for part, words in (("/b", "route {}/b: the built-in message"), ("/c", "route {}/c: a Go template")):
        ran = await run.away(source, f"--configmap={name}{part}")
        assert ran.shown.startswith(words.format(name))
        assert ran.status == 0
    assert (await run.away(source, f"--configmap={name}", "-o", "json")).shown.count('"template": ') == 3


async def test_the_newest_event_of_a_level_is_found(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """In a namespace, or in all."""
    run, source = runner(pipeline, capsys), f"--source={pipeline.server.source}"
    for second, (reason, level) in enumerate([("Old", "Warning"), ("New", "Warning"), ("Newest", "Normal")]):
        moment = f"2099-11-20T01:02:{second:02}Z"
        await pipeline.event(reason.lower(), reason=reason, type=level, lastTimestamp=moment, count=1)
    own = ("-n", pipeline.server.namespace)
    for args, reason in ((("--latest=Warning", *own), "New"), (("--latest=any", *own), "Newest")):
        ran = await run.away(source, "--sink=wecom:", *args)
        assert f" {reason} · Pod {pipeline.server.namespace}/api-7d4b9" in ran.shown
    assert (await run.away(source, "--sink=wecom:", "--latest=Normal")).status == 0


async def test_what_is_not_there_is_told(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """ConfigMap, event, and a level without events; status 2."""
    run, source = runner(pipeline, capsys), f"--source={pipeline.server.source}"
    namespace = pipeline.server.namespace
    for args, words in (
        (["--configmap=" + namespace + "/nope"], f"ConfigMap {namespace}/nope: there is no such ConfigMap at http"),
        (["--sink=wecom:?custom_body_configmap=nope"], "ConfigMap default/nope: there is no such ConfigMap at http"),
        (
            ["--sink=wecom:", f"--event-live={namespace}/nope"],
            f"--event-live={namespace}/nope: there is no event nope in {namespace}",
        ),
        (["--sink=wecom:", "--latest=Normal", "-n", namespace], "--latest=Normal: there is no such event now"),
    ):
        ran = await run.away(source, *args)
        assert (ran.status, len(ran.problems)) == (2, 1)
        assert ran.problems[0].startswith(f"kube-wecom-eventer render: {words}")


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (
            ["--configmap=a/b"],
            'ConfigMap a/b: can\'t be read from {url}: 403 Forbidden: no; grant {{apiGroups: [""], '
            'resources: ["configmaps"], verbs: ["list", "watch"]}}, in a Role of namespace a',
        ),
        (
            ["--sink=wecom:", "--latest=Warning"],
            "--latest=Warning: events can't be listed at {url}: 403 Forbidden: no; grant "
            '{{apiGroups: [""], resources: ["events"], verbs: ["list", "watch"]}}, in a ClusterRole',
        ),
        (
            ["--sink=wecom:", "--event-live=a/b"],
            "--event-live=a/b: events of namespace a can't be listed: 403 Forbidden: no",
        ),
    ],
)
async def test_a_missing_right_is_told(
    demo: Demo, capsys: pytest.CaptureFixture[str], args: list[str], problem: str
) -> None:
    """With the rule that grants it, where it is one that the daemon needs, too."""
    status = b'{"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"}'
    demo.api.faults.plan(Answer(status=403, body=status), times=1)
    ran = await Runner(capsys).away(f"--source=kubernetes:{demo.url}?inClusterConfig=false", *args)
    assert ran.status == 2
    assert ran.problems == [f"kube-wecom-eventer render: {problem.format(url=demo.url)}"]


async def test_an_api_server_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With its address."""
    ran = await Runner(capsys).away("--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false", "--configmap=a/b")
    assert ran.status == 2
    assert ran.problems[0].startswith(
        "kube-wecom-eventer render: ConfigMap a/b: can't be read from http://127.0.0.1:9: ConnectError"
    )
