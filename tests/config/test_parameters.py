"""What is declared of sinks, sources and flags is what is read: the reference and the help are made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from kube_wecom_eventer.config.declared_sink import DAEMONS_OWN, PLATFORMS
from kube_wecom_eventer.config.go_flags import ParsedFlags
from kube_wecom_eventer.config.parameter import APPRISE, DINGTALK, ROBOTS, WEBHOOK, WECHAT, Parameter, names
from kube_wecom_eventer.config.route_default import DEFAULT_PARAMETERS, ROUTE_DEFAULT, parse_route_defaults
from kube_wecom_eventer.config.settings import FLAG_GROUPS, FREQUENCY, MAX_PROCS, SINK, Settings, load_settings
from kube_wecom_eventer.config.sink import PARAMETER_GROUPS, SinkSettings, parse_sink
from kube_wecom_eventer.config.source import SOURCE_PARAMETERS, parse_source
from kube_wecom_eventer.config.target import SINK_SCHEMES, WebhookTarget
from kube_wecom_eventer.config.uri import OptionUri

SINKS = {
    "wecom:?key=k": {"wecom:", ROBOTS},
    "webhook:https://h/cgi-bin/webhook/send?key=k": {ROBOTS},
    "wechat:?corp_id=c&agent_id=1&corp_secret=s": {WECHAT},
    "dingtalk:https://h/robot/send?access_token=t": {DINGTALK},
    "webhook:https://h/robot/send?access_token=t": {DINGTALK},
    "apprise:mailto://user:pass@example.com?x=1": {APPRISE},
    "webhook:https://h/hook?x=1": {WEBHOOK},
    "log:?x=1": {"log:"},
}
"""One of each kind, with what `Parameter.sinks` calls it; who adds a kind adds one."""

PARAMETERS = tuple(parameter for group in PARAMETER_GROUPS for parameter in group.parameters)
FLAGS = tuple(flag for group in FLAG_GROUPS for flag in group.flags)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the names of all options that are asked for from now on."""
    seen: set[str] = set()

    def recorded(method: Any) -> Any:
        def ask(uri: OptionUri, name: str) -> Any:
            seen.add(name)
            return method(uri, name)

        return ask

    for method in (OptionUri.first, OptionUri.every):
        monkeypatch.setattr(OptionUri, method.__name__, recorded(method))
    return seen


