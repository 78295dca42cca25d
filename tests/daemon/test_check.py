"""The command ``check``, on each of the two API servers."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kube_wecom_eventer.commands import check as command
from kube_wecom_eventer.demo.status import forbidden
from kube_wecom_eventer.demo.wecom import ErrCode
from kube_wecom_eventer.web import serve
from kube_wecom_eventer.web.endpoints import Receive, Scope, Send
from tests.daemon.conftest import KEY, SEED_TEMPLATE, Demo, Pipeline, lists_of
from tests.daemon.test_faults_api import refused
from tests.daemon.test_namespace_routes import Tenant

NOBODY = Path("/nonexistent")


@dataclass(frozen=True)
class Checked:
    """What a check has said."""

    status: int
    findings: list[dict[str, Any]]

    def about(self, subject: str, *marks: str) -> list[str]:
        """Return the texts about a subject, of all marks or of these."""
        return [
            each["text"]
            for each in self.findings
            if each["subject"] == subject and (not marks or each["mark"] in marks)
        ]

    def marked(self, mark: str) -> list[str]:
        """Return what bears a mark: subject and text."""
        return [f"{each['subject']}: {each['text']}" for each in self.findings if each["mark"] == mark]

    def finding(self, words: str) -> dict[str, Any]:
        """Return the one finding that has these words."""
        (found,) = [each for each in self.findings if words in f"{each['subject']} {each['text']}"]
        return found


async def run(environ: Any, *args: str, neighbour: Path = NOBODY, **options: Any) -> Checked:
    """Run the command with JSON as its form."""
    out = io.StringIO()
    status = await command.run([*args, "--output=json"], environ=environ, out=out, neighbour=neighbour, **options)
    assert KEY not in out.getvalue()
    return Checked(status, json.loads(out.getvalue()))


async def check(pipeline: Pipeline, *args: str, **options: Any) -> Checked:
    """Run the command against a pipeline's API server, for the namespace of the test."""
    watched = f"--watch-namespaces={pipeline.server.namespace}"
    source = f"--source={pipeline.server.source}"
    return await run(pipeline.server.environ, source, watched, "--checkpoint=configmap:position", *args, **options)


def template(pipeline: Pipeline, name: str) -> str:
    return f"custom_body_configmap={name}&custom_body_configmap_namespace={pipeline.server.namespace}"


def now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_all_is_well_and_nothing_is_sent(pipeline: Pipeline) -> None:
    """The sink, the API server, each right, the template, the checkpoint, the robot's address."""
    await pipeline.config_map("cm", content=SEED_TEMPLATE)
    await pipeline.event("one", lastTimestamp=now_text())
    checked = await check(pipeline, pipeline.group.sink(template(pipeline, "cm")))
    assert checked.status == 0
    assert checked.marked("✗") == []
    assert checked.marked("!") == []
    assert checked.about("API server")[0].endswith("1 event in the last hour")
    assert checked.about(f"list, watch events in {pipeline.server.namespace}") == ["granted"]
    assert checked.about("sink-1", "✓")[1] == "takes 1 of 1 event in the last hour: BackOff 1"
    assert "renders 1 recent event;" in checked.about("sink-1 template")[0]
    assert checked.about("checkpoint")[0].endswith("/position: none yet")
    assert "can be reached" in checked.about(f"{pipeline.group.url}/")[0]
    assert checked.about("test messages") == ["none was sent; --send-test sends one to each destination"]
    assert not pipeline.group.wecom.requests


async def test_a_test_message_reaches_each_destination_once_and_pings_nobody(pipeline: Pipeline) -> None:
    """Two sinks with one key are one destination; the message says that it is a test."""
    checked = await check(pipeline, pipeline.group.sink(), pipeline.group.sink("level=Normal"), "--send-test")
    assert checked.status == 0
    message = await pipeline.group.message()
    assert "这是一条测试消息" in message.content
    assert message.mentions == ()
    assert len(pipeline.group.wecom.requests) == 1
    assert "the test message was accepted" in checked.about("sink-1")[-1]
    assert checked.about("sink-2")[-1] == "the same destination as above"


