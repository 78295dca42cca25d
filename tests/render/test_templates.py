from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Renderer, Templates
from tests.support.events import make_event

GO = '{"msgtype":"text","text":{"content":"go {{ .Reason }}"}}'
JINJA = '{"msgtype": "text", "text": {"content": "jinja {{ event.reason }}"}}'


class Followed:
    """A ConfigMap and what is sent because of it."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self._templates = Templates(metrics=self.metrics)
        self._renderer = Renderer(templates=self._templates, zone=ZoneInfo("Asia/Shanghai"))

    def update(self, **data: str) -> list[Any]:
        """Take new data (``content_j2`` for ``content.j2``) and return what was logged."""
        with capture_logs() as logs:
            self._templates.update("ns/cm", {key.replace("_", "."): value for key, value in data.items()})
        return list(logs)

    def used(self, *, robot: bool) -> list[Any]:
        """Say what the template is for, and return what was logged."""
        with capture_logs() as logs:
            self._templates.used_by("ns/cm", robot=robot)
        return list(logs)

    def doubts(self) -> tuple[str, ...]:
        return self._templates.doubts("ns/cm")

    def forget(self) -> None:
        self._templates.forget("ns/cm")

    def content(self) -> str:
        return str(json.loads(self._renderer.render(make_event(), template="ns/cm").body)["text"]["content"])

    def failures(self, stage: str) -> float | None:
        labels = {"template": "ns/cm", "stage": stage}
        return self.metrics.registry.get_sample_value("kube_wecom_eventer_template_failures_total", labels)


def test_each_key_has_its_language() -> None:
    """``content`` is Go's, ``content.j2`` Jinja2's."""
    followed = Followed()
    assert followed.update(content=GO)[0]["key"] == "content"
    assert followed.content() == "go BackOff"
    assert followed.update(content_j2=JINJA)[0]["key"] == "content.j2"
    assert followed.content() == "jinja BackOff"


def test_jinja_counts_where_both_keys_are_there() -> None:
    """And the log says which, once a version."""
    followed = Followed()
    logs = followed.update(content=GO, content_j2=JINJA)
    assert [(entry["event"], entry.get("ignored")) for entry in logs] == [
        ("template_has_two_keys", "content"),
        ("template_loaded", None),
    ]
    assert followed.content() == "jinja BackOff"
    assert followed.update(content=GO + " ", content_j2=JINJA) == []


def test_a_jinja_template_that_does_not_parse_is_said_and_counted() -> None:
    """As one of Go: with its line, and the last good one stays."""
    followed = Followed()
    followed.update(content_j2=JINJA)
    logs = followed.update(content_j2=JINJA + "\n{% if %}")
    assert logs[0]["event"] == "template_unusable"
    assert logs[0]["problem"].startswith("content.j2: line 2: ")
    assert logs[0]["used_instead"] == "the last good template"
    assert followed.failures("parse") == 1
    assert followed.content() == "jinja BackOff"


def test_a_jinja_template_that_fails_on_an_event_costs_its_layout() -> None:
    """The event goes out in the built-in words."""
    followed = Followed()
    followed.update(content_j2='{"msgtype": "text", "text": {"content": "{{ event.nope }}"}}')
    with capture_logs() as logs:
        assert followed.content().startswith("⚠️ BackOff")
    assert logs[0]["problem"] == "line 1: 'dict object' has no attribute 'nope'"
    assert followed.failures("render") == 1


MISPLACED = '{"msgtype":"text","text":{"content":"{{ .Reason }}"},\n"mentioned_list":["wangqing"]}'
DETAIL = (
    "line 2: mentioned_list stands at the top of the body, where WeCom ignores it; "
    'move it into "text": {"content": "...", "mentioned_list": [...]}'
)


def test_a_syntax_error_is_said_with_its_line_and_what_to_write() -> None:
    """Go's own words rarely say that."""
    (line,) = Followed().update(content='{"msgtype":"text",\n"text":{"content":"{{ if eq .Type \\"x\\" }}"}}')
    assert line["event"] == "template_unusable"
    assert line["problem"] == "content: line 2: unexpected '\\\\' in operand"
    assert line["line"] == 2
    assert line["hint"] == 'quotes inside {{ }} need no backslash: {{ if eq .Type "Warning" }}'


def test_a_failure_on_an_event_is_said_with_what_to_write() -> None:
    """Once, as ever."""
    followed = Followed()
    followed.update(content='{"msgtype":"text","text":{"content":"{{ .Series.Count }}"}}')
    with capture_logs() as logs:
        followed.content()
        followed.content()
    assert [(entry["event"], entry["hint"]) for entry in logs] == [
        ("template_failed", "few events have a series: {{ with .Series }}{{ .Count }}{{ end }}")
    ]


def test_what_is_doubtful_is_said_once_a_change() -> None:
    """By its code, so that one can look it up; what is mended is forgotten, what comes back is said again."""
    followed = Followed()
    assert followed.used(robot=True) == []
    logs = followed.update(content=MISPLACED)
    assert [(entry["event"], entry.get("code"), entry.get("detail")) for entry in logs] == [
        ("template_loaded", None, None),
        ("template_doubtful", "mentions_misplaced", DETAIL),
    ]
    assert followed.doubts() == (DETAIL,)
    assert [entry["event"] for entry in followed.update(content=MISPLACED + " ")] == ["template_loaded"]
    assert [entry["event"] for entry in followed.update(content=GO)] == ["template_loaded"]
    assert followed.doubts() == ()
    assert len(followed.update(content=MISPLACED)) == 2
    followed.forget()
    assert followed.doubts() == ()


def test_what_is_doubtful_depends_on_who_reads_the_message() -> None:
    """A template that nobody uses yet is not looked at; another service's may have any form."""
    followed = Followed()
    assert [entry["event"] for entry in followed.update(content=MISPLACED)] == ["template_loaded"]
    assert followed.used(robot=False) == []
    assert [entry["code"] for entry in followed.used(robot=True)] == ["mentions_misplaced"]
    assert followed.used(robot=True) == []
    assert followed.used(robot=False) == []
    assert followed.doubts() == (DETAIL,)


def test_what_is_doubtful_in_jinja2_is_said_too() -> None:
    """In its own terms."""
    followed = Followed()
    followed.used(robot=True)
    logs = followed.update(content_j2='{"msgtype": "text", "text": {"content": "{{ event.Reason }}"}}')
    assert logs[1]["detail"] == "line 1: event.Reason: no Event has that; did you mean event.reason?"


def test_a_broken_edit_is_not_taken_for_a_doubtful_one() -> None:
    """What is doubtful is what is used: the last good template."""
    followed = Followed()
    followed.update(content=GO)
    followed.update(content="{{ ")
    assert followed.used(robot=True) == []
    assert followed.doubts() == ()
