"""Whatever we give people to copy works: the args of each Deployment, the template of each ConfigMap."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.building import doubts
from kube_wecom_eventer.config import RouteDefaults, load_settings
from kube_wecom_eventer.config.declared_sink import DEFAULT_HOSTS, parse_declared_sink
from kube_wecom_eventer.config.go_flags import ParsedFlags
from kube_wecom_eventer.config.route_default import parse_route_defaults
from kube_wecom_eventer.declared_routes import ROUTE_LABEL
from kube_wecom_eventer.match.silence_file import read_silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import APPLICATION, DINGTALK, ROBOT, Bodies, Renderer, Templates
from tests.support.events import make_event

ROOT = Path(__file__).parents[1]
DOUBTED_ON_PURPOSE = ("[^Unhealthy]",)
VALUES = {"MAIL_URL": "mailtos://user:pass@smtp.example.com:587?from=eventer@example.com&to=ops@example.com"}
"""Of variables that must hold something sensible."""


def objects(kind: str) -> list[Any]:
    """Return each object of a kind in manifests/ and examples/, named after its file; rendered files say the same."""
    return [
        pytest.param(each, id=f"{path.relative_to(ROOT)}:{each['metadata']['name']}")
        for path in sorted([*ROOT.glob("manifests/**/*.yaml"), *ROOT.glob("examples/**/*.yaml")])
        if not path.name.startswith("install")
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if each and each.get("kind") == kind
    ]


def declares_routes(written: dict[str, Any]) -> bool:
    """Return whether this is a ConfigMap with the routes' label."""
    return written.get("kind") == "ConfigMap" and ROUTE_LABEL in written["metadata"].get("labels", {})


DAEMONS = [param for param in objects("Deployment") if param.values[0]["metadata"]["name"] != "wecom-proxy"]


@pytest.mark.parametrize("deployment", DAEMONS)
def test_the_args_of_each_deployment_run_without_a_doubt(deployment: dict[str, Any]) -> None:
    """No problem, no warning; the one that kube-eventer's users know is left in theirs."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    environ = {each["name"]: each.get("value") or VALUES.get(each["name"], "k") for each in container.get("env", [])}
    environ |= {"WECOM_ROBOT_KEY": "k"}
    read = load_settings([*container.get("command", [])[1:], *container.get("args", [])], environ=environ)
    warnings = [*read.warnings, *(doubt for sink in read.sinks for doubt in doubts(sink))]
    assert [each for each in warnings if not any(known in each for known in DOUBTED_ON_PURPOSE)] == []


def lent() -> RouteDefaults:
    """Return what examples/tenants lends to routes that name only people."""
    text = (ROOT / "examples/tenants/kustomization.yaml").read_text(encoding="utf-8")
    flags = ParsedFlags(values={"route-default": re.findall(r"value: --route-default=(.*)", text)})
    defaults = parse_route_defaults(flags, {}, declared=True)
    assert (sorted(defaults), flags.problems, flags.warnings) == (["apprise", "wechat"], [], [])
    return defaults


def routes_of(config_map: dict[str, Any]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the problems and the doubts of each route that a ConfigMap declares."""
    metadata, data = config_map["metadata"], config_map["data"]
    assert metadata["labels"] == {ROUTE_LABEL: "true"}
    for key in data:
        if key.partition(".")[0] == "content":
            assert f"sink{key.removeprefix('content')}" in data
            continue
        problems: list[str] = []
        warnings: list[str] = []
        sink = parse_declared_sink(
            data[key],
            name=metadata["name"],
            namespace=metadata["namespace"],
            allowed_hosts=DEFAULT_HOSTS,
            everywhere=metadata["namespace"] == "kube-wecom-eventer",
            defaults=lent(),
            problems=problems,
            warnings=warnings,
        )
        yield problems, [*warnings, *(doubts(sink) if sink else ())]


@pytest.mark.parametrize("config_map", [each for each in objects("ConfigMap") if declares_routes(each.values[0])])
def test_each_declared_route_is_taken_without_a_doubt(config_map: dict[str, Any]) -> None:
    """As the daemon reads it, with the hosts that it allows unless told otherwise."""
    found = list(routes_of(config_map))
    assert found
    assert found == [([], [])] * len(found)


