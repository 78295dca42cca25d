from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Renderer, Style, Templates
from tests.support.events import make_event

SEED = (
    r'{"msgtype": "text","text": {"content": "Cluster:name\nEventType:{{ .Type }}\nEventNamespace:'
    r"{{ .InvolvedObject.Namespace }}\nEventKind:{{ .InvolvedObject.Kind }}\nEventObject:{{ .InvolvedObject.Name }}\n"
    r'EventReason:{{ .Reason }}\nEventTime:{{ .LastTimestamp }}\nEventMessage:{{ .Message }}","mentioned_list":'
    r'["wangqing","@all"]}}'
)
NASTY = [
    'quotes " and \\" more',
    "line\nbreak\r\nand\ttab",
    "C:\\temp\\u0041",
    "nul\x00 and bell\x07",
    "emoji 🚀 中文 \u0085 \u2028",
    "{{ .Reason }} {{ template }} {% raw %}",
    "<@all> <@wangqing>",
    '"}}, "mentioned_list": ["@all"]',
    "错" * 100_000,
    'x"\\\n' * 25_000,
    "\x00" * 100_000,
]


class Rendering:
    """A renderer with one template, and what it says about it."""

    def __init__(self, content: str | None = SEED) -> None:
        self.metrics = Metrics()
        self.templates = Templates(metrics=self.metrics)
        if content is not None:
            self.templates.update("ns/cm", {"content": content})
        self._renderer = Renderer(templates=self.templates, zone=ZoneInfo("Asia/Shanghai"))

    def body(self, **event: Any) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._renderer.render(make_event(**event), template="ns/cm").body)
        return body

    def content(self, **event: Any) -> str:
        return str(self.body(**event)["text"]["content"])

    def failures(self, stage: str) -> float:
        labels = {"template": "ns/cm", "stage": stage}
        return self.metrics.registry.get_sample_value("kube_wecom_eventer_template_failures_total", labels) or 0.0


def test_the_template_of_a_kube_eventer_user() -> None:
    """Its fields, its time in the zone's Go print, its mentions."""
    assert Rendering().body() == {
        "msgtype": "text",
        "text": {
            "content": "Cluster:name\nEventType:Warning\nEventNamespace:payments\nEventKind:Pod\n"
            "EventObject:checkout-7d9f\nEventReason:BackOff\nEventTime:2026-11-20 09:02:03 +0800 CST\n"
            "EventMessage:Back-off restarting failed container",
            "mentioned_list": ["wangqing", "@all"],
        },
    }


@pytest.mark.parametrize("message", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("content", [SEED, None], ids=["template", "built-in"])
def test_any_message_arrives_valid_and_within_the_limit(message: str, content: str | None) -> None:
    """Whatever an event holds, the body is JSON of the template's shape, within 2048 bytes, and mentions nobody."""
    rendering = Rendering(content)
    body = rendering.body(message=message)
    assert body["text"].get("mentioned_list") == (["wangqing", "@all"] if content else None)
    text = body["text"]["content"]
    assert len(text.encode()) <= 2048
    assert "<@" not in text
    assert text.startswith("Cluster:name\nEventType:Warning" if content else "⚠️ BackOff · Pod payments/checkout-7d9f")
    assert rendering.failures("render") == 0


def test_what_stands_behind_a_long_message_is_kept() -> None:
    """The message is shortened, not the end of the template."""
    template = '{"msgtype":"text","text":{"content":"{{ .Message }}\\nobject: {{ .InvolvedObject.Name }}"}}'
    text = Rendering(template).content(message="错" * 5000)
    assert text.endswith("…(truncated)\nobject: checkout-7d9f")
    assert 2040 <= len(text.encode()) <= 2048


@pytest.mark.parametrize(
    "template",
    [
        '{"msgtype":"text","text":{"content":"{{ .Nope }}"}}',
        '{"msgtype":"text","text":{"content":"{{ .Reason }}"',
        "{{ .Message }}",
    ],
)
def test_a_template_that_fails_costs_its_layout_not_the_event(template: str) -> None:
    """The built-in body goes out; the failure is counted each time, and said once."""
    with capture_logs() as logs:
        rendering = Rendering(template)
        for _ in range(3):
            assert rendering.content().startswith("⚠️ BackOff · Pod payments/checkout-7d9f")
    assert rendering.failures("render") == 3
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["template_failed"]


def test_a_broken_edit_keeps_the_last_good_template() -> None:
    """And says so; the next good edit shows in the next message."""
    rendering = Rendering('{"msgtype":"text","text":{"content":"one {{ .Reason }}"}}')
    with capture_logs() as logs:
        rendering.templates.update("ns/cm", {"content": '{"msgtype": "{{ .Reason "}'})
    assert rendering.content() == "one BackOff"
    assert logs[0]["event"] == "template_unusable"
    assert logs[0]["used_instead"] == "the last good template"
    assert rendering.failures("parse") == 1
    rendering.templates.update("ns/cm", {"content": '{"msgtype":"text","text":{"content":"two {{ .Reason }}"}}'})
    assert rendering.content() == "two BackOff"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "no such ConfigMap"),
        ({}, "no key 'content' or 'content.j2' in it (it has: none)"),
        ({"Content": "x", "a": "b"}, "no key 'content' or 'content.j2' in it (it has: Content, a)"),
    ],
)
def test_a_missing_template_is_said_and_the_built_in_body_goes_out(data: dict[str, str] | None, problem: str) -> None:
    """kube-eventer falls back silently, to a body that WeCom refuses."""
    rendering = Rendering(None)
    with capture_logs() as logs:
        rendering.templates.update("ns/cm", data)
    assert logs[0]["problem"] == problem
    assert rendering.failures("missing") == 1
    assert rendering.content().startswith("⚠️ BackOff")


