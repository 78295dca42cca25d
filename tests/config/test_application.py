"""``wechat:``: an application of WeCom, and whom it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_wecom_eventer.config.application import ApplicationTarget
from kube_wecom_eventer.config.secret_field import SecretField
from tests.support.sink_texts import accepted, declared, parse

APPLICATION = "wechat:?corp_id=ww01&corp_secret=hunter2hunter2&agent_id=1000002"


def application(text: str) -> ApplicationTarget:
    target = accepted(text).target
    assert isinstance(target, ApplicationTarget)
    return target


def test_a_sink_as_users_of_kube_eventer_have_it() -> None:
    """Each of their parameters has its meaning, and none is doubtful."""
    text = (
        "wechat:?corp_id=a5c19f3e02feba7bd5dfc22bfb&corp_secret=hunter2hunter2&agent_id=1000012"
        "&to_user=zhangshan,xiaowang&label=c550367cdf1e84df&label=gz&level=Normal&namespaces=a,b&kinds=Pod"
    )
    sink, problems, warnings = parse(text)
    assert (problems, warnings) == ([], [])
    assert sink is not None
    assert isinstance(sink.target, ApplicationTarget)
    assert (sink.target.corp_id, sink.target.agent_id) == ("a5c19f3e02feba7bd5dfc22bfb", 1000012)
    assert sink.target.corp_secret.value.reveal() == "hunter2hunter2"
    assert (sink.target.users, sink.target.parties, sink.target.tags) == (("zhangshan", "xiaowang"), (), ())
    assert sink.target.endpoint.reveal() == "https://qyapi.weixin.qq.com"
    assert (sink.style.labels, sink.style.msgtype) == (("c550367cdf1e84df", "gz"), "text")
    assert sink.filter.level == "Normal"
    assert (*sorted(sink.filter.namespaces), *sink.filter.kinds) == ("a", "b", "Pod")


@pytest.mark.parametrize(
    ("options", "users", "parties", "tags"),
    [
        ("", ("@all",), (), ()),
        ("&to_user=", ("@all",), (), ()),
        ("&to_user=@all", ("@all",), (), ()),
        ("&to_user=a, b&to_user=c|a", ("a", "b", "c"), (), ()),
        ("&to_party=2,3", (), ("2", "3"), ()),
        ("&to_user=a&to_party=2&to_tag=7", ("a",), ("2",), ("7",)),
    ],
)
def test_receivers(options: str, users: tuple[str, ...], parties: tuple[str, ...], tags: tuple[str, ...]) -> None:
    """All whom the application sees, unless some are named."""
    target = application(APPLICATION + options)
    assert (target.users, target.parties, target.tags) == (users, parties, tags)


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ("&api=http://proxy:8080/wecom/", "http://proxy:8080/wecom"),
        ("&api=https://me:pw@proxy/cgi-bin/message/send", "https://me:pw@proxy"),
    ],
)
def test_a_proxy_before_wecom(options: str, endpoint: str) -> None:
    """What is printed shows no password."""
    target = application(APPLICATION + options)
    assert target.endpoint.reveal() == endpoint
    assert "pw" not in target.shown
    assert target.shown.endswith("/cgi-bin/message/send")


def test_the_secret_from_a_file_or_from_the_cluster(tmp_path: Path) -> None:
    """As the robots' keys; in a Secret the field is called as the parameter unless said."""
    path = tmp_path / "secret"
    path.write_text("hunter2hunter2\n")
    base = "wechat:?corp_id=ww01&agent_id=1"
    assert application(f"{base}&corp_secret_file={path}").corp_secret.value.reveal() == "hunter2hunter2"
    place = application(f"{base}&corp_secret_secret=ops/wecom").corp_secret.place
    assert place == SecretField("ops", "wecom", "corp_secret")
    place = application(f"{base}&corp_secret_secret=ops/wecom/app").corp_secret.place
    assert place == SecretField("ops", "wecom", "app")


def test_sinks_of_one_application_are_one_destination() -> None:
    """They share its pace and its token; its name says which it is, not its secret."""
    one, two = application(APPLICATION), application(f"{APPLICATION}&to_user=lina&level=Normal")
    other = application(APPLICATION.replace("hunter2hunter2", "another"))
    assert one.destination == two.destination != other.destination
    assert one.destination.startswith("wechat-ww01-1000002-")
    assert "hunter2" not in repr(one) + one.destination
    named = application("wechat:?corp_id=ww01&agent_id=1&corp_secret_secret=ops/wecom")
    assert named.destination == "wechat-ww01-1-ops/wecom/corp_secret"


