from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import LogWording, Merged, Message, Templates, WebhookWording
from kube_wecom_eventer.render.message import JSON, PLAIN
from tests.support.events import make_event

NASTY = 'say "no"\nC:\\x <@all>'


def told(template: str | None, **event: str) -> Message:
    templates = Templates(metrics=Metrics())
    if template is not None:
        templates.update("ns/cm", {"content": template})
    name = "ns/cm" if template is not None else None
    wording = WebhookWording(templates=templates, template=name, zone=ZoneInfo("Asia/Shanghai"))
    return wording.message([Merged(make_event(**event))])


def test_without_a_template_kube_eventers_fields_are_sent_as_valid_json() -> None:
    """Its own default body lacks a comma, and nobody could ever parse it."""
    message = told(None, message=NASTY)
    assert json.loads(message.body) == {
        "EventType": "Warning",
        "EventNamespace": "payments",
        "EventKind": "Pod",
        "EventObject": "checkout-7d9f",
        "EventReason": "BackOff",
        "EventTime": "2026-11-20T09:02:03+08:00",
        "EventMessage": NASTY,
    }
    assert message.content_type == JSON


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "0001-01-02T00:00:00+14:00"])
def test_a_time_that_the_zone_would_carry_out_of_the_calendar_costs_nothing(time: str) -> None:
    """Whoever may write events may write such a one."""
    assert json.loads(told(None, lastTimestamp=time).body)["EventTime"] != ""


def test_a_template_of_any_form_that_begins_like_json_is_json() -> None:
    """Values are escaped; there is neither a limit nor a shape to keep."""
    message = told('  {"a": ["{{ .Message }}", {{ .Count }}]}', message=NASTY)
    assert json.loads(message.body) == {"a": [NASTY.replace("<@", "<\u200b@"), 3]}
    assert message.content_type == JSON


@pytest.mark.parametrize(
    ("template", "body"),
    [("reason={{ .Reason }}\n{{ .Message }}", f"reason=BackOff\n{NASTY}"), ("{{ .Message }}", NASTY), ("", "")],
)
def test_any_other_template_is_plain_text(template: str, body: str) -> None:
    """Nothing is escaped there."""
    message = told(template, message=NASTY)
    assert message.body.decode() == body
    assert message.content_type == PLAIN


@pytest.mark.parametrize("template", ['{"a": }', '{"a": "{{ .Nope }}"}'])
def test_a_template_that_fails_costs_its_layout_not_the_event(template: str) -> None:
    """The default fields go out."""
    assert json.loads(told(template).body)["EventReason"] == "BackOff"


def test_there_are_no_other_words_for_a_refused_message() -> None:
    """Whoever expects a form of his own has no use for ours."""
    wording = WebhookWording(templates=Templates(metrics=Metrics()), template=None, zone=ZoneInfo("UTC"))
    assert wording.after_refusal([Merged(make_event())], "HTTP 400") is None
    assert LogWording().after_refusal([Merged(make_event())], "") is None


def test_the_log_has_the_event_itself() -> None:
    """As the API server's own JSON, without empty fields, so that any tool reads it."""
    event = make_event(message=NASTY)
    line = LogWording().message([Merged(event)]).body
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Event) == event
    assert "related" not in json.loads(line)
