"""Templates for alerts: over all alerts of a message, as a body or only its text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from kube_wecom_eventer.alert import AlertGroup
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import (
    APPLICATION,
    DINGTALK,
    Bodies,
    Limits,
    Merged,
    Message,
    Renderer,
    Style,
    Templates,
    WebhookWording,
)
from tests.support.alerts import START, make_alert_event
from tests.support.events import make_event

NOW = START + timedelta(hours=1)
GROUP = AlertGroup(receiver="ops", labels={"alertname": "HighLatency"}, external_url="http://am:9093")
FIRES = make_alert_event(group=GROUP, annotations={"summary": "p99 is above 2 s"})
OVER = make_alert_event(group=GROUP, labels={"deployment": "cart"}, lasted=timedelta(minutes=12))

TEXT = """\
{{ define "list" }}{{ range . }}- {{ .Labels.deployment }}: {{ .Annotations.summary }}
{{ end }}{{ end -}}
[{{ .Status | toUpper }}] "{{ .GroupLabels.alertname }}"
{{ template "list" .Alerts.Firing }}{{ with .Alerts.Resolved }}over:
{{ template "list" . }}{{ end }}"""
BODY = (
    '{"msgtype": "markdown", "markdown": {"content": "# {{ .Status }} {{ len .Alerts }}{{ range .Alerts }}\n'
    '> {{ .Labels.deployment }} {{ .Annotations.summary }}{{ end }}"}}'
)


class Trial:
    """A renderer with one template."""

    def __init__(self, template: str | None, *, limits: Limits | None = None, **more: str) -> None:
        self.metrics = Metrics()
        self.templates = Templates(metrics=self.metrics)
        data = {**({"alert_content": template} if template is not None else {}), **more}
        self.templates.update("ns/cm", data, limits=limits)
        self.renderer = Renderer(templates=self.templates, zone=ZoneInfo("Asia/Shanghai"), now=lambda: NOW)

    def message(self, *items: Event | Merged, people: Sequence[str] = (), **style: Any) -> Message:
        merged = [each if isinstance(each, Merged) else Merged(each) for each in items]
        chosen = Style(**style)
        if len(merged) > 1:
            return self.renderer.digest(merged, template="ns/cm", style=chosen, people=people)
        event, count = merged[0].event, merged[0].count
        return self.renderer.render(event, template="ns/cm", style=chosen, count=count, people=people)

    def body(self, *items: Event | Merged, people: Sequence[str] = (), **style: Any) -> Any:
        message = self.message(*items, people=people, **style)
        assert not message.built_in
        return json.loads(message.body)

    def failures(self, stage: str) -> float:
        labels = {"template": "ns/cm", "stage": stage}
        return self.metrics.registry.get_sample_value("kube_wecom_eventer_template_failures_total", labels) or 0.0


def test_a_text_is_enough() -> None:
    """A file of templates as Alertmanager has it: what it makes is the content, in the sink's msgtype."""
    trial = Trial(TEXT)
    text = '[FIRING] "HighLatency"\n- checkout: p99 is above 2 s\nover:\n- cart: p99 is above 2 s'
    assert trial.body(FIRES, OVER) == {"msgtype": "text", "text": {"content": text}}
    assert trial.body(FIRES, OVER, msgtype="markdown_v2") == {
        "msgtype": "markdown_v2",
        "markdown_v2": {"content": text},
    }
    assert trial.body(FIRES, OVER, msgtype="template_card")["msgtype"] == "text"
    single = trial.body(OVER, mentioned_list=("wangqing",))
    assert single["text"] == {
        "content": '[RESOLVED] "HighLatency"\nover:\n- cart: p99 is above 2 s',
        "mentioned_list": ["wangqing"],
    }
    markdown = trial.body(OVER, msgtype="markdown", mentioned_list=("wangqing",))
    assert markdown["markdown"]["content"].endswith("- cart: p99 is above 2 s\n\n<@wangqing>")


@pytest.mark.parametrize(
    ("bodies", "msgtype", "kind"),
    [
        (DINGTALK, "markdown", "markdown"),
        (DINGTALK, "text", "text"),
        (APPLICATION, "textcard", "text"),
        (APPLICATION, "markdown", "markdown"),
    ],
)
def test_other_chats_have_texts_too(bodies: Bodies, msgtype: str, kind: str) -> None:
    """DingTalk's markdown gets the first line as its title; a card has no room for a text."""
    templates = Templates(metrics=Metrics())
    templates.update("ns/cm", {"alert_content": TEXT})
    renderer = Renderer(templates=templates, zone=UTC, bodies=bodies)
    message = renderer.digest([Merged(FIRES), Merged(OVER)], template="ns/cm", style=Style(msgtype=msgtype))
    payload = json.loads(message.body)
    assert (message.built_in, payload["msgtype"]) == (False, kind)
    text = bodies.text_of(payload)
    assert text is not None
    assert text.startswith('[FIRING] "HighLatency"\n- checkout')
    if bodies is DINGTALK and kind == "markdown":
        assert payload["markdown"]["title"] == '[FIRING] "HighLatency"'