def test_a_template_is_parsed_once_for_each_version() -> None:
    """A watch tells a ConfigMap again without a change."""
    with capture_logs() as logs:
        rendering = Rendering()
        rendering.templates.update("ns/cm", {"content": SEED, "other": "changed"})
    assert [entry["event"] for entry in logs] == ["template_loaded"]


def test_the_built_in_body_shows_what_one_asks_first() -> None:
    """What, where, when, how often, from whom, and the message."""
    assert Rendering(None).content() == (
        "⚠️ BackOff · Pod payments/checkout-7d9f\n"
        "时间：2026-11-20 09:02:03 CST\n"
        "发生次数：3 次\n"
        "来源：kubelet@node-1\n"
        "Back-off restarting failed container"
    )


def test_the_built_in_body_of_a_bare_event_is_not_empty() -> None:
    """A Node has no namespace; some events have neither count nor time."""
    text = Rendering(None).content(
        involvedObject={"kind": "Node", "name": "node-1"},
        metadata={},
        type="Normal",
        count=0,
        message="",
        source={},
        firstTimestamp=None,
        lastTimestamp=None,
        reportingComponent="node-controller",
    )
    assert text == "ℹ️ BackOff · Node node-1\n来源：node-controller"


def test_a_style_shapes_the_message_where_there_is_no_template() -> None:
    """Also where a template fails, or WeCom refuses its body."""
    style = Style(msgtype="markdown", lang="en")
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=ZoneInfo("Asia/Shanghai"))
    event = make_event()
    for message in (
        renderer.render(event, template=None, style=style),
        renderer.render(event, template="ns/missing", style=style),
        renderer.built_in(event, style=style),
        renderer.after_refusal([Merged(event)], template="ns/refused", problem="40058", style=style),
    ):
        assert message.built_in
        assert json.loads(message.body)["markdown"]["content"].startswith('**<font color="warning">⚠️ BackOff</font>**')


@pytest.mark.parametrize("kind", ["markdown", "markdown_v2"])
def test_values_do_not_break_the_markup_of_a_templates_markdown(kind: str) -> None:
    """The template's own markup acts, a value's does not; what breaks nothing stays as it was."""
    template = '{"msgtype":"%s","%s":{"content":"<font color=\\"warning\\">`{{ .Reason }}`</font> {{ .Message }}"}}'
    body = Rendering(template % (kind, kind)).body(reason="a`b", message="</font> **x** <@all> ```\n# y")
    assert body[kind]["content"] == ("<font color=\"warning\">`a'b`</font> <\u200b/font> **x** <\u200b@all> '''\n# y")


def test_values_in_plain_text_keep_their_signs() -> None:
    """Text has no markup to break."""
    template = '{"msgtype":"text","text":{"content":"{{ .Message }}"}}'
    assert Rendering(template).content(message="`x` </font> ```") == "`x` </font> ```"


def test_a_message_that_is_printed_twice_is_shortened_until_both_fit() -> None:
    """What stands behind them is kept."""
    template = (
        '{"msgtype":"text","text":{"content":"{{ .Message }}\\n{{ .Message }}\\nobject: {{ .InvolvedObject.Name }}"}}'
    )
    text = Rendering(template).content(message="错" * 1000)
    assert text.endswith("…(truncated)\nobject: checkout-7d9f")
    assert len(text.encode()) <= 2048