async def test_each_way_to_a_destination_is_tested(pipeline: Pipeline) -> None:
    """One key behind two addresses: the second one may be wrong although the first is well."""
    closed = f"--sink=wecom:?key={KEY}&api=http://127.0.0.1:9"
    checked = await check(pipeline, pipeline.group.sink(), closed, "--send-test")
    assert checked.status == 1
    reach = checked.finding("can't be reached")
    assert reach["subject"] == "http://127.0.0.1:9/"
    assert "HTTPS_PROXY" in reach["do"][0]
    assert checked.about("sink-2", "✗")[0].startswith("http://127.0.0.1:9/cgi-bin/webhook/send: ConnectError")


async def test_a_webhook_is_tested_with_the_body_that_it_expects(pipeline: Pipeline) -> None:
    """Its template's, else kube-eventer's fields: a service of one's own would refuse a robot's body."""
    await pipeline.config_map("hook", content='{"hook": "{{ .Reason }}"}')
    received: list[bytes] = []

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            received.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with serve(service, host="127.0.0.1", port=0) as served:
        hook = f"--sink=webhook:{served.url}/a?method=POST&{template(pipeline, 'hook')}"
        checked = await check(pipeline, hook, f"--sink=webhook:{served.url}/b?method=POST", "--send-test")
    assert checked.status == 0
    assert received[0] == b'{"hook": "TestMessage"}'
    assert json.loads(received[1])["EventReason"] == "TestMessage"


@pytest.mark.parametrize(
    ("errcode", "words"),
    [(93000, "the key is wrong, or the robot was removed from the group"), (45009, "more than 20 messages a minute")],
)
async def test_wecoms_verdict_is_told_in_words(pipeline: Pipeline, errcode: int, words: str) -> None:
    """And the status is 1."""
    pipeline.group.wecom.faults.plan(ErrCode(errcode=errcode), when=lambda request: request.method == "POST")
    checked = await check(pipeline, pipeline.group.sink(), "--send-test")
    assert checked.status == 1
    assert f"errcode {errcode}: {words}" in checked.about("sink-1", "✗")[0]


async def test_each_thing_that_is_wrong_with_a_template_is_told(pipeline: Pipeline) -> None:
    """Missing, without its key, not parsing, failing on an event."""
    await pipeline.config_map("nokey", Content="x")
    await pipeline.config_map("noparse", content="{{ .Reason ")
    await pipeline.config_map("norender", content='{"msgtype":"text","text":{"content":"{{ .Nope }}"}}')
    names = ("missing", "nokey", "noparse", "norender")
    checked = await check(pipeline, *(pipeline.group.sink(template(pipeline, name)) for name in names))
    assert checked.status == 1
    expected = (
        "no such ConfigMap",
        "no key 'content' or 'content.j2' in it (it has: Content)",
        "content: line 1: ",
        "fails on TestMessage of Pod default/kube-wecom-eventer-test: ",
    )
    for number, (name, words) in enumerate(zip(names, expected, strict=True), start=1):
        (text,) = checked.about(f"sink-{number} template", "✗")
        assert text.startswith(f"ConfigMap {pipeline.server.namespace}/{name}: ")
        assert words in text
    assert len(checked.marked("✗")) == 4


async def test_a_template_in_another_namespace_is_found(pipeline: Pipeline) -> None:
    """The commonest slip: without custom_body_configmap_namespace= it is looked for in ``default``."""
    name = f"words-of-{pipeline.server.namespace}"
    await pipeline.config_map(name, content=SEED_TEMPLATE)
    checked = await check(pipeline, pipeline.group.sink(f"custom_body_configmap={name}"))
    missing = checked.finding("no such ConfigMap")
    assert missing["do"] == [f"custom_body_configmap_namespace={pipeline.server.namespace}: there is one of that name"]


async def test_a_route_that_takes_nothing_says_which_filter_refuses(pipeline: Pipeline) -> None:
    """And what may have been meant by a reason or a namespace that nothing has."""
    namespace = pipeline.server.namespace
    await pipeline.event("one", lastTimestamp=now_text())
    await pipeline.event("two", lastTimestamp=now_text(), type="Normal", reason="Pulled")
    checked = await check(
        pipeline, pipeline.group.sink("reason=Backoff"), pipeline.group.sink(f"namespaces={namespace[:-1]}")
    )
    assert checked.status == 0
    assert checked.about("sink-1", "!") == [
        "takes none of 2 events in the last hour: level= refuses 1, reason= refuses 1"
    ]
    near = checked.finding("there is BackOff")
    assert near["text"] == "Backoff matches none of 2 reasons in the last hour; there is BackOff"
    assert near["do"] == ["reason=BackOff, if that was meant"]
    assert checked.about("sink-2 namespaces=") == [
        f"{namespace[:-1]}: no event is about this namespace; there is {namespace}"
    ]