def test_a_body_is_a_body() -> None:
    """In JSON, as kube-eventer's templates are; raw newlines are mended."""
    content = "# firing 2\n> checkout p99 is above 2 s\n> cart p99 is above 2 s"
    assert Trial(BODY).body(FIRES, OVER) == {"msgtype": "markdown", "markdown": {"content": content}}


def test_people_in_charge_are_mentioned() -> None:
    """mention_owner holds for templates' bodies, too."""
    assert Trial("{{ .Status }}").body(FIRES, people=["zhaoli"])["text"]["mentioned_list"] == ["zhaoli"]


def test_one_message_knows_its_number() -> None:
    """×N stands in the first line where a listed alert stands for more than one."""
    assert Trial("{{ .Status }}\nx").body(Merged(FIRES, 3))["text"]["content"] == "firing ×3\nx"
    assert Trial("{{ .Status }}\nx").body(FIRES, OVER)["text"]["content"] == "firing\nx"


@pytest.mark.parametrize("msgtype", ["text", "markdown"])
def test_what_is_too_long_has_fewer_alerts(msgtype: str) -> None:
    """The template is asked for as many as fit; the others are summed, and all are counted in the first line."""
    events = [make_alert_event(labels={"deployment": f"d-{n}"}, annotations={"summary": "x" * 150}) for n in range(90)]
    content = Trial(TEXT).body(*events, msgtype=msgtype)[msgtype]["content"]
    lines = content.split("\n")
    listed = sum(line.startswith("- d-") for line in lines)
    assert len(content.encode()) <= {"text": 2048, "markdown": 4096}[msgtype]
    assert lines[0] == '[FIRING] "" ×90'
    assert lines[-1] == f"其余：payments HighLatency ×{90 - listed}"
    assert 8 <= listed < 40


def test_one_alert_that_is_too_long_is_cut() -> None:
    """With a mark."""
    event = make_alert_event(annotations={"summary": "x" * 4000})
    content = Trial(TEXT).body(event)["text"]["content"]
    assert len(content.encode()) <= 2048
    assert content.endswith("…(truncated)")


@pytest.mark.parametrize(
    ("template", "stage"),
    [
        ("{{ .Nope }}", "render"),
        ('{"msgtype": "text"}', "render"),
        ('{"msgtype": {{ .Status }', "parse"),
        ("  {{/* nothing */}} ", "render"),
        ("{{ range .Alerts }}", "parse"),
        ("{{ nope }}", "parse"),
    ],
)
def test_a_template_that_fails_costs_its_layout(template: str, stage: str) -> None:
    """The built-in words go out; it is said once, and counted each time."""
    with capture_logs() as logs:
        trial = Trial(template)
        messages = [trial.message(FIRES), trial.message(FIRES, OVER)]
    assert [message.built_in for message in messages] == [True, True]
    assert trial.failures(stage) == (2 if stage == "render" else 1)
    assert [line["event"] for line in logs] == {
        "render": ["template_loaded", "template_failed"],
        "parse": ["template_unusable"],
    }[stage]
    assert "alert_content: " in trial.templates.trouble("ns/cm")


def test_events_and_alerts_have_templates_of_their_own() -> None:
    """An event's template makes no message of an alert: it could not say that it is over."""
    both = Trial("alerts: {{ .Status }}", content='{"msgtype":"text","text":{"content":"event: {{ .Reason }}"}}')
    assert both.body(FIRES)["text"]["content"] == "alerts: firing"
    assert both.body(make_event())["text"]["content"] == "event: BackOff"
    assert Trial(None, content='{"msgtype":"text","text":{"content":"x"}}').message(FIRES).built_in
    with capture_logs() as logs:
        only = Trial("{{ .Status }}")
    assert only.message(make_event()).built_in
    assert [line["event"] for line in logs] == ["template_loaded"]


def test_an_edit_shows_and_a_mistake_does_not() -> None:
    """As with templates of events; a key that is taken away takes its template with it."""
    trial = Trial("one")

    def after(data: dict[str, str] | None) -> str:
        trial.templates.update("ns/cm", data)
        message = trial.message(FIRES)
        return "built-in" if message.built_in else json.loads(message.body)["text"]["content"]

    assert after({"alert_content": "two"}) == "two"
    assert after({"alert_content": "{{ broken"}) == "two"
    assert after(None) == "two"
    assert after({"content": "x"}) == "built-in"
    assert after({"alert_content": "three"}) == "three"


