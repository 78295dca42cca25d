"""A key that stands where something else belongs is in no line that the daemon says of it."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.building import described
from kube_wecom_eventer.config import load_settings, parse_declared_sink
from kube_wecom_eventer.errors import ConfigError

KEY = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
ROBOT = "webhook:https://qyapi.weixin.qq.com/cgi-bin/webhook/send"

MISPLACED = [
    f"wecom:?{KEY}",
    f"wecom:{KEY}",
    f"wecom://{KEY}",
    f"wecom:?key=&{KEY}&level=Nope",
    f"wecom:?key=k-1&{KEY}",
    f"wecom:?{KEY}%zz",
    f"wecom:?{KEY};x",
    f"wecom:?key_secret={KEY}",
    f"wecom:?key_file={KEY}",
    f"wecom:?key={KEY}?level=Warning",
    f"wecom:?level=Warning?key={KEY}",
    f"wecom:?key=k-1&level=Warning?key={KEY}",
    f"wecom:?key=k-1&kinds=Pod,Node?key={KEY}",
    f"wecom:?key=k-1&namespaces=a?key={KEY}",
    f"wecom:?key=k-1&reason=BackOff?key={KEY}&exclude_reason=X?key={KEY}&name=x?key={KEY}&message=y?key={KEY}",
    f"wecom:?key=k-1&reason=[?key={KEY}",
    f"wecom:?key=k-1&msgtype=text?key={KEY}&lang=en?key={KEY}",
    f"wecom:?key=k-1&route=a?key={KEY}&repeat_interval=5m?key={KEY}&min_count=1?key={KEY}",
    f"{ROBOT}?{KEY}",
    f"{ROBOT}&{KEY}",
    f"{ROBOT}/{KEY}?key={KEY}",
    f"wecom:?key=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
    f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
    KEY,
    f"dingtalk:https://oapi.dingtalk.com/robot/send?{KEY}",
    f"wechat:?corp_id=ww1?corp_secret={KEY}&agent_id=1&to_user=a?corp_secret={KEY}",
    f"apprise:{KEY}",
    f"apprise:{KEY}://x",
    f"apprise:slack:{KEY}",
    f"apprise:?slack://{KEY}/b/c",
    f"apprise:slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?{KEY}",
    f"apprise:slack://{KEY}",
    f"apprise:json://{KEY}",
    f"apprise:gotify://{KEY}",
    f"apprise:mailtos://u:{KEY}",
    f"apprise:?url_secret=slack://{KEY}/b/c",
    f"apprise:?url_secret=https://hooks.slack.com/services/{KEY}",
    f"apprise:?url_secret={KEY}",
    f"apprise:?url_file=slack://{KEY}/b/c",
    f"apprise:json://h?pace=slack://{KEY}/b/c",
    f"apprise:json://h?level=mailto://u:p,{KEY}@h&route=mailto://u:{KEY}@h&kinds=a,mailto://u:{KEY}@h",
    f"apprise:json://h?reason=mailto://u:{KEY}@h&repeat_interval=https://u:{KEY}@h/{KEY}",
    f"apprise:json://h?lang=https://hooks.slack.com/services/{KEY}&custom_body_configmap=slack://{KEY}",
    f"apprise:json://h?severity_map=slack://{KEY}/b/c&send_resolved=slack://{KEY}&labels=slack://{KEY}",
    f"wechat:?to_user=slack://{KEY}",
]


@pytest.mark.parametrize("text", MISPLACED)
def test_a_misplaced_key_is_never_shown(text: str) -> None:
    """Not in a problem, a doubt, what the log says of the route, or what is said of a declared one."""
    said: list[str] = []
    try:
        settings = load_settings([f"--sink={text}"], environ={})
    except ConfigError as error:
        said += [*error.problems, *error.doubts]
    else:
        said += [*settings.warnings, *(str(described(sink)) for sink in settings.sinks)]
    parse_declared_sink(text, name="n", namespace="a", allowed_hosts=(), everywhere=False, problems=said, warnings=said)
    assert said
    assert KEY not in "\n".join(said)


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("wecom:?key=k-1?level=Warning", "key= holds '?level=': only the first option follows '?'; write '&level='"),
        (
            "wecom:?key=k-1&kinds=Pod?reason=X",
            "kinds= holds '?reason=': only the first option follows '?'; write '&reason='",
        ),
    ],
)
def test_a_second_question_mark_is_doubted(text: str, doubt: str) -> None:
    """What stands behind it is a part of the value; kube-eventer, too, takes it for that."""
    assert load_settings([f"--sink={text}"], environ={}).warnings == (f"--sink 1: {doubt}",)


@pytest.mark.parametrize(
    "text", ["webhook:https://example.com/x?back=https://a?key=1", "wecom:?key=k-1&reason=Back-?off", "wecom:?key=a?b"]
)
def test_other_question_marks_are_nobodys_business(text: str) -> None:
    """A URL of its own in a URL, a regular expression, a key with one."""
    assert load_settings([f"--sink={text}"], environ={}).warnings == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"wecom:?key=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
            "wecom: key= holds a whole address; write only what follows key= in it",
        ),
        (
            f"{ROBOT}?key=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}&level=Warning",
            "webhook: key= holds a whole address; write only what follows key= in it",
        ),
        (
            f"dingtalk:?access_token=https://oapi.dingtalk.com/robot/send?access_token={KEY}",
            "dingtalk: access_token= holds a whole address; write only what follows access_token= in it",
        ),
        (
            f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
            "https: is an address without a scheme of ours; write webhook: before it",
        ),
    ],
)
def test_an_address_where_none_belongs_is_refused(text: str, problem: str) -> None:
    """The address that WeCom shows was pasted as it is: nothing else is said of it, least of all what is wrong."""
    with pytest.raises(ConfigError) as caught:
        load_settings([f"--sink={text}"], environ={})
    assert (caught.value.problems, caught.value.doubts) == ((f"--sink 1: {problem}",), ())


@pytest.mark.parametrize("address", [f"ftp://u:{KEY}@proxy", f"u:{KEY}@proxy", f"http://u:{KEY}@", f"//{KEY}@h/x"])
@pytest.mark.parametrize(
    "flag",
    [
        "--sink=wecom:?key=k-1&api=",
        "--sink=wechat:?corp_id=ww1&agent_id=1&corp_secret=x&api=",
        "--sink=webhook:",
        "--sink=dingtalk:",
        "--wecom-api=",
        "--source=kubernetes:",
    ],
)
def test_what_is_no_address_is_shown_without_its_password(flag: str, address: str) -> None:
    """The rest of it tells what is wrong."""
    with pytest.raises(ConfigError) as caught:
        load_settings([f"{flag}{address}"], environ={})
    assert KEY not in "\n".join([*caught.value.problems, *caught.value.doubts])
