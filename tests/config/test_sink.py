from __future__ import annotations

from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.config.object_name import ObjectName
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.config.target import LogTarget, RobotTarget, WebhookTarget
from tests.support.sink_texts import accepted, parse

ROBOT = "webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2"
SEED = (
    f"{ROBOT}&level=Warning&reason=[^Unhealthy]&namespaces=xxxx&header=Content-Type=application/json"
    "&custom_body_configmap=custom-webhook-body0&custom_body_configmap_namespace=xxxx&method=POST"
)


def robot(text: str) -> RobotTarget:
    target = accepted(text).target
    assert isinstance(target, RobotTarget)
    return target


def webhook(text: str) -> WebhookTarget:
    target = accepted(text).target
    assert isinstance(target, WebhookTarget)
    return target


def test_a_sink_as_users_have_it_today() -> None:
    """Each parameter of a kube-eventer user's webhook sink has its meaning; one is doubtful and said so."""
    sink, problems, warnings = parse(SEED)
    assert sink is not None
    assert problems == []
    assert sink.name == "sink-1"
    assert sink.filter.level == "Warning"
    assert sink.filter.namespaces == {"xxxx"}
    assert sink.filter.reasons == ("[^Unhealthy]",)
    assert sink.template == ObjectName("xxxx", "custom-webhook-body0")
    assert len(warnings) == 1
    assert "exclude_reason=^Unhealthy$" in warnings[0]


def test_options_are_not_part_of_the_url_that_is_called() -> None:
    """kube-eventer sends them along; only the key belongs there."""
    assert robot(SEED).endpoint.reveal() == ROBOT.removeprefix("webhook:")