@pytest.mark.parametrize("page", ["routing.md", "routing.zh-CN.md"])
def test_the_routes_that_are_documented_are_taken_without_a_doubt(page: str) -> None:
    """Each ConfigMap that people copy from the page; what they copy else is what the examples have."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    written = [each for block in blocks for each in yaml.safe_load_all(dedent(block))]
    declaring = [each for each in written if declares_routes(each)]
    assert len(declaring) >= 2
    for each in declaring:
        for found in routes_of(each):
            assert found == ([], [])
    example = (ROOT / "examples/namespace-routes/team/rbac.yaml").read_text(encoding="utf-8")
    roles = [each for each in written if each.get("kind") in {"Role", "RoleBinding"}]
    assert roles == list(yaml.safe_load_all(example))


@pytest.mark.parametrize("page", ["sinks.md", "sinks.zh-CN.md"])
def test_the_sinks_that_are_documented_run_without_a_doubt(page: str) -> None:
    """Each that people copy from the page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    sinks = re.findall(r"(?m)^--sink=\S+$", text)
    assert len(sinks) == 4
    environ = {"WECOM_ROBOT_KEY": "k", "WECOM_APPLICATION_SECRET": "s", "DINGTALK_TOKEN": "t", "DINGTALK_SIGN": "SEC"}
    read = load_settings(sinks, environ=environ)
    assert [*read.warnings, *(doubt for sink in read.sinks for doubt in doubts(sink))] == []


SILENCES = [param for param in objects("ConfigMap") if param.values[0]["metadata"]["name"] == "silences"]


@pytest.mark.parametrize("config_map", SILENCES)
def test_each_silence_can_be_read(config_map: dict[str, Any]) -> None:
    """No problem, no doubt; the routes are those of the Deployment beside it."""
    for key, text in config_map["data"].items():
        reading = read_silences(key, text, zone=UTC, routes=["payments", "platform"])
        assert (reading.problems, reading.doubts) == ((), ())
        assert reading.silences


@pytest.mark.parametrize("page", ["silences.md", "silences.zh-CN.md"])
def test_the_silence_that_is_documented_can_be_read(page: str) -> None:
    """What people copy from the page."""
    block = (ROOT / "docs" / page).read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    ((key, text),) = yaml.safe_load(block)["data"].items()
    reading = read_silences(key, text, zone=UTC, routes=[])
    assert (len(reading.silences), reading.problems) == (1, ())


CHATS = {"examples/wechat/": APPLICATION, "examples/dingtalk/": DINGTALK}
"""Whose templates are not a WeCom robot's."""

TEMPLATES = [
    param for param in objects("ConfigMap") if {"content", "content.j2"} & set(param.values[0].get("data") or {})
]
TEMPLATES += [
    pytest.param({"data": {"content": text}}, id=f"{param.id}:{key}")
    for param in objects("ConfigMap")
    for key, text in param.values[0]["data"].items()
    if key.startswith("content.") and key != "content.j2"
]

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=3000) | st.sampled_from(
    ['"\\', "<@all>", "</font>", "```", "{{ .X }}", "\x00" * 50, "错" * 3000, '"}}', "[x](http://y)", "\n> **a**\n"]
)


@pytest.mark.parametrize(
    ("config_map", "bodies"),
    [
        pytest.param(
            *param.values,
            next((bodies for folder, bodies in CHATS.items() if str(param.id).startswith(folder)), ROBOT),
            id=param.id,
        )
        for param in TEMPLATES
    ],
)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(texts=st.tuples(_TEXTS, _TEXTS, _TEXTS), namespace=st.sampled_from(["", "payments"]), count=st.integers(0, 9))
def test_any_event_through_each_template_is_a_valid_message(
    config_map: dict[str, Any], bodies: Bodies, texts: tuple[str, str, str], namespace: str, count: int
) -> None:
    """It parses, is within its limit, is the template's own and not the built-in body, and mentions only its people."""
    metrics = Metrics()
    templates = Templates(metrics=metrics)
    templates.update("ns/cm", config_map["data"])
    message, reason, name = texts
    event = make_event(
        message=message,
        reason=reason,
        count=count,
        involvedObject={"kind": "Pod", "name": name, "namespace": namespace},
    )
    sent = Renderer(templates=templates, zone=UTC, bodies=bodies).render(event, template="ns/cm")
    assert not sent.built_in
    body = json.loads(sent.body)
    content = bodies.text_of(body) or ""
    assert 0 < len(content.encode()) <= bodies.types[body["msgtype"]].limit
    own = " ".join(config_map["data"].values())
    assert content.count("<@") <= own.count("<@")
    if body["msgtype"] == "markdown":
        assert content.count("<font") == content.count("</font>")
