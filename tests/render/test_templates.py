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