@pytest.mark.parametrize(
    ("uri", "endpoint"),
    [
        (
            "webhook:http://127.0.0.1:8080/cgi-bin/webhook/send?key=k",
            "http://127.0.0.1:8080/cgi-bin/webhook/send?key=k",
        ),
        ("webhook:https://p/x/cgi-bin/webhook/send?level=Normal&key=k", "https://p/x/cgi-bin/webhook/send?key=k"),
        ("webhook:https://u:pw@p/cgi-bin/webhook/send/?key=k", "https://u:pw@p/cgi-bin/webhook/send?key=k"),
        ("wecom:?key=k", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"),
        ("wecom:?key=k&api=http://proxy:8080/wecom/", "http://proxy:8080/wecom/cgi-bin/webhook/send?key=k"),
        ("wecom:?key=k&api=http://p/cgi-bin/webhook/send", "http://p/cgi-bin/webhook/send?key=k"),
        ("wecom:?key=a%26b", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a%26b"),
    ],
)
def test_a_robot_is_known_by_its_path_or_its_scheme(uri: str, endpoint: str) -> None:
    """Companies reach WeCom through proxies of any name; what is printed shows no password."""
    target = robot(uri)
    assert target.endpoint.reveal() == endpoint
    assert "pw" not in target.shown


def test_sinks_with_one_key_are_one_destination() -> None:
    """They share its pace; its name doesn't give the key away."""
    one, two, other = robot(ROBOT), robot(f"{ROBOT}&level=Normal"), robot("wecom:?key=other")
    assert one.destination == two.destination != other.destination
    assert "hunter2" not in one.destination


def test_a_key_is_read_from_a_file(tmp_path: Path) -> None:
    """A Secret mounted as a file, with the newline that editors leave."""
    path = tmp_path / "key"
    path.write_text("hunter2\n")
    assert robot(f"wecom:?key_file={path}").key.reveal() == "hunter2"


@pytest.mark.parametrize("content", ["", "two words", None])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str | None) -> None:
    """The line names the file, not what it holds."""
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    _, problems, _ = parse(f"wecom:?key_file={path}")
    assert len(problems) == 1
    assert problems[0].startswith(f"--sink 1: wecom: key_file={path}: ")
    assert "two words" not in problems[0]


def test_authorities_are_checked_at_start(tmp_path: Path) -> None:
    """A proxy's own certificate authority; a file without certificates is refused."""
    assert robot(f"{ROBOT}&ca_file={certifi.where()}").ca_file == certifi.where()
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    for file in (path, tmp_path / "missing"):
        assert f"ca_file={file}: holds no certificates" in parse(f"{ROBOT}&ca_file={file}")[1][0]


def test_any_other_url_is_a_webhook() -> None:
    """As kube-eventer calls it, by GET unless said; our options never leave, all others do."""
    target = webhook("webhook:https://u:pw@example.com/hook/t0ken?token=a%20b&level=Normal&query=name=x&kinds=Pod")
    assert target.endpoint.reveal() == "https://u:pw@example.com/hook/t0ken?token=a+b&name=x"
    assert target.method == "GET"
    assert target.shown == "https://example.com/***"
    assert webhook("webhook:http://h/x?method=post").method == "POST"
    assert webhook("webhook:http://h/x").endpoint.reveal() == "http://h/x"


def test_the_log_needs_no_url() -> None:
    """kube-eventer's log sink has none either."""
    assert accepted("log:").target == LogTarget()
    assert accepted("log:?level=Normal&kinds=Pod").filter.kinds == {"Pod"}


@pytest.mark.parametrize(
    "uri", [SEED, "webhook:https://h/hunter2?token=hunter2", "wecom:?key=hunter2&header=A=hunter2"]
)
def test_nothing_printed_of_a_sink_shows_its_secrets(uri: str) -> None:
    """The repr of the settings may end up in a log."""
    assert "hunter2" not in repr(accepted(uri))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "--sink 1: has no scheme"),
        ("elasticsearch:http://es", "--sink 1: elasticsearch: is kube-eventer's, not supported here; write wecom:"),
        ("carrier-pigeon:x", "--sink 1: carrier-pigeon: unknown scheme; write wecom:"),
        ("webhook:qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2", "--sink 1: webhook: has no usable URL"),
        ("webhook:https://h/cgi-bin/webhook/send?level=Normal", "--sink 1: webhook: the robot has no key"),
        ("wecom:?key=", "--sink 1: wecom: the robot has no key; write key_secret=, key_file= or key="),
        ("wecom:?key=hunter2&key_file=/x", "--sink 1: wecom: has key= and key_file=; write one of them"),
        ("wecom:https://h?key=hunter2", "--sink 1: wecom: takes no URL"),
        ("wecom:?key=hunter2&api=proxy", "--sink 1: wecom: api=proxy: no address"),
        (f"{ROBOT}&level=Normal,Warning", "--sink 1: level=Normal,Warning: unknown level; write level=Warning"),
        (f"{ROBOT}&reason=Back[", "--sink 1: reason=Back[: no regular expression in RE2's syntax"),
        (f"{ROBOT}&exclude_reason=(?!x)", "--sink 1: exclude_reason=(?!x): no regular expression"),
        (f"{ROBOT}&name=*", "--sink 1: name=*: no regular expression"),
        (f"{ROBOT}&min_count=many", "--sink 1: min_count=many: no count; write a whole number"),
        (f"{ROBOT}&msgtype=html", "--sink 1: msgtype=html: unknown; write one of text, markdown, "),
        (f"{ROBOT}&lang=de", "--sink 1: lang=de: unknown; write one of zh, en"),
        ("webhook:http://h/x?method=P+T", "--sink 1: method=P T: no HTTP method; write for example method=POST"),
        (f"{ROBOT}&group_wait=soon", "--sink 1: group_wait=soon: no duration of at most 10m; write for example 10s"),
        (f"{ROBOT}&group_wait=11m", "--sink 1: group_wait=11m: no duration of at most 10m"),
        (f"{ROBOT}&route=a/b", "--sink 1: route=a/b: no name of a route"),
    ],
)
def test_a_sink_that_cannot_run_is_refused_in_words(text: str, problem: str) -> None:
    """The line names the sink, the parameter and its value, says what to write, and never shows the key."""
    sink, problems, _ = parse(text)
    assert sink is None
    assert any(each.startswith(problem) for each in problems), problems
    assert "hunter2" not in str(problems)


def test_all_problems_of_a_sink_are_told_at_once() -> None:
    """Nobody wants to find them one start at a time."""
    assert len(parse(f"{ROBOT}&level=Foo&reason=[&reason=(&msgtype=x")[1]) == 4