@pytest.mark.parametrize("msgtype", ["text", "markdown", "textcard", "template_card"])
def test_the_types_of_its_messages(msgtype: str) -> None:
    """A robot's markdown_v2 is none of them."""
    assert accepted(f"{APPLICATION}&msgtype={msgtype}").style.msgtype == msgtype
    assert parse(f"{APPLICATION}&msgtype=markdown_v2")[1] == [
        "--sink 1: msgtype=markdown_v2: unknown; write one of text, markdown, textcard, template_card"
    ]
    assert len(parse("wecom:?key=k&msgtype=textcard")[1]) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("wechat:?corp_secret=hunter2&agent_id=1", "wechat: has no corp_id=; write the company's ID"),
        ("wechat:?corp_id=a/b&corp_secret=hunter2&agent_id=1", "wechat: corp_id=a/b: write the company's ID"),
        ("wechat:?corp_id=ww01&agent_id=1", "wechat: the application has no secret; write corp_secret_secret=, "),
        ("wechat:?corp_id=ww01&corp_secret=hunter2", "wechat: has no agent_id=; write the application's number"),
        ("wechat:?corp_id=ww01&corp_secret=hunter2&agent_id=x1", "wechat: agent_id=x1: write the application's number"),
        (f"{APPLICATION}&corp_secret_file=/x", "wechat: has corp_secret= and corp_secret_file=; write one of them"),
        (f"{APPLICATION}&to_user=a b", "wechat: to_user=a b: write userids, with commas between them"),
        (f"{APPLICATION}&to_party=ops", "wechat: to_party=ops: write numbers of departments"),
        (f"{APPLICATION}&to_tag=@all", "wechat: to_tag=@all: write numbers of tags"),
        (f"{APPLICATION}&api=proxy", "wechat: api=proxy: no address; write api=https://HOST[:PORT][/PATH]"),
        (APPLICATION.replace("?", "https://h?"), "wechat: takes no URL; write wechat:?corp_id=..., and api=URL"),
        (
            "wechat:?corp_id=ww01&agent_id=1&corp_secret_secret=wecom",
            "wechat: corp_secret_secret=wecom: no Secret's name; write corp_secret_secret=NAMESPACE/NAME",
        ),
    ],
)
def test_a_sink_that_cannot_run_is_refused_in_words(text: str, problem: str) -> None:
    """The line names the parameter and its value, says what to write, and never shows the secret."""
    sink, problems, _ = parse(text)
    assert sink is None
    assert len(problems) == 1
    assert problems[0].startswith(f"--sink 1: {problem}")
    assert "hunter2" not in problems[0]


def test_all_problems_of_a_sink_are_told_at_once() -> None:
    """Nobody wants to find them one start at a time."""
    assert len(parse("wechat:?agent_id=x&to_party=y&level=Foo&msgtype=x")[1]) == 6


@pytest.mark.parametrize(
    ("option", "warning"),
    [
        ("to_users=a", "to_users= is no parameter of wechat: and is ignored"),
        ("key=k", "key= is no parameter of wechat: and is ignored"),
        ("method=GET", "method=GET: wechat: takes POST only, so POST is used"),
        ("to_user=@all,a", "to_user=@all tells all members, so the other receivers are ignored"),
        ("to_user=@all&to_party=2", "to_user=@all tells all members, so the other receivers are ignored"),
        (
            "namespaces=default",
            "namespaces=default takes events of nodes and volumes, too, as in kube-eventer; ",
        ),
    ],
)
def test_what_is_doubtful_is_accepted_and_said(option: str, warning: str) -> None:
    """A Deployment that ran goes on running."""
    sink, problems, warnings = parse(f"{APPLICATION}&{option}")
    assert sink is not None
    assert problems == []
    assert len(warnings) == 1
    assert warnings[0].startswith(f"--sink 1: {warning}")


@pytest.mark.parametrize(
    ("options", "namespaces", "doubts"),
    [
        ("namespaces=shop", {"shop"}, 0),
        ("namespaces=default,shop", {"default", "shop", "_cluster"}, 1),
        ("namespaces=default,_cluster", {"default", "_cluster"}, 0),
        ("namespaces=default&exclude_namespaces=_cluster", {"default", "_cluster"}, 0),
    ],
)
@pytest.mark.parametrize("sink", [APPLICATION, "dingtalk:?access_token=t"])
def test_default_stands_for_nodes_too_as_in_kube_eventer(
    sink: str, options: str, namespaces: set[str], doubts: int
) -> None:
    """There it is compared with the namespace that the event is in, and an event about a node is in default."""
    read, _, warnings = parse(f"{sink}&{options}")
    assert read is not None
    assert read.filter.namespaces == namespaces
    assert len(warnings) == doubts
    assert accepted("wecom:?key=k&namespaces=default").filter.namespaces == {"default"}


def test_a_route_that_a_namespace_declares() -> None:
    """Its Secret is its namespace's own; its events are, too."""
    sink, problems, warnings = declared("wechat:?corp_id=ww01&agent_id=1&corp_secret_secret=wecom&to_user=lina")
    assert (problems, warnings) == ([], [])
    assert sink is not None
    assert isinstance(sink.target, ApplicationTarget)
    assert sink.target.corp_secret.place == SecretField("payments", "wecom", "corp_secret")
    assert sink.filter.namespaces == {"payments"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("&corp_secret_file=/etc/x", "corp_secret_file= is not for declared routes: files of the daemon's pod are the"),
        ("&corp_secret_secret=wecom&api=http://metadata.internal", "metadata.internal: declared routes may not send"),
        ("&corp_secret_secret=shop/wecom/x", "wechat: corp_secret_secret=shop/wecom/x: no Secret's name; write corp_"),
        ("", "wechat: the application has no secret; write corp_secret_secret=NAME"),
    ],
)
def test_a_declared_route_reaches_nothing_beyond_its_namespace(options: str, problem: str) -> None:
    """Neither a file of the daemon's pod, nor a host, nor another one's Secret."""
    sink, problems, _ = declared(f"wechat:?corp_id=ww01&agent_id=1{options}")
    assert sink is None
    assert [each for each in problems if each.startswith(problem)]


def test_a_secret_that_many_may_read_is_doubted() -> None:
    """A ConfigMap is no place for it."""
    _, problems, warnings = declared("wechat:?corp_id=ww01&agent_id=1&corp_secret=hunter2hunter2")
    assert problems == []
    assert warnings == [
        "corp_secret= stands in a ConfigMap, which many may read; keep it in a Secret: corp_secret_secret=NAME"
    ]