def parse(text: str) -> tuple[SinkSettings | None, list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    return parse_sink(text, number=1, environ={}, problems=problems, warnings=warnings), problems, warnings


def test_each_parameter_of_a_sink_that_is_read_is_declared_and_the_reverse(asked: set[str]) -> None:
    """So none is missing in the reference, and none stands there in vain."""
    for text in SINKS:
        assert parse(text)[0] is not None
    assert asked == names(PARAMETERS)


def test_each_option_of_a_source_that_is_read_is_declared_and_the_reverse(asked: set[str]) -> None:
    """As for sinks."""
    parse_source("kubernetes:https://h", environ={}, problems=[], warnings=[])
    assert asked == names(SOURCE_PARAMETERS)


def test_each_parameter_of_a_route_default_that_is_read_is_declared_and_the_reverse(asked: set[str]) -> None:
    """Beside those of the sinks that it is like."""
    texts = ["wechat:?corp_id=c&agent_id=1&corp_secret=s", "apprise:mailto://user:pass@example.com?allow_domains=h.cc"]
    parse_route_defaults(ParsedFlags(values={ROUTE_DEFAULT.name: texts}), {}, declared=True)
    assert asked - names(PARAMETERS) == names(DEFAULT_PARAMETERS)


def test_each_flag_that_is_declared_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is read and not declared would be unknown to the parser."""
    read = set()
    last = ParsedFlags.last

    def recorded(flags: ParsedFlags, flag: Any) -> str | None:
        read.add(flag)
        return last(flags, flag)

    monkeypatch.setattr(ParsedFlags, "last", recorded)
    load_settings(["--sink=log:", "--leader-elect", "--namespace-routes"], environ={})
    # All values of --sink and --route-default count, and what has no effect is read by nobody.
    assert read == set(FLAGS) - {SINK, ROUTE_DEFAULT, FREQUENCY, MAX_PROCS}


@pytest.mark.parametrize("group", PARAMETER_GROUPS, ids=lambda group: group.title)
def test_no_parameter_is_declared_twice_in_a_group(group: Any) -> None:
    """Kinds of sinks may have parameters of one name, each in its own group."""
    assert [name for name, count in Counter(each.name for each in group.parameters).items() if count > 1] == []


@pytest.mark.parametrize("parameter", [each for each in PARAMETERS if each.default], ids=lambda each: each.name)
def test_a_declared_default_is_what_holds_without_the_parameter(parameter: Parameter) -> None:
    """Writing it changes nothing."""
    for text in (text for text, kinds in SINKS.items() if not parameter.sinks or kinds & {*parameter.sinks}):
        left_out, written = parse(text)[0], parse(f"{text}&{parameter.name}={parameter.default}")[0]
        assert left_out is not None
        assert written is not None
        assert replace(written, identity=left_out.identity) == left_out


def test_a_declared_default_of_a_flag_is_what_holds_without_it() -> None:
    """Writing it changes nothing, but that it may be doubted beside flags that are not there."""

    def without_doubts(*args: str) -> Settings:
        return replace(load_settings(["--sink=log:", *args], environ={"TZ": "UTC"}), warnings=())

    for flag in FLAGS:
        if flag.default is not None:
            assert without_doubts(f"--{flag.name}={flag.default}") == without_doubts(), flag.name


def test_parameters_name_sinks_that_there_are() -> None:
    """`robots`, `webhook:`, or a scheme."""
    known = {ROBOTS, WEBHOOK, *(f"{scheme.form.partition(':')[0]}:" for scheme in SINK_SCHEMES)}
    assert {sink for parameter in PARAMETERS for sink in parameter.sinks} <= known


def test_what_declared_sinks_may_not_have_are_parameters() -> None:
    """A name that changes must change there, too."""
    assert {*DAEMONS_OWN, *PLATFORMS} <= names(PARAMETERS)


@pytest.mark.parametrize("declared", [*PARAMETERS, *SOURCE_PARAMETERS, *FLAGS], ids=lambda each: each.name)
def test_each_help_is_a_sentence(declared: Any) -> None:
    """They stand in a table together; code stands in pairs of backquotes."""
    assert declared.help[0] in "`" or declared.help[0].isupper() or declared.help[0].isdigit()
    assert declared.help.endswith((".", "..."))
    assert declared.help.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("wecom:?key=k&namespace=x", "namespace= is no parameter of a robot and is ignored; did you mean namespaces?"),
        ("wecom:?key=k&mention_list=x", "mention_list= is no parameter of a robot and is ignored; did you mean me"),
        ("wecom:?key=k&keyfile=/x", "keyfile= is no parameter of a robot and is ignored; did you mean key_file?"),
        ("wecom:?key=k&color=red", "color= is no parameter of a robot and is ignored"),
        (
            "wechat:?corp_id=c&agent_id=1&corp_secret=s&to_users=a",
            "to_users= is no parameter of wechat: and is ignored; did you mean to_user?",
        ),
        (
            "dingtalk:?access_token=t&signs=a",
            "signs= is no parameter of a DingTalk robot and is ignored; did you mean sign?",
        ),
        ("log:?kind=Pod", "kind= is no parameter of log: and is ignored; did you mean kinds?"),
        (
            "webhook:https://h/x?reasons=OOM",
            "reasons= is left in the URL; did you mean reason? If it is the URL's own, write query=reasons=VALUE",
        ),
    ],
)
def test_a_parameter_that_nobody_reads_is_doubted(text: str, warning: str) -> None:
    """And where it looks like a known one, that one is named."""
    sink, problems, warnings = parse(text)
    assert sink is not None
    assert problems == []
    (line,) = warnings
    assert line.startswith(f"--sink 1: {warning}")


def test_a_webhooks_own_parameters_are_not_doubted() -> None:
    """They stay in the URL on purpose; one that looks like ours can be written so that it is not doubted."""
    sink, _, warnings = parse("webhook:https://h/x?token=t&key=k&query=reasons=OOM")
    assert sink is not None
    assert warnings == []
    assert isinstance(sink.target, WebhookTarget)
    assert sink.target.endpoint.reveal() == "https://h/x?token=t&key=k&reasons=OOM"
