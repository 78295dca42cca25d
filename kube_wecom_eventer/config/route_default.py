"""``--route-default=SINK``: the platform's application or mail server, by which declared routes reach people.

A route that names only its people is sent with the platform's credentials. So a default says how, a route whom and
what: neither can say the other's part, and what the platform's parameters do not allow is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from kube_wecom_eventer.config.application import (
    APPLICATION_PARAMETERS,
    EVERYBODY,
    ApplicationTarget,
    parse_application,
    receivers_of,
)
from kube_wecom_eventer.config.application import SCHEME as WECHAT
from kube_wecom_eventer.config.apprise import APPRISE_PARAMETERS, AppriseTarget, parse_apprise
from kube_wecom_eventer.config.apprise import SCHEME as APPRISE
from kube_wecom_eventer.config.go_flags import Flag, ParsedFlags
from kube_wecom_eventer.config.http_options import HTTP_PARAMETERS
from kube_wecom_eventer.config.parameter import Parameter, names
from kube_wecom_eventer.config.uri import OptionUri, parse_uri

ROUTE_DEFAULT = Flag(
    "route-default",
    "The platform's application (`wechat:`) or mail server (`apprise:mailto...`), for declared routes that name only "
    "their people; once for each scheme. Which receivers they may name: docs/tenants.md.",
    repeatable=True,
    value="SCHEME:URL?PARAMETER=VALUE&...",
)

RECEIVERS, DOMAINS, MOST = "allow_receivers", "allow_domains", "max_receivers"

DEFAULT_PARAMETERS = (
    Parameter(
        RECEIVERS,
        "Comma list of what declared routes may write to: `users`, `parties`, `tags`, `all` (`@all`).",
        "users",
        (f"{WECHAT}:",),
    ),
    Parameter(
        DOMAINS,
        "Comma list of domains that declared routes may mail to, exact, as `example.com`; needed.",
        sinks=(f"{APPRISE}:",),
    ),
    Parameter(MOST, "How many receivers a declared route may name, 1 to 1000.", "20", (f"{WECHAT}:", f"{APPRISE}:")),
)

_KINDS = {"users": "to_user", "parties": "to_party", "tags": "to_tag", "all": f"to_user={EVERYBODY}"}
_OWN = {WECHAT: names(APPLICATION_PARAMETERS), APPRISE: names(APPRISE_PARAMETERS)}
_OF_PEOPLE = {WECHAT: ("to_user", "to_party", "to_tag"), APPRISE: ("to",)}
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@([A-Za-z0-9.-]{1,253})")
"""Without the ``%`` that mail allows there: for whoever has logged in, mail servers send ``user%elsewhere.com@HERE`` on
to ``user@elsewhere.com``; https://www.postfix.org/postconf.5.html#allow_percent_hack is on unless said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDefault:
    """How declared routes of one scheme are sent that name only people.

    ``receivers``: the kinds that they may name; ``domains``: of addresses; ``most``: how many.
    """

    target: ApplicationTarget | AppriseTarget
    receivers: frozenset[str] = frozenset()
    domains: Collection[str] = ()
    most: int = 20

    def completes(self, uri: OptionUri) -> bool:
        """Whether a route's sink leaves it to the platform how it is sent."""
        own = _OWN[uri.scheme] - {*_OF_PEOPLE[uri.scheme], "label", "api", "pace"}
        return not uri.url.strip("/") and not any(name in own for name, _ in uri.options)

    def target_of(
        self, uri: OptionUri, *, tenant: str, shared: frozenset[str], problems: list[str]
    ) -> ApplicationTarget | AppriseTarget | None:
        """Return where a route of the namespace ``tenant`` sends: by the platform's way, to the people that it names.

        ``shared``: the parameters of all sinks. None where there is a problem.
        """
        before = len(problems)
        people = _OF_PEOPLE[uri.scheme]
        reaching = names(HTTP_PARAMETERS) | {"query"}
        allowed = shared - reaching | {*people} | ({"label"} if uri.scheme == WECHAT else set())
        problems += [
            f"{name}= is not for routes that are sent with the platform's {self._what}; write only "
            f"{' and '.join(f'{each}=' for each in people)} and what all sinks know"
            for name in dict.fromkeys(name for name, _ in uri.options)
            if name not in allowed
        ]
        target = self.target
        if isinstance(target, ApplicationTarget):
            users, parties, tags = self._members(uri, problems)
            return (
                None
                if len(problems) > before
                else replace(target, users=users, parties=parties, tags=tags, tenant=tenant)
            )
        addresses = self._addresses(uri, problems)
        return None if len(problems) > before else replace(target, receivers=addresses, tenant=tenant)

    @property
    def _what(self) -> str:
        return "application" if isinstance(self.target, ApplicationTarget) else "mail server"

    def _members(self, uri: OptionUri, problems: list[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        named = receivers_of(uri, problems)
        users, parties, tags = named
        if not (users or parties or tags):
            problems.append(f"{WECHAT}: names nobody; write to_user=USERID,...")
        wanted = {
            "all": EVERYBODY in users,
            "users": any(user != EVERYBODY for user in users),
            "parties": bool(parties),
            "tags": bool(tags),
        }
        problems += [
            f"{WECHAT}: {_KINDS[kind]} is not for routes that are sent with the platform's application; ask the "
            f"platform for {RECEIVERS}={kind}"
            for kind, written in wanted.items()
            if written and kind not in self.receivers
        ]
        self._count(len(users) + len(parties) + len(tags), problems)
        return ((EVERYBODY,), (), ()) if EVERYBODY in users else named

    def _addresses(self, uri: OptionUri, problems: list[str]) -> tuple[str, ...]:
        written = (each.strip() for text in uri.every("to") for each in text.replace(";", ",").split(","))
        addresses = tuple(dict.fromkeys(each for each in written if each))
        if not addresses:
            problems.append(f"{APPRISE}: names nobody; write to=NAME@DOMAIN,..., or a URL or url_secret= of your own")
        for address in addresses:
            found = _ADDRESS.fullmatch(address)
            if found is None:
                problems.append(f"{APPRISE}: to={address[:320]}: write plain addresses, with commas between them")
            elif found[1].lower() not in self.domains:
                problems.append(
                    f"{APPRISE}: to={address}: the platform's mail server is for addresses of "
                    f"{', '.join(sorted(self.domains))}; ask the platform for {DOMAINS}={found[1].lower()}"
                )
        self._count(len(addresses), problems)
        return addresses

    def _count(self, number: int, problems: list[str]) -> None:
        if number > self.most:
            problems.append(f"{number} receivers are more than {self.most}; name fewer, or a group of them")


RouteDefaults = Mapping[str, RouteDefault]
"""By the scheme of the sinks that they complete."""


def parse_route_defaults(flags: ParsedFlags, environ: Mapping[str, str], *, declared: bool) -> RouteDefaults:
    """Read each ``--route-default``; what is wrong or doubtful is added to ``flags``."""
    texts: Sequence[str] = flags.values.get(ROUTE_DEFAULT.name, [])
    if texts and not declared:
        flags.warnings.append(f"--{ROUTE_DEFAULT.name} has no effect without --namespace-routes")
    defaults: dict[str, RouteDefault] = {}
    for number, text in enumerate(texts, start=1):
        where = f"--{ROUTE_DEFAULT.name} {number}"
        problems: list[str] = []
        warnings: list[str] = []
        try:
            uri = parse_uri(text, environ=environ)
        except ValueError as error:
            flags.problems.append(f"{where}: {error}")
            continue
        default = _parse(uri, problems, warnings)
        if uri.scheme in defaults:
            problems.append(f"there is one for {uri.scheme}: already; write one for each scheme")
        elif default:
            defaults[uri.scheme] = default
        flags.warnings += [f"{where}: {each}" for each in (*uri.warnings, *warnings)]
        flags.problems += [f"{where}: {each}" for each in problems]
    return defaults


def _parse(uri: OptionUri, problems: list[str], warnings: list[str]) -> RouteDefault | None:
    known = names(DEFAULT_PARAMETERS) | names(HTTP_PARAMETERS)
    if uri.scheme == WECHAT:
        return _application(uri, known, problems, warnings)
    if uri.scheme == APPRISE:
        return _mail(uri, known | {"query"}, problems, warnings)
    problems.append(
        f"{uri.scheme}: is no scheme for it; write {WECHAT}:?corp_id=... or {APPRISE}:mailtos://... Robots and other "
        "services name no people"
    )
    return None


def _application(
    uri: OptionUri, known: frozenset[str], problems: list[str], warnings: list[str]
) -> RouteDefault | None:
    problems += [
        f"{WECHAT}: {name}= is the routes' own; leave it out, and see {RECEIVERS}="
        for name in _OF_PEOPLE[WECHAT]
        if uri.first(name)
    ]
    target = parse_application(uri, known=known, namespace="", problems=problems, warnings=warnings)
    kinds = frozenset(uri.listed(RECEIVERS) or ("users",))
    problems += [
        f"{RECEIVERS}={kind}: unknown; write some of {', '.join(_KINDS)}" for kind in sorted(kinds - {*_KINDS})
    ]
    most = _most(uri, problems)
    return None if target is None or problems else RouteDefault(target=target, receivers=kinds, most=most)


def _mail(uri: OptionUri, known: frozenset[str], problems: list[str], warnings: list[str]) -> RouteDefault | None:
    if any(name.lower() == "to" for name, _ in uri.options):
        problems.append(f"{APPRISE}: to= is the routes' own; leave it out, and see {DOMAINS}=")
    domains = frozenset(each.lower() for each in uri.listed(DOMAINS))
    if not domains:
        problems.append(f"{DOMAINS}= is missing: write the domains that declared routes may mail to")
    problems += [
        f"{DOMAINS}={each}: no domain; write for example {DOMAINS}=example.com"
        for each in sorted(domains)
        if not _DOMAIN.fullmatch(each)
    ]
    most = _most(uri, problems)
    target = parse_apprise(uri, known=known, namespace="", problems=problems, warnings=warnings)
    if target and target.service and not target.is_mail:
        problems.append(f"{APPRISE}: {target.service}:// is no mail server; write mailto:// or mailtos://")
    return None if target is None or problems else RouteDefault(target=target, domains=domains, most=most)


def _most(uri: OptionUri, problems: list[str]) -> int:
    text = uri.first(MOST) or "20"
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= 1000:
        return int(text)
    problems.append(f"{MOST}={text}: write a number from 1 to 1000")
    return 20
