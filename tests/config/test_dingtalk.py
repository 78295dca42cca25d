"""``dingtalk:``: a robot of a DingTalk group."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.config.dingtalk import DingTalkTarget
from kube_wecom_eventer.config.secret_field import SecretField
from kube_wecom_eventer.config.target import WebhookTarget
from tests.support.sink_texts import accepted, declared, parse

URL = "https://oapi.dingtalk.com/robot/send"
ROBOT = f"dingtalk:{URL}?access_token=hunter2hunter2"


def robot(text: str) -> DingTalkTarget:
    target = accepted(text).target
    assert isinstance(target, DingTalkTarget)
    return target


def test_a_sink_as_users_of_kube_eventer_have_it() -> None:
    """Each of their parameters has its meaning."""
    sink, problems, warnings = parse(
        f"{ROBOT}&label=c550367cdf1e84df&level=Normal&sign=SEC4801ebab0&msg_type=markdown&namespaces=a&kinds=Node,Pod"
        "&cluster_id=c550&region=cn-shenzhen"
    )
    assert problems == []
    assert warnings == ["--sink 1: region= has no effect: messages hold no links to a cloud's console"]
    assert sink is not None
    assert isinstance(sink.target, DingTalkTarget)
    assert sink.target.endpoint.reveal() == URL
    assert sink.target.access_token.value.reveal() == "hunter2hunter2"
    assert sink.target.sign is not None
    assert sink.target.sign.value.reveal() == "SEC4801ebab0"
    assert (sink.style.msgtype, sink.style.labels, sink.style.cluster) == ("markdown", ("c550367cdf1e84df",), "c550")
    assert sink.filter.level == "Normal"
    assert (*sink.filter.namespaces, *sorted(sink.filter.kinds)) == ("a", "Node", "Pod")


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("dingtalk:?access_token=t", URL),
        ("dingtalk:https://oapi.dingtalk.com?access_token=t", URL),
        ("dingtalk:http://proxy:8080/ding/robot/send/?access_token=t", "http://proxy:8080/ding/robot/send"),
        (f"dingtalk:{URL}&access_token=t&level=Normal", URL),
        (f"webhook:{URL}?access_token=t&method=POST", URL),
    ],
)
def test_its_address(text: str, endpoint: str) -> None:
    """DingTalk's own, or a proxy's; a webhook to such an address is a robot as well."""
    assert robot(text).endpoint.reveal() == endpoint


def test_a_webhook_with_the_same_path_and_no_token_is_any_url() -> None:
    """Somebody else's service."""
    assert isinstance(accepted("webhook:https://example.com/robot/send?id=1").target, WebhookTarget)


def test_token_and_secret_from_the_cluster() -> None:
    """Each in the field that is called as the parameter: one Secret holds both."""
    target = robot("dingtalk:?access_token_secret=ops/ding&sign_secret=ops/ding")
    assert target.access_token.place == SecretField("ops", "ding", "access_token")
    assert target.sign is not None
    assert target.sign.place == SecretField("ops", "ding", "sign")
    assert target.destination == "dingtalk-ops/ding/access_token"


def test_sinks_with_one_token_are_one_destination() -> None:
    """They share its pace; its name doesn't give the token away."""
    one, two, other = robot(ROBOT), robot(f"{ROBOT}&level=Normal"), robot("dingtalk:?access_token=other")
    assert one.destination == two.destination != other.destination
    assert "hunter2" not in one.destination + repr(one)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"dingtalk:{URL}", "dingtalk: the robot has no token; write access_token_secret=, access_token_file= or acc"),
        (
            "dingtalk:oapi.dingtalk.com/robot/send?access_token=hunter2",
            "dingtalk: has no usable URL; write dingtalk:",
        ),
        (f"{ROBOT}&msg_type=html", "msg_type=html: unknown; write one of text, markdown"),
        (f"{ROBOT}&msgtype=markdown_v2", "msgtype=markdown_v2: unknown; write one of text, markdown"),
        (f"{ROBOT}&sign=SECx&sign_file=/x", "dingtalk: has sign= and sign_file=; write one of them"),
    ],
)
def test_a_sink_that_cannot_run_is_refused_in_words(text: str, problem: str) -> None:
    """The line names the parameter and its value, says what to write, and never shows the token."""
    sink, problems, _ = parse(text)
    assert sink is None
    assert len(problems) == 1
    assert problems[0].startswith(f"--sink 1: {problem}")
    assert "hunter2" not in problems[0]