def test_limits_hold() -> None:
    """Of a team's template: it takes no more steps than it may."""
    trial = Trial(
        "{{ range .Alerts }}{{ range .Labels.SortedPairs }}{{ .Name }}{{ end }}{{ end }}", limits=Limits(steps=9)
    )
    assert trial.message(FIRES).built_in
    assert "too many steps" in trial.templates.trouble("ns/cm")


def test_a_regular_expression_is_bounded() -> None:
    """Neither its size nor what it makes of a text holds the loop."""
    for text in ('{{ match "(x{1000}){1000}" "y" }}', '{{ reReplaceAll "" "{{ printf `%1000s` `x` }}" .Status }}'):
        Trial(text).message(FIRES)
    doubling = "{{ $x := .Status }}" + '{{ $x = reReplaceAll "(.*)" "$1$1$1$1" $x }}' * 30 + "{{ $x }}"
    assert Trial(doubling).message(FIRES).built_in


def test_newer_alertmanagers_print_labels_in_words() -> None:
    """KV and Pairs have had a String method since Alertmanager 0.26."""
    text = "{{ .GroupLabels }} / {{ (index .Alerts 0).Labels.SortedPairs }} / {{ print .CommonLabels }}"
    labels = "alertname=HighLatency, deployment=checkout, namespace=payments, severity=critical"
    assert Trial(text).body(FIRES)["text"]["content"] == f"alertname=HighLatency / {labels} / {labels}"


def test_times_are_in_utc_and_local_is_ours() -> None:
    """As in Alertmanager, so that templates which add eight hours go on."""
    parts = [
        '{{ .StartsAt.Format "15:04" }}',
        '{{ (.StartsAt.Add 28800e9).Format "15:04" }}',
        '{{ .StartsAt.Local.Format "15:04 MST" }}',
        "{{ since .StartsAt }}",
    ]
    text = f"{{{{ with index .Alerts 0 }}}}{' '.join(parts)}{{{{ end }}}}"
    assert Trial(text).body(FIRES)["text"]["content"] == "10:00 18:00 18:00 CST 1h0m0s"


def test_another_service_gets_what_its_template_makes() -> None:
    """One alert at a time; without a template kube-eventer's fields, and those of the alert."""
    templates = Templates(metrics=Metrics())
    templates.update(
        "ns/cm", {"alert_content": '{"s": {{ toJson .Status }}, "n": "{{ (index .Alerts 0).Labels.deployment }}"}'}
    )

    def sent(template: str | None, event: Event) -> Any:
        wording = WebhookWording(templates=templates, template=template, zone=UTC, now=lambda: NOW)
        return json.loads(wording.message([Merged(event)]).body)

    assert sent("ns/cm", OVER) == {"s": "resolved", "n": "cart"}
    facts = sent(None, OVER)
    assert {
        name: facts[name] for name in ("EventReason", "EventKind", "AlertStatus", "AlertStartsAt", "AlertEndsAt")
    } == {
        "EventReason": "HighLatency",
        "EventKind": "Deployment",
        "AlertStatus": "resolved",
        "AlertStartsAt": "2026-11-20T10:00:00+00:00",
        "AlertEndsAt": "2026-11-20T10:12:00+00:00",
    }
    assert (facts["AlertLabels"], sent(None, FIRES)["AlertEndsAt"]) == (OVER.alert.labels, "")


_TEXT = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ['"\\', "<@all>", "</font>", "`", '"}}, "mentioned_list": ["@all"]', "\n", "错" * 900, "{", "<", "@all>"]
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    summaries=st.lists(_TEXT, min_size=1, max_size=5),
    template=st.sampled_from(
        [TEXT, BODY, "{{ range .Alerts }}<{{ .Annotations.summary }}{{ end }}", "{{ .CommonAnnotations.summary }}!"]
    ),
    msgtype=st.sampled_from(["text", "markdown"]),
)
def test_whatever_an_alert_holds_a_templates_message_is_valid(
    summaries: list[str], template: str, msgtype: str
) -> None:
    """JSON within the limits, in which nobody is mentioned who was not meant."""
    events = [make_alert_event(annotations={"summary": text, "other": text}) for text in summaries]
    message = Trial(template).message(*events, msgtype=msgtype)
    body = json.loads(message.body)
    content = body[body["msgtype"]]["content"]
    assert len(content.encode()) <= 4096
    assert "<@" not in content
    assert "mentioned_list" not in body[body["msgtype"]]


def test_a_template_that_is_too_long_is_refused() -> None:
    """As it is with events' templates."""
    with capture_logs():
        assert "longer than" in Trial("x" * 70_000).templates.trouble("ns/cm")
