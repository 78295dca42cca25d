"""What a namespace's routes may do with Apprise: nothing but send to hosts that the platform names."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest

from kube_wecom_eventer.apprise_library import Notice, open_service
from kube_wecom_eventer.config import AppriseTarget, Secret, SinkSettings, parse_declared_sink
from kube_wecom_eventer.config.apprise_reach import FIXED, NAMED, PARAMETERS, refused_unopened

HOSTS = frozenset({"hooks.slack.com", "open.feishu.cn:443", "chat.example.com", "chat.example.com:8443"})
MAIL_HOSTS = frozenset({"smtp.example.com:587"})
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"

URLS = {
    "discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "feishu": "feishu://abc123abc123abc123abc",
    "gchat": "gchat://workspace/key/token",
    "lark": "lark://abc123abc123abc123abc",
    "slack": SLACK,
    "tgram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "gotify": "gotify://chat.example.com/token", "gotifys": "gotifys://chat.example.com/token",
    "json": "json://chat.example.com/a", "jsons": "jsons://chat.example.com:8443/a",
    "mmost": "mmost://chat.example.com/abcd1234abcd1234", "mmosts": "mmosts://chat.example.com/abcd1234abcd1234",
    "rocket": "rocket://user:pass@chat.example.com/#c", "rockets": "rockets://user:pass@chat.example.com/#c",
    "workflow": "workflow://chat.example.com:443/flow/signature",
    "workflows": "workflows://chat.example.com:443/flow/signature",
    "mailto": "mailto://user:pass@smtp.example.com:587?from=a@b.cc",
    "mailtos": "mailtos://user:pass@smtp.example.com:587?from=a@b.cc",
}  # fmt: skip
"""One of each service that declared routes may use."""


def declared(text: str, allowed: frozenset[str] = HOSTS) -> tuple[SinkSettings | None, list[str]]:
    problems: list[str] = []
    sink = parse_declared_sink(
        text, name="payments/x", namespace="payments", allowed_hosts=allowed, everywhere=False,
        problems=problems, warnings=[],
    )  # fmt: skip
    return sink, problems


def test_each_service_of_the_table_is_tried() -> None:
    """Who adds one adds one here."""
    assert set(URLS) == {*FIXED, *NAMED}


@pytest.mark.parametrize("scheme", sorted(URLS))
def test_a_service_connects_to_the_host_of_the_table_only(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked up where each connection begins: the library must not have changed since."""
    asked: set[tuple[str, int]] = set()

    def resolve(host: Any, port: Any, *_more: Any, **_options: Any) -> Any:
        asked.add((host.decode() if isinstance(host, bytes) else host, int(port)))
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    service = open_service(URLS[scheme])
    for receiver in service.receivers or ("",):
        service.tell(Notice("title", "body", service.form.format, "warning"), receiver)
    host, port = (FIXED[scheme], 443) if scheme in FIXED else (service.place[0], service.place[1] or NAMED[scheme])
    assert asked == {(host, port)}


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (SLACK, HOSTS),
        (URLS["feishu"], HOSTS),
        (URLS["jsons"], HOSTS),
        (URLS["mmosts"], HOSTS),
        (f"{URLS['mailtos']}&to=lihua@example.com", MAIL_HOSTS),
    ],
)
def test_where_the_platform_allows_the_host_a_route_may_send(url: str, allowed: frozenset[str]) -> None:
    """A fixed host, or that of the URL with its port."""
    sink, problems = declared(f"apprise:{url}", allowed)
    assert problems == []
    assert sink is not None
    assert isinstance(sink.target, AppriseTarget)
    assert sink.target.allowed_hosts == allowed


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URLS["discord"], "discord.com"),
        ("json://internal.example.com/x", "internal.example.com"),
        ("json://127.0.0.1/x", "127.0.0.1"),
        ("json://chat.example.com.evil.com/x", "chat.example.com.evil.com"),
        ("json://chat.example.com@evil.com/x", "evil.com"),
        ("jsons://chat.example.com:9443/x", "chat.example.com:9443"),
        ("mailto://user:pass@smtp.example.com?from=a@b.cc", "smtp.example.com"),
        ("mailto://user:pass@chat.example.com?from=a@b.cc", "chat.example.com:25"),
        ("mailto://chat.example.com:8443?from=a@b.cc&smtp=evil.com", ""),
    ],
)
def test_no_other_host_can_be_reached(url: str, host: str) -> None:
    """A host is a host whatever stands around it; one that is allowed for HTTPS is no mail server."""
    sink, problems = declared(f"apprise:{url}")
    assert sink is None
    if host:
        assert problems == [
            f"apprise: {host}: declared routes may not send there; ask the platform for --route-allowed-hosts={host}"
        ]


