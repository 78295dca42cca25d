"""The platform's application and mail server, lent to routes that name only people: who says what, what is refused."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.config import (
    ApplicationTarget,
    AppriseTarget,
    RouteDefaults,
    SinkSettings,
    load_settings,
    parse_declared_sink,
)
from kube_wecom_eventer.config.go_flags import ParsedFlags
from kube_wecom_eventer.config.route_default import parse_route_defaults
from kube_wecom_eventer.errors import ConfigError

APPLICATION = "wechat:?corp_id=ww0123456789abcdef&agent_id=1000002&corp_secret=hush-hush"
MAIL = "apprise:mailtos://eventer:hush-hush@smtp.example.com:587?from=eventer@example.com&allow_domains=example.com"


def defaults(*texts: str, **environ: str) -> RouteDefaults:
    flags = ParsedFlags(values={"route-default": list(texts)})
    found = parse_route_defaults(flags, environ, declared=True)
    assert flags.problems == []
    return found


def problems_of(*texts: str) -> list[str]:
    flags = ParsedFlags(values={"route-default": list(texts)})
    parse_route_defaults(flags, {}, declared=True)
    return [problem.removeprefix("--route-default 1: ") for problem in flags.problems]


def declared(
    text: str, *texts: str, allowed_hosts: frozenset[str] = frozenset()
) -> tuple[SinkSettings | None, list[str], list[str]]:
    """Return what becomes of a route's sink in payments, beside these defaults; no host is allowed."""
    problems: list[str] = []
    warnings: list[str] = []
    sink = parse_declared_sink(
        text,
        name="payments/wecom",
        namespace="payments",
        allowed_hosts=allowed_hosts,
        everywhere=False,
        defaults=defaults(*texts),
        problems=problems,
        warnings=warnings,
    )
    return sink, problems, warnings


def application(text: str, default: str = APPLICATION) -> ApplicationTarget:
    sink, problems, warnings = declared(text, default)
    assert sink is not None, problems
    assert warnings == []
    assert isinstance(sink.target, ApplicationTarget)
    return sink.target


def mail(text: str, default: str = MAIL) -> AppriseTarget:
    sink, problems, warnings = declared(text, default)
    assert sink is not None, problems
    assert warnings == []
    assert isinstance(sink.target, AppriseTarget)
    return sink.target


def refusal(text: str, default: str) -> str:
    sink, problems, _ = declared(text, default)
    assert sink is None
    assert len(problems) == 1, problems
    return problems[0]


def test_a_route_that_names_its_people_is_sent_by_the_platforms_application() -> None:
    """All but the people is the platform's; its host needs no permission."""
    target = application("wechat:?to_user=lihua,wangqing&level=Warning&lang=en&label=payments&msgtype=markdown")
    default = defaults(APPLICATION)["wechat"].target
    assert isinstance(default, ApplicationTarget)
    assert target.users == ("lihua", "wangqing")
    assert (target.corp_id, target.agent_id) == (default.corp_id, default.agent_id)
    assert (target.endpoint, target.corp_secret) == (default.endpoint, default.corp_secret)
    assert (target.headers, target.ca_file) == ((), None)


def test_a_route_that_names_addresses_is_sent_by_the_platforms_mail_server() -> None:
    """From the platform's address."""
    target = mail("apprise:?to=lihua@example.com,wangqing@example.com&reason=^BackOff$")
    assert target.receivers == ("lihua@example.com", "wangqing@example.com")
    assert target.url == defaults(MAIL)["apprise"].target.url  # type: ignore[union-attr]
    assert target.allowed_hosts is None


def test_the_rest_of_such_a_route_is_as_in_any() -> None:
    """Filters, words, intervals; only of its own namespace."""
    sink, problems, _ = declared("wechat:?to_user=lihua&reason=^OOM&repeat_interval=0&group_wait=1m", APPLICATION)
    assert sink is not None, problems
    assert (sink.filter.namespaces, sink.filter.reasons) == (frozenset({"payments"}), ("^OOM",))
    assert (sink.repeat_interval, sink.group_wait) == (0.0, 60.0)


def test_each_namespace_is_a_destination_of_its_own_and_all_have_one_account() -> None:
    """So one's mistakes keep nobody waiting, and all share one pace."""
    target = application("wechat:?to_user=lihua")
    secret = target.corp_secret.value
    lender = defaults(APPLICATION)["wechat"].target
    assert isinstance(lender, ApplicationTarget)
    assert target.account(secret) == lender.account(secret)
    assert target.destination.endswith("@payments")
    assert "@" not in defaults(APPLICATION)["wechat"].target.destination
    assert mail("apprise:?to=a@example.com").destination.endswith("@payments")


