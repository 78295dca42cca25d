from __future__ import annotations

import pytest

from kube_wecom_eventer.config import ApplicationTarget, RobotTarget, load_settings
from kube_wecom_eventer.errors import ConfigError

PATH = "/cgi-bin/webhook/send"


def target(sink: str, api: str) -> RobotTarget:
    """Return a robot as it is reached with --wecom-api."""
    (read,) = load_settings([f"--sink={sink}", f"--wecom-api={api}"], environ={}).sinks
    assert isinstance(read.target, RobotTarget)
    return read.target


@pytest.mark.parametrize("sink", ["wecom:?key=k+y", f"webhook:https://qyapi.weixin.qq.com{PATH}?key=k+y"])
@pytest.mark.parametrize("api", ["http://proxy:8080", "http://proxy:8080/", f"http://proxy:8080{PATH}"])
def test_robots_are_reached_through_the_proxy(sink: str, api: str) -> None:
    """However they are written; the key and what counts messages stay the same."""
    found = target(sink, api)
    (direct,) = load_settings([f"--sink={sink}"], environ={}).sinks
    assert found.endpoint.reveal() == f"http://proxy:8080{PATH}?key=k%20y"
    assert found.shown == f"http://proxy:8080{PATH}"
    assert found.destination == direct.target.destination


def test_a_key_of_a_secret_goes_the_same_way() -> None:
    """It is put behind the address when a message leaves."""
    found = target("wecom:?key_secret=ns/robot", "http://proxy:8080")
    assert found.endpoint.reveal() == f"http://proxy:8080{PATH}"


APPLICATION = "wechat:?corp_id=ww1&corp_secret=s&agent_id=1&to_user=a"


def test_applications_are_reached_through_the_proxy() -> None:
    """Both their token and their messages; one with an address of its own keeps that."""
    (sink, own) = load_settings(
        [f"--sink={APPLICATION}", f"--sink={APPLICATION}&api=https://mine", "--wecom-api=http://proxy:8080/"],
        environ={},
    ).sinks
    assert isinstance(sink.target, ApplicationTarget)
    assert sink.target.endpoint.reveal() == "http://proxy:8080"
    assert sink.target.shown == "http://proxy:8080/cgi-bin/message/send"
    assert own.target.shown == "https://mine/cgi-bin/message/send"


def test_a_sink_with_an_address_of_its_own_keeps_it() -> None:
    """api= of the sink, and any other host of a robot's URL."""
    for sink in ("wecom:?key=k&api=https://mine", f"webhook:https://mine{PATH}?key=k"):
        assert target(sink, "http://proxy").shown == f"https://mine{PATH}"


def test_other_sinks_are_none_of_its_business() -> None:
    """A webhook of any other kind, DingTalk, and the log."""
    argv = ["--sink=webhook:http://example.com/x", "--sink=dingtalk:?access_token=t", "--sink=log:"]
    direct = load_settings(argv, environ={}).sinks
    assert load_settings([*argv, "--wecom-api=http://proxy"], environ={}).sinks == direct


def test_a_password_of_the_proxy_is_not_shown() -> None:
    """It is sent, though."""
    found = target("wecom:?key=k", "https://u:hunter2@proxy/wecom")
    assert found.shown == f"https://proxy/wecom{PATH}"
    assert found.endpoint.reveal() == f"https://u:hunter2@proxy/wecom{PATH}?key=k"


@pytest.mark.parametrize("api", ["", "proxy:8080", "ftp://proxy", "http://"])
def test_what_is_no_address_is_refused(api: str) -> None:
    """With what to write."""
    with pytest.raises(ConfigError) as caught:
        load_settings(["--sink=log:", f"--wecom-api={api}"], environ={})
    assert caught.value.problems == (f"--wecom-api={api}: no address; write https://HOST[:PORT][/PATH]",)
