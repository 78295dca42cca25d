from __future__ import annotations

import pytest

from kube_wecom_eventer.config import AppriseTarget
from kube_wecom_eventer.config.sink import SinkSettings, parse_sink

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
MAIL = "mailtos://eventer:hush%40hush@smtp.example.com:587"


def parse(text: str, **environ: str) -> tuple[SinkSettings | None, list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    return parse_sink(text, number=1, environ=environ, problems=problems, warnings=warnings), problems, warnings


def target(text: str, **environ: str) -> AppriseTarget:
    sink, problems, _ = parse(text, **environ)
    assert sink is not None, problems
    assert isinstance(sink.target, AppriseTarget)
    return sink.target


def url_of(text: str, **environ: str) -> str:
    return target(text, **environ).url.value.reveal()


def doubts(text: str) -> list[str]:
    sink, problems, warnings = parse(text)
    assert sink is not None, problems
    return [warning.removeprefix("--sink 1: ") for warning in warnings]


@pytest.mark.parametrize(
    ("written", "apprises"),
    [
        (f"{MAIL}?to=a@b.cc&level=Normal&format=text", f"{MAIL}?to=a@b.cc&format=text"),
        (f"{MAIL}?namespaces=payments&lang=en", MAIL),
        (f"{MAIL}&level=Normal", MAIL),
        (f"{MAIL}?to=a+b@c.dd&from=%E4%B8%AD <x@y.zz>", f"{MAIL}?to=a+b@c.dd&from=%E4%B8%AD <x@y.zz>"),
        ("json://example.com/hook?+X-Token=abc&-k=v&level=Normal", "json://example.com/hook?+X-Token=abc&-k=v"),
        (f"{SLACK}/#alerts/@lihua?cluster=prod", f"{SLACK}/#alerts/@lihua"),
        (f"{MAIL}?query=name=Kubernetes%20events&name=^web", f"{MAIL}?name=Kubernetes%20events"),
        (f"{MAIL}?query=from=a%2Bb@c.dd", f"{MAIL}?from=a%2Bb%40c.dd"),
    ],
)
def test_what_is_not_ours_reaches_apprise_as_it_is_written(written: str, apprises: str) -> None:
    """Decoded by its own rules, in which a plus sign is no space and a ``#`` begins a channel."""
    assert url_of(f"apprise:{written}") == apprises


def test_our_parameters_hold_as_in_any_sink() -> None:
    """Filters, names, intervals, style."""
    sink, problems, warnings = parse(
        f"apprise:{SLACK}?level=Normal&namespaces=payments&reason=^Back&route=ops&repeat_interval=0&group_wait=1m"
        "&lang=en&cluster=prod-1&pace=60"
    )
    assert sink is not None
    assert (problems, warnings) == ([], [])
    assert (sink.name, sink.filter.level, sink.filter.namespaces) == ("ops", "Normal", frozenset({"payments"}))
    assert (sink.repeat_interval, sink.group_wait, sink.style.lang, sink.style.cluster) == (0.0, 60.0, "en", "prod-1")
    assert isinstance(sink.target, AppriseTarget)
    assert sink.target.pace == 60


def test_a_url_may_come_whole_from_the_environment() -> None:
    """With a query of its own, or without."""
    for url in (f"{MAIL}?to=a@b.cc", MAIL):
        assert url_of("apprise:${URL}&level=Normal", URL=url) == url


def test_a_url_may_stand_in_a_file(tmp_path: pytest.TempPathFactory) -> None:
    """Nothing in it is ours then: what is called like a parameter of ours is the service's."""
    path = f"{tmp_path}/url"
    with open(path, "w") as file:
        file.write(f"{MAIL}?name=Events&to=a@b.cc\n")
    assert url_of(f"apprise:?url_file={path}&level=Normal") == f"{MAIL}?name=Events&to=a@b.cc"


def test_a_url_may_stand_in_a_secret() -> None:
    """Then nobody knows yet what service it is."""
    it = target("apprise:?url_secret=mailing/smtp&level=Normal")
    assert (str(it.url.place), it.service, it.form, it.destination) == (
        "mailing/smtp/url",
        "",
        None,
        "apprise-mailing/smtp/url",
    )


def test_nothing_that_is_printed_shows_the_url() -> None:
    """The destination is called after the service and a fingerprint."""
    it = target(f"apprise:{MAIL}?to=lihua@example.com")
    shown = f"{it!r} {it.destination} {it.shown}"
    for part in ("hush", "eventer:", "smtp.example", "lihua"):
        assert part not in shown
    assert it.destination.startswith("apprise-mailtos-")
    assert it.shown == "apprise:mailtos://***"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("apprise:", "has no URL; write apprise:mailtos://... or any other of Apprise's, or url_secret=NAMESPACE/NAME"),
        ("apprise:?level=Normal", "has no URL;"),
        (f"apprise:{MAIL}?url_secret=a/b", "has a URL, and url= beside it; write one of them"),
        ("apprise:?url_secret=nonsense", "no Secret's name"),
        (f"apprise:{MAIL}?pace=0", "pace=0: write how many messages a minute, from 1 to 600"),
        (f"apprise:{MAIL}?pace=many", "pace=many:"),
        ("apprise:mailto:lihua@example.com", "what stands there is no URL of Apprise's; write for example"),
        ("apprise:nonsense", "what stands there is no URL of Apprise's"),
        ("apprise:nonsense://x", "nonsense:// is no service that Apprise knows"),
        ("apprise:teams://x", "teams:// is no service that Apprise knows; write workflows://"),
        ("apprise:mailto://lihua", "mailto://...: Apprise can't use this URL"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(text: str, problem: str) -> None:
    """One line, that shows nothing of the URL."""
    sink, problems, _ = parse(text)
    assert sink is None
    assert len(problems) == 1, problems
    assert problem in problems[0]
    assert problems[0].startswith("--sink 1: apprise: ")


def test_a_name_that_both_know_is_ours_and_doubted() -> None:
    """``name=`` is in each of Apprise's examples for mail, and would here choose events by their object's name."""
    (doubt,) = doubts(f"apprise:{MAIL}?name=Events")
    assert doubt == (
        "name= is ours here and does not reach mailtos://, which has a parameter of that name, too; for that one write "
        "query=name=VALUE"
    )
    assert doubts(f"apprise:{SLACK}?name=^web") == []


@pytest.mark.parametrize(
    ("option", "doubt"),
    [
        ("namespace=payments", "did you mean namespaces?"),
        ("formt=text", "did you mean format?"),
        ("bogus=1", "namespace"),
    ],
)
def test_a_name_that_nobody_knows_is_doubted(option: str, doubt: str) -> None:
    """With what may have been meant, of either reader's parameters; Apprise gets it all the same."""
    (found,) = doubts(f"apprise:{MAIL}?{option}")
    assert found.startswith(
        f"{option.partition('=')[0]}= is no parameter of ours, and none that Apprise names for mailtos"
    )
    assert (doubt in found) == (option != "bogus=1")
    assert url_of(f"apprise:{MAIL}?{option}") == f"{MAIL}?{option}"


@pytest.mark.parametrize(
    "option", ["header=A=b", "ca_file=/x", "msgtype=markdown", "mentioned_list=@all", "method=PUT"]
)
def test_what_other_chats_know_has_no_effect_and_is_doubted(option: str) -> None:
    """Rather than silently doing nothing."""
    assert doubts(f"apprise:{SLACK}?{option}") == [f"{option.partition('=')[0]}= has no effect on apprise: sinks"]
    assert f"{option.partition('=')[0]}= has no effect on apprise: sinks" in doubts(f"apprise:?url_secret=a/b&{option}")