@pytest.mark.parametrize(
    "option",
    [
        "api=https://evil.example.com",
        "header=X-A=b",
        "ca_file=/tmp/x",
        "corp_secret_file=/etc/x",
        "pace=600",
        "query=a=b",
        "method=GET",
        "allow_receivers=all",
        "max_receivers=1000",
        "url_file=/etc/x",
        "from=ceo@example.com",
        "bcc=evil@evil.com",
        "smtp=evil.example.com",
        "template=/etc/passwd",
        "Api=https://evil.example.com",
    ],
)
def test_no_option_of_a_route_changes_how_the_platform_sends(option: str) -> None:
    """Nothing leads the credentials elsewhere, or shows them to anybody."""
    for people, default in (("wechat:?to_user=lihua", APPLICATION), ("apprise:?to=lihua@example.com", MAIL)):
        sink, problems, _ = declared(f"{people}&{option}", default)
        assert sink is None, option
        assert option.partition("=")[0] in problems[0]


@pytest.mark.parametrize("option", ["corp_id=ww1", "agent_id=7", "corp_secret=own", "corp_secret_secret=own"])
def test_a_route_with_credentials_of_its_own_gets_none_of_the_platforms(option: str) -> None:
    """Parts of two applications are not put together; what is missing is asked for."""
    sink, problems, _ = declared(f"wechat:?to_user=lihua&{option}", APPLICATION)
    assert sink is None
    assert any("has no" in problem for problem in problems)


@pytest.mark.parametrize("sink", ["apprise:?url_secret=own", "apprise:slack://T1JJ3T3L2/A1BRTD4JD/x", "apprise:?url=x"])
def test_a_route_with_a_url_of_its_own_gets_none_of_the_platforms(sink: str) -> None:
    """It is judged as if there were no default."""
    found, _, _ = declared(sink, MAIL)
    target = found.target if found else None
    assert not isinstance(target, AppriseTarget) or (target.receivers, target.tenant) == ((), "")


@pytest.mark.parametrize(("people", "kind"), [("to_user=@all", "all"), ("to_party=1", "parties"), ("to_tag=1", "tags")])
def test_who_many_are_is_told_only_where_the_platform_says_so(people: str, kind: str) -> None:
    """A department may be the whole company."""
    assert refusal(f"wechat:?{people}", APPLICATION).endswith(
        f"is not for routes that are sent with the platform's application; ask the platform for allow_receivers={kind}"
    )
    target = application(f"wechat:?{people}", f"{APPLICATION}&allow_receivers=users,{kind}")
    assert (target.users, target.parties, target.tags) in ((("@all",), (), ()), ((), ("1",), ()), ((), (), ("1",)))


def test_users_are_told_unless_the_platform_leaves_them_out() -> None:
    """What is allowed is just what is written."""
    assert "allow_receivers=users" in refusal("wechat:?to_user=lihua", f"{APPLICATION}&allow_receivers=tags")


def test_a_route_that_names_nobody_tells_nobody() -> None:
    """On a ``--sink`` that would be everybody."""
    assert refusal("wechat:?level=Normal", APPLICATION) == "wechat: names nobody; write to_user=USERID,..."
    assert refusal("wechat:?to_user=", APPLICATION) == "wechat: names nobody; write to_user=USERID,..."
    assert refusal("apprise:?lang=en", MAIL).startswith("apprise: names nobody; write to=NAME@DOMAIN,...")


@pytest.mark.parametrize(
    "address",
    ["lihua@evil.com", "lihua@example.com.evil.com", "lihua@sub.example.com", "lihua@EXAMPLE.COM.evil.com"],
)
def test_mail_goes_to_the_domains_that_the_platform_names(address: str) -> None:
    """Exactly these."""
    assert "the platform's mail server is for addresses of example.com" in refusal(f"apprise:?to={address}", MAIL)


@pytest.mark.parametrize(
    "address",
    [
        "lihua",
        "@example.com",
        "a@b@example.com",
        "<lihua@example.com>",
        "x <lihua@example.com>",
        "li%0D%0Ahua@example.com",
        "lihua@example.com%0D%0ABcc:evil@evil.com",
        '"a b"@example.com',
        "lihua%25evil.com@example.com",
        "evil.com!lihua@example.com",
    ],
)
def test_an_address_is_a_plain_one(address: str) -> None:
    """Nothing of it can become another header, or another receiver."""
    assert "write plain addresses" in refusal(f"apprise:?to={address}", MAIL)