@pytest.mark.parametrize(
    ("option", "warning"),
    [
        ("timestamp=1576831364338", "timestamp= is no parameter of a DingTalk robot and is ignored"),
        ("sign=qBQH5DbKEs8NMyrpNZ", "sign= does not begin with SEC: it is the secret that the robot's settings show"),
        ("method=GET", "method=GET: a DingTalk robot takes POST only, so POST is used"),
    ],
)
def test_what_is_doubtful_is_accepted_and_said(option: str, warning: str) -> None:
    """A Deployment that ran goes on running."""
    sink, problems, warnings = parse(f"{ROBOT}&{option}")
    assert sink is not None
    assert problems == []
    assert len(warnings) == 1
    assert warnings[0].startswith(f"--sink 1: {warning}")
    assert "qBQH5" not in warnings[0]


def test_either_name_of_the_message_type_counts() -> None:
    """kube-eventer's, and that of all other sinks here; an empty one says nothing."""
    assert accepted(f"{ROBOT}&msgtype=markdown").style.msgtype == "markdown"
    assert accepted(f"{ROBOT}&msg_type=text&msgtype=markdown").style.msgtype == "text"
    assert accepted(f"{ROBOT}&msg_type=").style.msgtype == "text"


def test_a_label_is_none_of_other_sinks() -> None:
    """In the URL of somebody's service it stays; a robot of WeCom has none."""
    sink = accepted("webhook:https://example.com/x?label=a")
    assert isinstance(sink.target, WebhookTarget)
    assert sink.target.endpoint.reveal() == "https://example.com/x?label=a"
    assert (sink.style.labels, accepted("wecom:?key=k&label=a").style.labels) == ((), ())


def test_a_route_that_a_namespace_declares_needs_the_platforms_word_for_the_host() -> None:
    """DingTalk is not among the hosts that are allowed unless said."""
    text = "dingtalk:?access_token_secret=ding&sign_secret=ding"
    _, problems, _ = declared(text)
    assert problems == [
        "oapi.dingtalk.com: declared routes may not send there; "
        "ask the platform for --route-allowed-hosts=oapi.dingtalk.com"
    ]
    sink, problems, warnings = declared(text, allowed_hosts=("oapi.dingtalk.com",))
    assert (problems, warnings) == ([], [])
    assert sink is not None
    assert isinstance(sink.target, DingTalkTarget)
    assert sink.target.access_token.place == SecretField("payments", "ding", "access_token")


@pytest.mark.parametrize("option", ["access_token_file=/x", "sign_file=/x"])
def test_a_declared_route_opens_no_file(option: str) -> None:
    """Files of the daemon's pod are the platform's."""
    sink, problems, _ = declared(f"dingtalk:?{option}", allowed_hosts=("oapi.dingtalk.com",))
    assert sink is None
    assert problems[0].startswith(f"{option.partition('=')[0]}= is not for declared routes: files of the daemon's pod")


@pytest.mark.parametrize(
    ("options", "doubted"),
    [("access_token=hunter2", "access_token"), ("access_token_secret=ding&sign=SEChunter2", "sign")],
)
def test_a_secret_that_many_may_read_is_doubted(options: str, doubted: str) -> None:
    """A ConfigMap is no place for it."""
    _, _, warnings = declared(f"dingtalk:?{options}", allowed_hosts=("oapi.dingtalk.com",))
    assert [each.partition(" ")[0] for each in warnings] == [f"{doubted}="]