async def test_a_route_for_the_rest_is_not_credited_with_what_others_take(pipeline: Pipeline) -> None:
    """What it takes, and how much is others'; a route for the rest that has nothing left is well, too."""
    await pipeline.event("one", lastTimestamp=now_text())
    await pipeline.event("two", lastTimestamp=now_text(), reason="Evicted")
    checked = await check(
        pipeline, pipeline.group.sink("reason=BackOff"), pipeline.group.sink("route=rest&default=true")
    )
    assert checked.about("rest", "✓")[1:] == ["takes 1 of 2 events in the last hour: Evicted 1; other routes take 1"]
    checked = await check(
        pipeline, pipeline.group.sink(), pipeline.group.sink("route=rest&default=true&reason=BackOff")
    )
    assert checked.about("rest", "✓")[1:] == [
        "takes none of 2 events in the last hour: reason= refuses 1, other routes take 1"
    ]
    assert checked.about("rest", "!") == []


async def test_a_template_that_may_not_be_read_is_not_called_good(demo: Demo) -> None:
    """The missing right is said once; of the template only that it was not read."""
    may_not = refused(forbidden("list", "configmaps", user="system:serviceaccount:ns:eventer"))
    demo.api.faults.plan(may_not, when=lists_of("configmaps"), times=4)
    source = f"--source=kubernetes:{demo.url}?inClusterConfig=false"
    checked = await run({}, source, demo.group.sink("custom_body_configmap=words"))
    assert checked.about("ConfigMap default/words", "✗")
    assert checked.about("sink-1 template") == [
        "ConfigMap default/words: was not read, see above; the built-in body would be sent"
    ]


async def test_the_last_hour_is_played_through_the_routes(pipeline: Pipeline) -> None:
    """How many messages each group would have got, and what no route took; nothing is sent."""
    for number in range(30):
        at = datetime.now(UTC) - timedelta(minutes=30, seconds=-number)
        text = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        await pipeline.event(f"a{number}", reason=f"Storm{number}", lastTimestamp=text, message="x" * number)
    await pipeline.event("orphan", reason="Orphan", lastTimestamp=now_text())
    checked = await check(pipeline, pipeline.group.sink("reason=Storm"), "--since=1h")
    assert checked.status == 0
    section = [each for each in checked.findings if "played through the routes" in each["section"]]
    told = next(each["text"] for each in section if each["mark"] == "✓")
    messages = int(told.split()[0])
    # 15 or 16 leave alone while more than 5 slots are free; then at most one digest in 3 s.
    assert 18 <= messages <= 22
    assert "messages for 30 versions of events" in told
    nobodys = next(each for each in section if each["mark"] == "!")
    assert nobodys["text"].startswith("1 Warning;")
    assert nobodys["shown"] == [f"1× Orphan in {pipeline.server.namespace}"]
    assert not pipeline.group.wecom.requests


@pytest.mark.parametrize("asked", ["{namespace}/one", "{namespace}/pod/api-7d4b9"])
async def test_one_event_is_explained_route_by_route(pipeline: Pipeline, asked: str) -> None:
    """Which filter takes or refuses it, what would be sent, what a silence does."""
    namespace = pipeline.server.namespace
    await pipeline.event("one", lastTimestamp=now_text(), message="the disk is full")
    await pipeline.config_map(
        "quiet", a="{reason: BackOff, route: quiet, until: 2099-01-01 00:00, by: wangqing, why: a migration}"
    )
    checked = await check(
        pipeline,
        f"--silence-configmap={namespace}/quiet",
        pipeline.group.sink("route=takes"),
        pipeline.group.sink("route=quiet"),
        pipeline.group.sink("route=nodes&kinds=Node"),
        pipeline.group.sink("route=rest&default=true"),
        f"--event={asked.format(namespace=namespace)}",
    )
    taken = next(each for each in checked.findings if each["subject"] == "takes" and each["section"] == "Routes")
    assert taken["text"].startswith("takes it, to wecom-")
    assert any("the disk is full" in line for line in taken["shown"])
    assert checked.about("quiet", "!")[0].startswith("silenced until 2099-01-01 00:00 by wangqing: a migration")
    assert checked.about("nodes", "·") == ["kinds= refuses it: the object is a Pod, the route takes Node"]
    assert checked.about("rest", "·") == ["would take it, but default=true is for what no other route takes"]
    assert not pipeline.group.wecom.requests