def test_domains_are_compared_in_any_case() -> None:
    """As mail servers do."""
    assert mail("apprise:?to=LiHua@Example.COM").receivers == ("LiHua@Example.COM",)


def test_a_route_has_so_many_receivers_at_most() -> None:
    """Each gets a message of its own, or counts in one."""
    many = ",".join(f"user{number}" for number in range(21))
    assert refusal(f"wechat:?to_user={many}", APPLICATION) == (
        "21 receivers are more than 20; name fewer, or a group of them"
    )
    assert len(application(f"wechat:?to_user={many}", f"{APPLICATION}&max_receivers=21").users) == 21


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("wecom:?key=KEY", "wecom: is no scheme for it;"),
        ("nonsense", "has no scheme;"),
        ("wechat:?corp_id=ww1", "wechat: has no agent_id=;"),
        (f"{APPLICATION}&to_user=lihua", "wechat: to_user= is the routes' own;"),
        (f"{APPLICATION}&allow_receivers=everybody", "allow_receivers=everybody: unknown; write some of users,"),
        (f"{APPLICATION}&max_receivers=0", "max_receivers=0: write a number from 1 to 1000"),
        (MAIL.replace("&allow_domains=example.com", ""), "allow_domains= is missing:"),
        (MAIL.replace("=example.com", "=*"), "allow_domains=*: no domain;"),
        (f"{MAIL}&to=lihua@example.com", "apprise: to= is the routes' own;"),
        (
            "apprise:slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?allow_domains=example.com",
            "apprise: slack:// is no mail server; write mailto:// or mailtos://",
        ),
    ],
)
def test_a_default_that_cannot_be_one_is_refused_in_words(text: str, problem: str) -> None:
    """With all that is wrong."""
    assert problems_of(text)[0].startswith(problem)


def test_there_is_one_default_for_each_scheme() -> None:
    """A route does not say which it means."""
    assert defaults(APPLICATION, MAIL).keys() == {"wechat", "apprise"}
    flags = ParsedFlags(values={"route-default": [APPLICATION, APPLICATION]})
    parse_route_defaults(flags, {}, declared=True)
    assert flags.problems == ["--route-default 2: there is one for wechat: already; write one for each scheme"]


def test_a_default_may_take_its_secret_from_the_environment_or_a_secret() -> None:
    """As a sink of the args does."""
    target = defaults(APPLICATION.replace("hush-hush", "${SECRET}"), SECRET="of-the-environment")["wechat"].target
    assert isinstance(target, ApplicationTarget)
    assert target.corp_secret.value.reveal() == "of-the-environment"
    late = defaults("apprise:?url_secret=kube-wecom-eventer/mail&allow_domains=example.com")["apprise"].target
    assert isinstance(late, AppriseTarget)
    assert str(late.url.place) == "kube-wecom-eventer/mail/url"


def test_nothing_of_a_default_is_shown() -> None:
    """Neither in a refusal nor where it is printed."""
    shown = f"{defaults(APPLICATION, MAIL)!r} {problems_of(f'{APPLICATION}&max_receivers=0')}"
    shown += refusal("wechat:?to_user=lihua&api=x", APPLICATION)
    assert "hush" not in shown


def test_a_platforms_own_route_may_use_it_too() -> None:
    """For any namespace; as one more tenant."""
    problems: list[str] = []
    sink = parse_declared_sink(
        "wechat:?to_user=ops&namespaces=_cluster",
        name="kube-wecom-eventer/nodes",
        namespace="kube-wecom-eventer",
        allowed_hosts=(),
        everywhere=True,
        defaults=defaults(APPLICATION),
        problems=problems,
        warnings=[],
    )
    assert sink is not None, problems
    assert sink.filter.namespaces == frozenset({"_cluster"})


def test_the_flag_needs_declared_routes() -> None:
    """Alone it does nothing, which is said; what is wrong with it is said all the same."""
    settings = load_settings(["--sink=log:", f"--route-default={APPLICATION}"], environ={"TZ": "UTC"})
    assert settings.warnings == ("--route-default has no effect without --namespace-routes",)
    with pytest.raises(ConfigError) as refused:
        load_settings(["--namespace-routes", "--route-default=wecom:?key=K"], environ={})
    assert refused.value.problems[0].startswith("--route-default 1: wecom: is no scheme for it")