@pytest.mark.parametrize(
    ("option", "warning"),
    [
        ("namespace=x", "namespace= is no parameter of a robot and is ignored"),
        ("method=GET", "method=GET: a robot takes POST only, so POST is used"),
        ("header=nothing", "header= holds no name and value in ASCII and is ignored; write header=NAME=VALUE"),
        ("header=X+Y=1", "header= holds no name and value in ASCII and is ignored; write header=NAME=VALUE"),
        ("namespaces=", "namespaces= is empty, so it filters nothing"),
        ("reason=,", "reason= is empty, so it filters nothing"),
        ("level=", "level= is empty, so level=Warning holds"),
        ("custom_body_configmap_namespace=x", "custom_body_configmap_namespace= has no custom_body_configmap="),
        ("message=a{2,3}", "message=: a comma separates expressions, so {m,n} is cut in two"),
        ("namespaces=Shop", "namespaces: 'Shop' can be no namespace's name; write it whole and in lower case"),
        ("exclude_namespaces=a b", "namespaces: 'a b' can be no namespace's name"),
        ("kinds=pod", "kinds=pod: kinds begin with a capital letter; write for example Pod"),
        ("exclude_reason=", "exclude_reason= is empty, so it filters nothing"),
        ("namespaces=a&exclude_namespaces=a,b", "exclude_namespaces= holds all of namespaces=, so no event passes"),
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
    """A proxy's token may hold an equals sign, and must not be printed; a robot's Content-Type is ours."""
    target = robot(f"{ROBOT}&header=Authorization=Basic+YTpi==&header=Content-Type=text/plain")
    assert [(name, value.reveal()) for name, value in target.headers] == [("Authorization", "Basic YTpi==")]
    assert webhook("webhook:http://h/x?header=Content-Type=text/plain").headers[0][0] == "Content-Type"
    assert robot(f"{ROBOT}&header=X-Token=+abc").headers == (("X-Token", Secret("abc")),)
    assert "YTpi" not in repr(target)


def test_every_occurrence_of_a_list_counts() -> None:
    """Comma lists may be repeated."""
    chosen = accepted(
        f"{ROBOT}&reason=A,B&reason=C&namespaces=x&namespaces=y,_cluster&exclude_namespaces=z&name=^a&name=b&message=m"
    ).filter
    assert chosen.reasons == ("A", "B", "C")
    assert chosen.namespaces == {"x", "y", "_cluster"}
    assert chosen.excluded_namespaces == {"z"}
    assert (chosen.names, chosen.messages) == (("^a", "b"), ("m",))


def test_spaces_around_a_comma_are_no_part_of_a_value() -> None:
    """kube-eventer keeps them, and such a filter never matches."""
    chosen = accepted(f"{ROBOT}&namespaces=a, b&reason= X , Y&kinds=Pod,+Node").filter
    assert chosen.namespaces == {"a", "b"}
    assert chosen.reasons == ("X", "Y")
    assert chosen.kinds == {"Pod", "Node"}


def test_the_style_of_the_built_in_messages() -> None:
    """Lists are comma lists, the rest are scalars."""
    style = accepted(
        f"{ROBOT}&msgtype=markdown&lang=en&cluster=prod%20gz&mentioned_list=wangqing,@all&mentioned_mobile_list=138"
    ).style
    assert (style.msgtype, style.lang, style.cluster) == ("markdown", "en", "prod gz")
    assert (style.mentioned_list, style.mentioned_mobile_list) == (("wangqing", "@all"), ("138",))


def test_a_template_without_a_namespace_is_in_default() -> None:
    """kube-eventer's default."""
    assert accepted(f"{ROBOT}&custom_body_configmap=cm").template == ObjectName("default", "cm")


def test_a_route_may_wait_for_more_events() -> None:
    """At most 10 minutes; unless said, not at all."""
    assert accepted(ROBOT).group_wait == 0.0
    assert accepted(f"{ROBOT}&group_wait=").group_wait == 0.0
    assert accepted(f"{ROBOT}&group_wait=1m30s").group_wait == 90.0
    assert accepted(f"{ROBOT}&group_wait=10m").group_wait == 600.0


def test_a_route_may_have_a_name() -> None:
    """It stands in logs and metrics."""
    assert accepted(f"{ROBOT}&route=payments.prod").name == "payments.prod"


_PIECES = st.sampled_from(
    ["webhook:", "wecom:", "log:", "wechat:", "dingtalk:", "https://", "h", "/cgi-bin/webhook/send", "/robot/send",
     "?", "&", "=", "key", "level", "reason", "namespaces", "min_count", "Normal", "[", "(", "%", "%zz", "$", "${", "#",
     ";", ",", ":", "@", "key_file", "corp_id", "corp_secret", "agent_id", "to_user", "to_party", "access_token",
     "sign", "msg_type", "ca_file", "/", "msgtype", "api", "header", "\x00", "中", " ", "query", "route", "1"]
)  # fmt: skip


@settings(max_examples=1500, derandomize=True, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=16).map("".join)))
def test_any_text_gives_a_sink_or_clear_errors(text: str) -> None:
    """Never a traceback; each problem is one line that names the sink."""
    problems: list[str] = []
    warnings: list[Any] = []
    sink = parse_sink(text, number=7, environ={"h": "x"}, problems=problems, warnings=warnings)
    assert (sink is None) == bool(problems)
    assert all(line.startswith("--sink 7: ") for line in [*problems, *warnings])