async def test_an_event_that_is_not_there_is_said(pipeline: Pipeline) -> None:
    """With where to look; what is no name of an event, too."""
    namespace = pipeline.server.namespace
    checked = await check(pipeline, pipeline.group.sink(), f"--event={namespace}/nope")
    assert checked.status == 1
    assert f"kubectl -n {namespace} get events" in checked.marked("✗")[0]
    for name in ("nope", "a?b/c", "a/b\x01", f"{namespace}/pod/a,b", "../x"):
        checked = await check(pipeline, pipeline.group.sink(), f"--event={name}")
        assert "write NAMESPACE/NAME of an event" in checked.marked("✗")[0]


@pytest.mark.parametrize("body", ['[1, "{{ .Reason }}"]', '{"msgtype": ["{{ .Reason }}"]}', "{{ .Reason }}"])
async def test_what_a_service_would_get_of_an_event_is_shown_whatever_it_is(pipeline: Pipeline, body: str) -> None:
    """Only a chat's body is an object with a text in it."""
    namespace = pipeline.server.namespace
    await pipeline.event("one", lastTimestamp=now_text())
    await pipeline.config_map("cm", content=body)
    sink = f"--sink=webhook:{pipeline.group.url}/hook?{template(pipeline, 'cm')}"
    checked = await check(pipeline, sink, f"--event={namespace}/one")
    made = body.replace("{{ .Reason }}", "BackOff")
    assert checked.finding("takes it")["shown"] == [made]
    assert f"as a body of {len(made)} bytes in the words of {namespace}/cm" in checked.finding("takes it")["text"]


async def test_declared_routes_are_checked_like_those_of_the_args(pipeline: Pipeline) -> None:
    """What was refused and why, what they take, whether their Secret can be read."""
    tenant = Tenant(pipeline)
    sink = f"wecom:?api={pipeline.group.url}"
    data = {
        "sink.good": f"{sink}&key_secret=wecom-robot",
        "sink.bad": "wecom:?level=Foo",
        "sink.none": f"{sink}&key_secret=no",
    }
    labels = {"kube-wecom-eventer.io/route": "true"}
    await tenant.write("configmaps", "wecom", metadata={"labels": labels}, data=data)
    await tenant.secret(KEY)
    await pipeline.event("one", lastTimestamp=now_text())
    checked = await check(pipeline, "--namespace-routes", f"--route-allowed-hosts={tenant.host}")
    assert checked.status == 1
    name = f"{tenant.namespace}/wecom"
    assert checked.about(f"{name}/good", "✓") == [
        "takes 1 of 1 event in the last hour: BackOff 1",
        f"Secret {tenant.namespace}/wecom-robot holds a key",
    ]
    assert any("level=Foo" in text for text in checked.about(f"{name}/bad", "✗"))
    assert any("there is none; create it" in text for text in checked.about(f"{name}/none", "✗"))


async def test_the_daemons_own_args_count_where_none_are_given(pipeline: Pipeline, tmp_path: Path) -> None:
    """In its container: kubectl exec deploy/NAME -- /kube-wecom-eventer check."""
    namespace = pipeline.server.namespace
    words = ["/venv/bin/python", "/kube-wecom-eventer", f"--source={pipeline.server.source}", pipeline.group.sink()]
    words += [f"--watch-namespaces={namespace}", "--checkpoint=none"]
    neighbour = tmp_path / "cmdline"
    neighbour.write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
    checked = await run(pipeline.server.environ, neighbour=neighbour)
    assert checked.status == 0
    assert checked.about("args", "·") == ["those of the daemon in this container: process 1, 4 of them"]
    assert "destination=wecom-" in checked.about("sink-1")[0]


