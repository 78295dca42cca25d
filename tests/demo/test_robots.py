"""The two groups' routes are written as users of kube-eventer write them."""

from __future__ import annotations

import sys
from datetime import UTC
from urllib.parse import parse_qs, urlsplit

import pytest

from kube_wecom_eventer.config.settings import load_settings
from kube_wecom_eventer.demo.daemon import command_line
from kube_wecom_eventer.demo.robots import broken_template, robots, template
from kube_wecom_eventer.demo.texts import CHINESE, ENGLISH, Texts
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.go_template import GoTemplate
from kube_wecom_eventer.render.json_writer import JsonWriter
from tests.support.events import make_event

ROBOTS = robots(ENGLISH)


def test_the_daemon_is_started_as_users_start_kube_eventer() -> None:
    """The command line holds the source, a sink for each robot, and a free port; the daemon has no doubt about it."""
    line = command_line(api_url="http://127.0.0.1:1", wecom_url="http://127.0.0.1:2", robots=ROBOTS)

    assert line[:3] == [sys.executable, "-m", "kube_wecom_eventer"]
    assert "--source=kubernetes:http://127.0.0.1:1?inClusterConfig=false" in line
    assert "--healthz-port=0" in line
    sink = next(part for part in line if part.startswith("--sink=")).removeprefix("--sink=webhook:")
    assert urlsplit(sink).path == "/cgi-bin/webhook/send"
    assert parse_qs(urlsplit(sink).query) == {
        "key": ["demo-payments-robot"],
        "level": ["Warning"],
        "reason": ["BackOff,Failed,Unhealthy,OOMKilling,Evicted"],
        "namespaces": ["payments,shop"],
        "repeat_interval": ["30s"],
        "header": ["Content-Type=application/json"],
        "method": ["POST"],
        "custom_body_configmap": ["custom-webhook-body0"],
        "custom_body_configmap_namespace": ["default"],
        "lang": ["en"],
    }
    assert not load_settings(line[3:], environ={}).warnings


@pytest.mark.parametrize(
    ("level", "namespace", "reason", "group"),
    [
        ("Warning", "payments", "BackOff", 0),
        ("Warning", "payments", "FailedScheduling", 0),
        ("Warning", "search", "BackOff", 1),
        ("Warning", None, "OOMKilling", 1),
        ("Normal", "payments", "BackOff", None),
        ("Warning", "payments", "Pulled", None),
        ("Warning", "elsewhere", "BackOff", None),
    ],
)
def test_the_demo_knows_what_its_filters_select(
    level: str, namespace: str | None, reason: str, group: int | None
) -> None:
    """The figures count what the sinks' filters take."""
    involved = {"kind": "Pod", **({"namespace": namespace} if namespace else {})}
    event = {"type": level, "reason": reason, "involvedObject": involved}

    assert [robot.selects(event) for robot in ROBOTS] == [group == 0, group == 1]


def test_an_event_may_lack_reason_and_type() -> None:
    """The API server leaves out what is empty."""
    assert not ROBOTS[0].selects({"involvedObject": {"namespace": "payments"}})


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_the_broken_template_breaks_only_when_it_meets_an_event(texts: Texts) -> None:
    """It parses, so it is taken; then it fails, so that the built-in body is seen to go out."""
    GoTemplate.parse(template(texts)).execute(make_event(), JsonWriter(), zone=UTC)
    broken = GoTemplate.parse(broken_template(texts))

    with pytest.raises(TemplateError, match="Raeson"):
        broken.execute(make_event(), JsonWriter(), zone=UTC)
