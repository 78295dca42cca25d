"""What the library says of a URL, and what it must not say."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from kube_wecom_eventer.apprise_library import MAIL, Notice, Unusable, open_service

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def refusal(url: str) -> str:
    with pytest.raises(Unusable) as refused:
        open_service(url)
    return str(refused.value)


def test_an_unknown_service_is_refused_with_a_guess() -> None:
    """As with any misspelt name."""
    assert (
        refusal("mailtoo://a@b.cc")
        == "mailtoo:// is no service that Apprise knows; did you mean mailto:// or mailtos://?"
    )


@pytest.mark.parametrize(
    ("url", "instead"),
    [
        ("wecombot://KEY", "wecom:?key=KEY"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY", "wecom:?key=KEY"),
        ("dingtalk://TOKEN", "dingtalk:?access_token=TOKEN"),
        ("wechat://CORP:SECRET@1000002", "wechat:?corp_id=ID"),
    ],
)
def test_what_takes_a_refusal_for_success_is_refused(url: str, instead: str) -> None:
    """Here are sinks of our own for these, which read the answer."""
    assert refusal(url).endswith(f"write {instead}")


@pytest.mark.parametrize("scheme", ["dbus", "gnome", "kde", "macosx", "syslog", "windows", "blink1"])
def test_what_speaks_to_its_own_machine_is_refused(scheme: str) -> None:
    """Nobody looks at a pod."""
    assert "the machine that it runs on" in refusal(f"{scheme}://")


def test_a_relay_is_refused() -> None:
    """It knows no more than that it has taken the message."""
    assert "is a relay" in refusal("apprise://relay.example.com/token")


def test_a_url_that_the_service_does_not_take_is_refused_without_showing_it() -> None:
    """The library's own reason quotes it."""
    text = refusal("feishu://hush hush?format=text")
    assert text.startswith("feishu://...: Apprise can't use this URL: The Feishu token specified (***")
    assert "hush" not in text


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert refusal(SLACK).endswith("pip install 'kube-wecom-eventer[apprise]'")


def test_the_library_is_imported_for_such_a_sink_only() -> None:
    """It costs memory and time."""
    script = (
        "import sys; from kube_wecom_eventer import app, cli; from kube_wecom_eventer.config import load_settings\n"
        "load_settings(['--sink=log:'], environ={}); assert 'apprise' not in sys.modules\n"
        f"load_settings(['--sink=apprise:{SLACK}'], environ={{}}); assert 'apprise' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[1])


@pytest.mark.parametrize(
    ("url", "written", "limit", "title"),
    [
        ("mailto://user:pass@example.com", "html", 24_000, 200),
        ("mailto://user:pass@example.com?format=text", "text", 8_000, 200),
        ("sendgrid://abcd:user@example.com", "html", 24_000, 200),
        (SLACK, "markdown", 8_000, 200),
        (f"{SLACK}?format=text", "text", 8_000, 200),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "text", 1924, 120),
        ("json://example.com", "text", 8_000, 200),
        ("matrixs://user:pass@chat.example.com/#ops?format=html", "text", 8_000, 200),
        ("bulksms://user:pass@+15551234567", "text", 56, 60),
    ],
)
def test_what_a_service_takes_is_known(url: str, written: str, limit: int, title: int) -> None:
    """Only mail gets pages of HTML; where the title stands in the body, it has its share of the limit."""
    form = open_service(url).form
    assert (form.format, form.limit, form.title_limit) == (written, limit, title)
    assert (form is MAIL) == (written == "html")


def test_the_librarys_log_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    """Its lines hold URLs and whole messages; the root logger must not write them."""
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    try:
        service = open_service("json://127.0.0.1:1/hush-hush-token?cto=0.2")
        told = service.tell(Notice("title", "body", "text", "warning"))
    finally:
        root.removeHandler(handler)
    assert not told.accepted
    assert any("Connection refused" in line for line in told.said)
    assert "hush-hush" not in repr(told)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rockets://husha/hushb@127.0.0.1:1/#ops", "with url: /hooks/***/***"),
        ("json://127.0.0.1:1/path?-key=hush=hush b", "with url: ***?key=***"),
        ("json://127.0.0.1:1/path?to=a;-key=hush-b", "with url: ***?key=***"),
        ("json://127.0.0.1:1/#x?-key=hush-b", "with url: ***?key=***"),
        ("json://127.0.0.1:1/hu sh/x", "with url: ***"),
    ],
)
def test_a_secret_is_not_shown_wherever_it_stands_and_however_it_is_written_again(url: str, shown: str) -> None:
    """Tokens stand before an ``@`` with a ``/`` between them, behind a ``#`` or a ``;``, and are quoted anew."""
    service = open_service(url)
    told = service.tell(Notice("title", "body", service.form.format, "warning"))
    (why,) = (line for line in told.said if "Connection refused" in line)
    assert shown in why
    assert not [line for line in told.said if "hu" in line]


def test_a_plugin_that_raises_is_a_failure_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of the library's must not end the thread, or the daemon."""
    service = open_service("json://example.com/hush-hush-token")

    def broken(**_fields: object) -> bool:
        raise KeyError("hush-hush-token")

    monkeypatch.setattr(service._plugin, "notify", broken)
    told = service.tell(Notice("title", "body", "text", "warning"))
    assert (told.accepted, told.said) == (False, ("KeyError: '***'",))