async def test_a_clock_that_is_wrong_is_doubted(pipeline: Pipeline) -> None:
    """Compared with the real API server's; the demo's tells no time."""
    checked = await check(pipeline, pipeline.group.sink(), now=lambda: datetime.now(UTC) - timedelta(minutes=10))
    doubts = [each["text"] for each in checked.findings if "this machine's clock" in each["text"]]
    real = pipeline.server.source.startswith("kubernetes:https")
    assert [re.sub(r"\d+", "N", doubt) for doubt in doubts] == (
        ["this machine's clock is N s behind that of the API server"] if real else []
    )


async def test_args_that_cannot_run_are_told_like_the_daemon_does(pipeline: Pipeline) -> None:
    """Status 2, all at once."""
    checked = await check(pipeline, f"{pipeline.group.sink()}&level=Foo&reason=[", "--nope")
    assert checked.status == 2
    assert len(checked.marked("✗")) == 3
    assert {each["section"] for each in checked.findings} == {"Arguments"}


@pytest.mark.parametrize("words", [["-o", "json"], ["-o=json"], ["--output=table", "-o=json"]])
async def test_the_form_may_be_written_short(words: list[str]) -> None:
    """As for the other commands, and for kubectl."""
    out = io.StringIO()
    assert await command.run(words, environ={}, out=out, neighbour=NOBODY) == 2
    assert json.loads(out.getvalue())[0]["mark"] == "✗"


async def test_an_api_server_that_is_not_there_is_told() -> None:
    """With its address, and what went wrong."""
    args = ["--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false", "--sink=log:"]
    checked = await run({}, *args)
    assert checked.status == 1
    (text,) = checked.about("API server")
    assert text.startswith("http://127.0.0.1:9 (no credentials): events can't be listed: ConnectError")


async def test_a_host_whose_page_has_no_end_can_be_reached() -> None:
    """What it says is not read: the command must end."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        sources = "--source=kubernetes:http://127.0.0.1:9?inClusterConfig=false"
        async with asyncio.timeout(20):
            checked = await run({}, sources, f"--sink=webhook:{url}")
    assert checked.about(url, "✓")[0].startswith("can be reached, in ")


async def test_a_proxy_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the kubeconfig's API server and for the sinks; no traceback."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "{apiVersion: v1, kind: Config, current-context: a, users: [{name: a, user: {token: t}}],"
        ' clusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}],'
        " contexts: [{name: a, context: {cluster: a, user: a}}]}"
    )
    monkeypatch.setenv("HTTPS_PROXY", "foo://bar")
    for routes in ((f"--sink=wecom:?key={KEY}", "--send-test"), ("--namespace-routes",)):
        checked = await run({}, f"--source=kubernetes:?auth={kubeconfig}", *routes)
        assert checked.status == 1
        assert [text.split(":")[1].strip() for text in checked.marked("✗")] == [
            "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or the kubeconfig's proxy-url",
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY",
        ]


async def test_a_watched_namespace_that_is_not_there_is_said(pipeline: Pipeline) -> None:
    """A misspelt one has rights and no events, so nothing else would show it."""
    checked = await check(pipeline, f"--watch-namespaces={pipeline.server.namespace},paymnts", pipeline.group.sink())
    assert checked.about("--watch-namespaces", "!") == ["there is no namespace paymnts, so no event of it is told"]


async def test_the_checkpoint_is_looked_at_and_left_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    """Whether there is one, when it was written, and that it can be used."""
    path = tmp_path / "position.json"
    arguments = (f"--checkpoint=file:{path}", pipeline.group.sink())
    assert (await check(pipeline, *arguments)).about("checkpoint") == [f"file {path}: none yet"]
    async with pipeline.daemon(*arguments) as daemon:
        await daemon.ready()
        assert await daemon.stop() == 0
    checked = await check(pipeline, *arguments)
    assert checked.status == 0
    assert checked.about("checkpoint", "✓")[0].startswith(f"file {path}: written at 20")
    path.write_text("{")
    checked = await check(pipeline, *arguments)
    assert checked.status == 1
    assert checked.about("checkpoint", "✗")[0].startswith(f"file {path}: it can't be read")
    assert path.read_text() == "{"