@pytest.mark.parametrize(
    "url",
    [
        "syslog://",
        "dbus://",
        "windows://",
        "macosx://",
        "apprise://chat.example.com/token",
        "file:///etc/passwd",
        "SYSLOG://",
        ":",
        "matrix://user:pass@chat.example.com",
        "xmpp://user:pass@chat.example.com",
        "ntfy://chat.example.com/topic",
        "mqtt://chat.example.com/topic",
        "https://hooks.slack.com/services/T1/A1/x",
    ],
)
def test_no_other_service_can_be_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also none that comes with a later version; the library is not even imported for it."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    sink, problems = declared(f"apprise:{url}")
    assert sink is None
    assert len(problems) == 1
    assert "pip install" not in problems[0]


def test_a_host_that_is_not_allowed_costs_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """A team can't make the daemon load a library."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "may not send there" in declared("apprise:json://evil.com/x")[1][0]


@pytest.mark.parametrize(
    "option",
    [
        "template=/etc/passwd",
        "pgp=sign",
        "pgpprv=/etc/key",
        "wkd=yes",
        "redirect=yes",
        "verify=no",
        "smtp=evil.com",
        "store=yes",
        "retry=5",
        "attach=file:///etc/passwd",
        "avatar_url=http://evil.com/x",
        "cto=600",
        "%2BX-Header=1",
        "+X=1",
        "TEMPLATE=/etc/passwd",
        "query=template=/etc/passwd",
        "query=smtp=evil.com",
    ],
)
@pytest.mark.parametrize("url", [SLACK, URLS["mailtos"]])
def test_no_option_reads_files_fetches_or_leads_elsewhere(url: str, option: str) -> None:
    """What is not known to be harmless is refused, by whichever way it gets into the URL."""
    sink, problems = declared(f"apprise:{url}{'&' if '?' in url else '?'}{option}", HOSTS | MAIL_HOSTS)
    assert sink is None
    assert "is not for declared routes" in problems[0]


@pytest.mark.parametrize("option", ["template=/etc/passwd", "redirect=yes", "verify=no", "smtp=evil.com"])
@pytest.mark.parametrize("before", ["/#ops?", "/#?", "?to=a@example.com;", "?to=a@example.com&format=text;"])
def test_no_option_hides_where_only_apprise_finds_it(before: str, option: str) -> None:
    """To Apprise a query may stand behind a ``#``, and a ``;`` separates."""
    for url in (SLACK, "mailtos://user:pass@smtp.example.com:587"):
        refused = refused_unopened(f"{url}{before}{option}", HOSTS | MAIL_HOSTS)
        assert refused == f"{option.partition('=')[0]}= of {url.partition(':')[0]}:// is not for declared routes"


def test_an_option_behind_a_channel_is_refused_in_a_config_map_too() -> None:
    """A ``#`` is no comment there."""
    sink, problems = declared(f"apprise:{SLACK}/#ops?template=/etc/passwd")
    assert sink is None
    assert problems == ["apprise: template= of slack:// is not for declared routes"]


def test_the_harmless_options_are_lower_case() -> None:
    """As they are compared."""
    assert {each.lower() for each in PARAMETERS} == PARAMETERS


def test_a_bot_of_slacks_is_elsewhere_and_refused() -> None:
    """It asks slack.com, and may write to any channel."""
    (problem,) = declared("apprise:slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#alerts")[1]
    assert problem == "apprise: slack:// of a bot is not for declared routes; write that of a webhook"


def test_files_of_the_daemon_are_the_platforms(tmp_path: Any) -> None:
    """As with other credentials."""
    (problem,) = declared(f"apprise:?url_file={tmp_path}/x")[1]
    assert (
        problem
        == "url_file= is not for declared routes: files of the daemon's pod are the platform's; write url_secret=NAME"
    )


def test_a_url_in_a_secret_is_judged_when_it_is_read() -> None:
    """By the same rules: whoever writes the Secret is the same team."""
    sink, problems = declared("apprise:?url_secret=chat&level=Normal")
    assert problems == []
    assert sink is not None
    assert isinstance(sink.target, AppriseTarget)
    assert str(sink.target.url.place) == "payments/chat/url"
    for url, host in ((URLS["discord"], "discord.com"), ("json://evil.com/x", "evil.com")):
        assert f"{host}: declared routes may not send there" in sink.target.refusal(Secret(url))
    bot = open_service("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#alerts")
    assert "slack:// of a bot" in sink.target.refusal(Secret(""), bot)


def test_the_same_users_name_in_another_namespace_has_a_pace_of_its_own() -> None:
    """Without the password, too, one could write the platform's user with ``pace=1``, or take its turns."""

    def account(namespace: str, text: str, *, everywhere: bool = False) -> str:
        sink = parse_declared_sink(
            text, name="x", namespace=namespace, allowed_hosts=MAIL_HOSTS, everywhere=everywhere,
            defaults=None, problems=[], warnings=[],
        )  # fmt: skip
        assert sink is not None
        assert isinstance(sink.target, AppriseTarget)
        return sink.target.account("mail-1234")

    own, forged = (f"apprise:{URLS['mailtos']}&to={name}@example.com" for name in ("lihua", "wangqing"))
    assert account("kube-wecom-eventer", own, everywhere=True) == "apprise-mail-1234"
    assert account("payments", forged) == account("payments", own) == "apprise-mail-1234@payments"
