from __future__ import annotations

import pytest

from kube_wecom_eventer.config.sink import ObjectName, SinkSettings, parse_sink

ROBOT = "webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2"
SEED = (
    f"{ROBOT}&level=Warning&reason=[^Unhealthy]&namespaces=xxxx&header=Content-Type=application/json"
    "&custom_body_configmap=custom-webhook-body0&custom_body_configmap_namespace=xxxx&method=POST"
)


def parse(text: str) -> tuple[SinkSettings | None, list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    sink = parse_sink(text, number=1, environ={}, problems=problems, warnings=warnings)
    return sink, problems, warnings


def accepted(text: str) -> SinkSettings:
    sink, problems, _ = parse(text)
    assert problems == []
    assert sink is not None
    return sink


def test_a_sink_as_users_have_it_today() -> None:
    """Each parameter of a kube-eventer user's webhook sink has its meaning; one is doubtful and said so."""
    sink, problems, warnings = parse(SEED)
    assert sink is not None
    assert problems == []
    assert sink.filter.level == "Warning"
    assert sink.filter.namespaces == {"xxxx"}
    assert sink.filter.reasons == ("[^Unhealthy]",)
    assert sink.template == ObjectName("xxxx", "custom-webhook-body0")
    assert len(warnings) == 1
    assert "exclude_reason=^Unhealthy$" in warnings[0]


def test_options_are_not_part_of_the_url_that_is_called() -> None:
    """kube-eventer sends them along; only the key belongs there."""
    assert accepted(SEED).robot.endpoint.reveal() == ROBOT.removeprefix("webhook:")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/cgi-bin/webhook/send?key=k",
        "https://proxy.example.com/cgi-bin/webhook/send?level=Normal&key=k",
        "https://user:secret@proxy/cgi-bin/webhook/send/?key=k",
    ],
)
def test_a_robot_is_known_by_its_path(url: str) -> None:
    """Companies reach WeCom through proxies of any name."""
    sink = accepted(f"webhook:{url}")
    assert sink.robot.key.reveal() == "k"
    assert "secret" not in sink.robot.shown


def test_nothing_printed_of_a_sink_shows_its_key() -> None:
    """The repr of the settings may end up in a log."""
    assert "hunter2" not in repr(accepted(SEED))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "--sink 1: has no scheme"),
        ("elasticsearch:http://es", "--sink 1: elasticsearch: is kube-eventer's, not supported here"),
        ("carrier-pigeon:x", "--sink 1: carrier-pigeon: unknown scheme"),
        ("webhook:qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2", "--sink 1: webhook: has no usable URL"),
        ("webhook:https://example.com/hook?key=hunter2", "--sink 1: webhook: only WeCom robots"),
        ("webhook:https://h/cgi-bin/webhook/send?level=Normal", "--sink 1: webhook: the robot's URL has no key"),
        (f"{ROBOT}&level=Normal,Warning", "--sink 1: level=Normal,Warning: unknown level; write level=Warning"),
        (f"{ROBOT}&reason=Back[", "--sink 1: reason=Back[: no regular expression in RE2's syntax"),
        (f"{ROBOT}&exclude_reason=(?!x)", "--sink 1: exclude_reason=(?!x): no regular expression"),
    ],
)
def test_a_sink_that_cannot_run_is_refused_in_words(text: str, problem: str) -> None:
    """The line names the sink, the parameter and its value, says what to write, and never shows the key."""
    sink, problems, _ = parse(text)
    assert sink is None
    assert problems[0].startswith(problem)
    assert "hunter2" not in str(problems)


def test_all_problems_of_a_sink_are_told_at_once() -> None:
    """Nobody wants to find them one start at a time."""
    assert len(parse(f"{ROBOT}&level=Foo&reason=[&reason=(")[1]) == 3


@pytest.mark.parametrize(
    ("option", "warning"),
    [
        ("namespace=x", "namespace= is no parameter of a robot and is ignored"),
        ("method=GET", "method=GET: a robot takes POST only, so POST is used"),
        ("header=nothing", "header= holds no name and value and is ignored; write header=NAME=VALUE"),
        ("namespaces=", "namespaces= is empty, so it filters nothing"),
        ("reason=,", "reason= is empty, so it filters nothing"),
        ("level=", "level= is empty, so level=Warning holds"),
        ("custom_body_configmap_namespace=x", "custom_body_configmap_namespace= has no custom_body_configmap="),
    ],
)
def test_what_is_doubtful_is_accepted_and_said(option: str, warning: str) -> None:
    """A Deployment that ran goes on running."""
    sink, problems, warnings = parse(f"{ROBOT}&{option}")
    assert sink is not None
    assert problems == []
    assert len(warnings) == 1
    assert warnings[0].startswith(f"--sink 1: {warning}")


def test_headers_are_split_once_and_kept_secret() -> None:
    """A proxy's token may hold an equals sign, and must not be printed."""
    sink = accepted(f"{ROBOT}&header=Authorization=Basic+YTpi==&header=Content-Type=text/plain")
    assert [(name, value.reveal()) for name, value in sink.headers] == [("Authorization", "Basic YTpi==")]
    assert "YTpi" not in repr(sink)


def test_every_occurrence_of_a_list_counts() -> None:
    """Comma lists may be repeated."""
    sink = accepted(f"{ROBOT}&reason=A,B&reason=C&namespaces=x&namespaces=y,_cluster")
    assert sink.filter.reasons == ("A", "B", "C")
    assert sink.filter.namespaces == {"x", "y", "_cluster"}


def test_a_template_without_a_namespace_is_in_default() -> None:
    """kube-eventer's default."""
    assert accepted(f"{ROBOT}&custom_body_configmap=cm").template == ObjectName("default", "cm")
