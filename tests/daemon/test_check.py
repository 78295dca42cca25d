"""The command ``check``, on each of the two API servers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from kube_wecom_eventer.commands.check import Check
from kube_wecom_eventer.demo.wecom import ErrCode
from kube_wecom_eventer.web import serve
from kube_wecom_eventer.web.endpoints import Receive, Scope, Send
from tests.daemon.conftest import KEY, SEED_TEMPLATE, Pipeline


async def check(pipeline: Pipeline, *args: str) -> tuple[int, list[str]]:
    """Run the command; return its status and its lines."""
    out = io.StringIO()
    status = await Check(environ=pipeline.server.environ, out=out).run([f"--source={pipeline.server.source}", *args])
    assert KEY not in out.getvalue()
    return status, out.getvalue().splitlines()


async def test_all_is_well_and_nothing_is_sent(pipeline: Pipeline) -> None:
    """A line each for the sink, the API server and the template; 0."""
    namespace = pipeline.server.namespace
    await pipeline.config_map("cm", content=SEED_TEMPLATE)
    options = f"custom_body_configmap=cm&custom_body_configmap_namespace={namespace}"
    status, lines = await check(pipeline, "--checkpoint=configmap:position", pipeline.group.sink(options))
    assert status == 0
    assert [line[0] for line in lines] == ["✓", "✓", "✓", "✓", "!"]
    assert "events can be listed" in lines[1]
    assert f"ConfigMap {namespace}/cm: sink-1's body of a sample event has " in lines[2]
    assert lines[3].endswith("/position: none yet")
    assert "--send-test" in lines[4]
    assert not pipeline.group.wecom.requests


async def test_a_test_message_reaches_each_destination_once_and_pings_nobody(pipeline: Pipeline) -> None:
    """Two sinks with one key are one destination; the message says that it is a test."""
    sinks = (pipeline.group.sink(), pipeline.group.sink("level=Normal"))
    status, lines = await check(pipeline, *sinks, "--send-test")
    assert status == 0
    message = await pipeline.group.message()
    assert "这是一条测试消息" in message.content
    assert message.mentions == ()
    assert len(pipeline.group.wecom.requests) == 1
    assert [line for line in lines if "test message was accepted" in line or "same destination" in line] == lines[-2:]


async def test_each_way_to_a_destination_is_tested(pipeline: Pipeline) -> None:
    """One key behind two addresses: the second one may be wrong although the first is well."""
    closed = f"--sink=wecom:?key={KEY}&api=http://127.0.0.1:9"
    status, lines = await check(pipeline, pipeline.group.sink(), closed, "--send-test")
    assert status == 1
    assert lines[-1].startswith("✗ sink-2: http://127.0.0.1:9/cgi-bin/webhook/send: ConnectError")


async def test_a_webhook_is_tested_with_the_body_that_it_expects(pipeline: Pipeline) -> None:
    """Its template's, else kube-eventer's fields: a service of one's own would refuse a robot's body."""
    namespace = pipeline.server.namespace
    await pipeline.config_map("hook", content='{"hook": "{{ .Reason }}"}')
    received: list[bytes] = []

    async def service(_scope: Scope, receive: Receive, send: Send) -> None:
        received.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with serve(service, host="127.0.0.1", port=0) as served:
        template = f"custom_body_configmap=hook&custom_body_configmap_namespace={namespace}"
        sinks = (f"--sink=webhook:{served.url}/a?method=POST&{template}", f"--sink=webhook:{served.url}/b?method=POST")
        status, _ = await check(pipeline, *sinks, "--send-test")
    assert status == 0
    assert received[0] == b'{"hook": "TestMessage"}'
    assert json.loads(received[1])["EventReason"] == "TestMessage"


@pytest.mark.parametrize(
    ("errcode", "words"),
    [(93000, "the key is wrong, or the robot was removed from the group"), (45009, "more than 20 messages a minute")],
)
async def test_wecoms_verdict_is_told_in_words(pipeline: Pipeline, errcode: int, words: str) -> None:
    """And the status is 1."""
    pipeline.group.wecom.faults.plan(ErrCode(errcode=errcode))
    status, lines = await check(pipeline, pipeline.group.sink(), "--send-test")
    assert status == 1
    assert lines[-1].startswith("✗ sink-1: ")
    assert f"errcode {errcode}: {words}" in lines[-1]


async def test_each_thing_that_is_wrong_with_a_template_is_told(pipeline: Pipeline) -> None:
    """Missing, without its key, not parsing, failing on an event."""
    namespace = pipeline.server.namespace
    await pipeline.config_map("nokey", Content="x")
    await pipeline.config_map("noparse", content="{{ .Reason ")
    await pipeline.config_map("norender", content='{"msgtype":"text","text":{"content":"{{ .Nope }}"}}')
    sinks = [
        pipeline.group.sink(f"custom_body_configmap={name}&custom_body_configmap_namespace={namespace}")
        for name in ("missing", "nokey", "noparse", "norender")
    ]
    status, lines = await check(pipeline, *sinks)
    assert status == 1
    bad = [line for line in lines if line.startswith("✗")]
    for name, words in (
        ("missing", "there is no such ConfigMap"),
        ("nokey", "no key 'content' or 'content.j2' in it (it has: Content)"),
        ("noparse", "content: line 1: "),
        ("norender", "fails on a sample event: "),
    ):
        assert any(f"ConfigMap {namespace}/{name}: " in line and words in line for line in bad), bad
    assert len(bad) == 4


async def test_args_that_cannot_run_are_told_like_the_daemon_does(pipeline: Pipeline) -> None:
    """Status 2, all at once."""
    status, lines = await check(pipeline, f"{pipeline.group.sink()}&level=Foo&reason=[", "--nope")
    assert status == 2
    assert len(lines) == 3
    assert all(line.startswith("✗ --") for line in lines)


async def test_an_api_server_that_is_not_there_is_told() -> None:
    """With its address, and what went wrong."""
    out = io.StringIO()
    args = ["--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false", "--sink=log:"]
    assert await Check(environ={}, out=out).run(args) == 1
    assert "✗ http://127.0.0.1:9 (no credentials): events can't be listed: ConnectError" in out.getvalue()


async def test_a_proxy_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the kubeconfig's API server and for the sinks; no traceback."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "{apiVersion: v1, kind: Config, current-context: a, users: [{name: a, user: {token: t}}],"
        ' clusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}],'
        " contexts: [{name: a, context: {cluster: a, user: a}}]}"
    )
    monkeypatch.setenv("HTTPS_PROXY", "foo://bar")
    out = io.StringIO()
    args = [f"--source=kubernetes:?auth={kubeconfig}", f"--sink=wecom:?key={KEY}", "--send-test"]
    assert await Check(environ={}, out=out).run(args) == 1
    assert [line.split(":")[0] for line in out.getvalue().splitlines()[1:]] == [
        "✗ HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or the kubeconfig's proxy-url",
        "✗ HTTP_PROXY, HTTPS_PROXY or ALL_PROXY",
    ]


async def test_the_checkpoint_is_looked_at_and_left_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    """Whether there is one, when it was written, and that it can be used."""
    path = tmp_path / "position.json"
    arguments = (f"--checkpoint=file:{path}", pipeline.group.sink())
    assert f"✓ checkpoint in file {path}: none yet" in (await check(pipeline, *arguments))[1]
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.ready()
        assert await daemon.stop() == 0
    status, lines = await check(pipeline, *arguments)
    assert status == 0
    assert any(line.startswith(f"✓ checkpoint in file {path}: written at 20") for line in lines)
    path.write_text("{")
    status, lines = await check(pipeline, *arguments)
    assert status == 1
    assert any(line.startswith(f"✗ checkpoint in file {path}: it can't be read") for line in lines)
    assert path.read_text() == "{"
