"""What a user writes about alerts."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_wecom_eventer.config import AlertListenerSettings, Settings, load_settings
from kube_wecom_eventer.errors import ConfigError


def load(*argv: str) -> Settings:
    return load_settings(["--sink=wecom:?key=hunter2", *argv], environ={"TZ": "UTC"})


def problems(*argv: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(*argv)
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        (":19093", "0.0.0.0", 19093),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::]:19093", "::", 19093),
        ("localhost:9093", "localhost", 9093),
    ],
)
def test_the_address_of_alerts(written: str, host: str, port: int) -> None:
    """As Go's programs have it: without an address it is all of them."""
    settings = load(f"--alertmanager-listen={written}", "--alertmanager-auth-file=/etc/alerts/auth")
    assert settings.alerts == AlertListenerSettings(host=host, port=port, auth_file=Path("/etc/alerts/auth"))
    assert settings.warnings == ()


def test_no_alerts_are_taken_unless_asked_for() -> None:
    """And what needs them is doubted."""
    settings = load("--alertmanager-auth-file=/x", "--sink=wecom:?key=k&sources=alerts&route=alerts")
    assert settings.alerts is None
    assert settings.warnings == (
        "--alertmanager-auth-file has no effect without --alertmanager-listen",
        "alerts: sources=alerts has no effect without --alertmanager-listen: no alert comes",
    )


def test_an_open_port_is_doubted() -> None:
    """Whoever reaches it may write into the groups; on loopback only the machine does."""
    assert load("--alertmanager-listen=:19093").warnings == (
        "--alertmanager-listen=:19093: whoever reaches the port may post alerts; write --alertmanager-auth-file=PATH",
    )
    for written in ("127.0.0.1:1", "[::1]:1", "localhost:1"):
        assert load(f"--alertmanager-listen={written}").warnings == ()


@pytest.mark.parametrize("written", ["", "19093", "http://h:1", ":x", ":65536", "h:1/x", "[::]", "a b:1", ":123456"])
def test_what_is_no_address_is_refused(written: str) -> None:
    """With what to write."""
    (line,) = problems(f"--alertmanager-listen={written}")
    assert line == f"--alertmanager-listen={written}: no address; write :19093 or ADDRESS:19093"


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("sources=alert", "sources=alert: unknown; write events, alerts or both"),
        ("send_resolved=no", "send_resolved=no: not a bool; write send_resolved=true or send_resolved=false"),
        ("severity_map=page", "severity_map=page: no severity with its level; write for example severity_map=page:War"),
        ("severity_map=page:warning", "severity_map=page:warning: no severity with its level; write for example"),
        ("severity_map=:Normal", "severity_map=:Normal: no severity with its level; write for example severity_map="),
        ("labels=team", "labels=team: 'team' is no matcher; write for example labels=severity="),
        ('labels=a="b', "labels=a=\"b: 'a=\"b' has a quote that does not end; write for example"),
        ('labels=a=~"("', 'labels=a=~"(": \'a=~"("\' has no regular expression in RE2\'s syntax (missing ): ('),
        ("alert_repeat_interval=1d", "alert_repeat_interval=1d: no duration; write for example 30s, 5m, 1h, or 0 to t"),
    ],
)
def test_what_is_wrong_in_a_sink_is_said(option: str, problem: str) -> None:
    """The parameter, the value, and what to write instead."""
    (line,) = problems(f"--sink=wecom:?key=k&{option}")
    assert line.startswith(f"--sink 2: {problem}")


def test_an_identity_stays_where_nothing_of_alerts_is_written() -> None:
    """A checkpoint that was written before there were alerts goes on; who filters alerts is another route."""
    plain, filtered, repeated = (
        load(f"--sink=wecom:?key=k&namespaces=a{more}").sinks[1].identity
        for more in ("", "&sources=alerts", "&alert_repeat_interval=1h")
    )
    assert plain == repeated
    assert plain != filtered
