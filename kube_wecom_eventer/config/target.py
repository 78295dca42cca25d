"""Where a sink sends: a WeCom robot or application, a DingTalk robot, any URL, or our own standard output."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from kube_wecom_eventer.config.application import APPLICATION_PARAMETERS, WECOM, ApplicationTarget, parse_application
from kube_wecom_eventer.config.apprise import APPRISE_PARAMETERS, AppriseTarget, parse_apprise
from kube_wecom_eventer.config.credential import credential_parameters, holds_address, read_credential, ways_to
from kube_wecom_eventer.config.dingtalk import (
    DINGTALK_PARAMETERS,
    DINGTALK_PATH,
    TOKEN,
    DingTalkTarget,
    parse_dingtalk,
)
from kube_wecom_eventer.config.http_options import (
    HTTP_PARAMETERS,
    HTTP_TOKEN,
    Headers,
    doubt_method,
    read_ca_file,
    read_headers,
    shown_base,
    without_content_type,
)
from kube_wecom_eventer.config.parameter import (
    APPRISE,
    ROBOTS,
    WEBHOOK,
    Parameter,
    ParameterGroup,
    Scheme,
    doubt_near_misses,
    doubt_unknown,
    names,
)
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.secret_field import SecretField
from kube_wecom_eventer.config.shown import shown_address
from kube_wecom_eventer.config.uri import OptionUri, http_address

ROBOT_PATH = "/cgi-bin/webhook/send"
"""What marks the URL of a WeCom robot: companies reach it through proxies of any host name."""

KUBE_EVENTERS_SCHEMES = (
    "sls", "elasticsearch", "kafka", "influxdb", "mysql", "mongo", "honeycomb", "riemann", "eventbridge",
)  # fmt: skip
"""Sinks of kube-eventer's that there are not here."""

SINK_SCHEMES = (
    Scheme("wecom:?key=KEY&...", "A WeCom group robot."),
    Scheme(
        "webhook:ROBOT_URL&...",
        f"The same, as kube-eventer has it: any URL whose path ends in `{ROBOT_PATH}`, whatever its host.",
    ),
    Scheme("wechat:?corp_id=ID&...", "Members of a company, by a WeCom application; see docs/sinks.md."),
    Scheme("dingtalk:ROBOT_URL&...", "A DingTalk group, by its robot; see docs/sinks.md."),
    Scheme(
        "apprise:URL&...",
        "Mail, Slack, Feishu, Teams and all else that the library Apprise knows, by its URLs; see docs/sinks.md.",
    ),
    Scheme("webhook:URL?...", "Any other URL, one request an event; success is any 2xx."),
    Scheme(
        "log:",
        'The daemon\'s standard output, one JSON line an event. In YAML it needs quotes: `"--sink=log:"`.',
    ),
)

ROBOT_PARAMETERS = (
    *credential_parameters("key", "key", "The robot's key", (ROBOTS,)),
    Parameter("api", "A proxy before WeCom, as `https://proxy.example.com`.", WECOM, ("wecom:",)),
)

OWN_GROUPS = (
    ParameterGroup("Which robot", ROBOT_PARAMETERS),
    ParameterGroup("Which WeCom application", APPLICATION_PARAMETERS),
    ParameterGroup("Which DingTalk robot", DINGTALK_PARAMETERS),
    ParameterGroup("Which service of Apprise's", APPRISE_PARAMETERS),
)
"""Parameters of one kind of sink: in a `webhook:` URL these names are the URL's own, and stay in it."""

TARGET_PARAMETERS = (
    *HTTP_PARAMETERS,
    Parameter(
        "query",
        "`query=NAME=VALUE`: a parameter of the URL that is called like one of these here. All others stay in the URL "
        "by themselves.",
        sinks=(WEBHOOK, APPRISE),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotTarget:
    """A WeCom group robot. ``endpoint`` is the whole URL with its key; ``shown`` is what may be printed.

    ``key_secret``: where the key is read from before each message; ``endpoint`` and ``key`` have none then.
    ``ca_file``: PEM file of the authorities to trust instead of the system's, for a company's own proxy.
    """

    endpoint: Secret
    key: Secret
    shown: str
    headers: Headers = ()
    ca_file: str | None = None
    key_secret: SecretField | None = None

    @property
    def destination(self) -> str:
        """Name the destination, without giving the key away: sinks with one key share its pace."""
        return f"wecom-{self.key_secret}" if self.key_secret else account(self.key)

    def by_way_of(self, api: str) -> RobotTarget:
        """Return the robot as it is reached through ``api``, a proxy before WeCom; one at another address stays."""
        if self.shown != f"{WECOM}{ROBOT_PATH}":
            return self
        endpoint = Secret(f"{api}{self.endpoint.reveal().removeprefix(WECOM)}")
        return replace(self, endpoint=endpoint, shown=f"{shown_base(api)}{ROBOT_PATH}")

    @property
    def written_secret(self) -> str:
        """The parameter that holds a secret in plain text; empty where none does."""
        return "" if self.key_secret else "key"

    def endpoint_of(self, key: Secret) -> str:
        """Return the whole URL with a key that was read from ``key_secret``."""
        return f"{self.endpoint.reveal()}?key={quote(key.reveal(), safe='')}"


def account(key: Secret) -> str:
    """Name what WeCom counts messages by: a robot's key."""
    return f"wecom-{key.fingerprint()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """Any URL. It is a Secret as a whole: many services have their token in the path."""

    endpoint: Secret
    shown: str
    method: str = "GET"
    headers: Headers = ()
    ca_file: str | None = None

    @property
    def destination(self) -> str:
        """Name the destination after its URL and method."""
        return f"webhook-{Secret(f'{self.method} {self.endpoint.reveal()}').fingerprint()}"


@dataclass(frozen=True, slots=True)
class LogTarget:
    """Our own standard output, one JSON line an event."""

    shown: str = "standard output"
    destination: str = "log"


ChatTarget = RobotTarget | ApplicationTarget | DingTalkTarget | AppriseTarget
"""Where people read: events are merged, and the pace of each chat is kept."""

Target = ChatTarget | WebhookTarget | LogTarget


def secrets_of(target: Target) -> tuple[SecretField, ...]:
    """Return where a target's keys and secrets are read in the cluster."""
    found: tuple[SecretField | None, ...] = ()
    match target:
        case RobotTarget():
            found = (target.key_secret,)
        case ApplicationTarget():
            found = (target.corp_secret.place,)
        case DingTalkTarget():
            found = (target.access_token.place, target.sign.place if target.sign else None)
        case AppriseTarget():
            found = (target.url.place,)
    return tuple(place for place in found if place)


def parse_target(
    uri: OptionUri,
    *,
    known: frozenset[str],
    namespace: str,
    allowed_hosts: Collection[str] | None,
    problems: list[str],
    warnings: list[str],
) -> Target | None:
    """Read where a sink sends. ``known``: the parameters that are ours and never leave in a URL. ``namespace``: where
    its Secrets are; empty: the sink names that. ``allowed_hosts``: what decides whether a library's URL may be opened;
    None: it may.

    What is wrong or doubtful is added to ``problems`` and ``warnings``; None where there is a problem.
    """
    if uri.scheme == "log":
        doubt_unknown(uri, known, sink="log:", warnings=warnings)
        return LogTarget()
    if uri.scheme == "wecom":
        return _wecom(uri, known, namespace, problems, warnings)
    if uri.scheme == "webhook":
        return _webhook(uri, known, namespace, problems, warnings)
    if uri.scheme == "wechat":
        return parse_application(uri, known=known, namespace=namespace, problems=problems, warnings=warnings)
    if uri.scheme == "dingtalk":
        return parse_dingtalk(uri, known=known, namespace=namespace, problems=problems, warnings=warnings)
    if uri.scheme == "apprise":
        return parse_apprise(
            uri,
            known=known,
            namespace=namespace,
            allowed_hosts=allowed_hosts,
            problems=problems,
            warnings=warnings,
        )
    if uri.scheme in KUBE_EVENTERS_SCHEMES:
        problems.append(f"{uri.scheme}: is kube-eventer's, not supported here; {_SCHEMES}")
    elif uri.scheme in ("http", "https"):
        problems.append(f"{uri.scheme}: is an address without a scheme of ours; write webhook: before it")
    else:
        problems.append(f"{uri.scheme}: unknown scheme; {_SCHEMES}")
    return None


_SCHEMES = "write wecom:?key=KEY, wechat:?corp_id=ID, dingtalk:URL, apprise:URL, webhook:URL or log:"


def _wecom(
    uri: OptionUri, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> RobotTarget | None:
    if uri.url.strip("/"):
        problems.append("wecom: takes no URL; write wecom:?key=KEY, and api=URL for a proxy before WeCom")
        return None
    written = uri.first("api") or WECOM
    base = api_address(written)
    if base is None:
        problems.append(f"wecom: api={shown_address(written)}: no address; write api=https://HOST[:PORT][/PATH]")
        return None
    return _robot(uri, base, known, namespace=namespace, problems=problems, warnings=warnings)


def _webhook(
    uri: OptionUri, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> Target | None:
    parts = http_address(uri.url)
    if parts is None:
        problems.append(f"webhook: has no usable URL; write webhook:https://HOST{ROBOT_PATH}?key=KEY, or any other URL")
        return None
    base = robot_base(uri.url)
    if base is not None:
        return _robot(uri, base, known, namespace=namespace, problems=problems, warnings=warnings)
    if parts.path.rstrip("/").endswith(DINGTALK_PATH) and any(uri.first(name) for name in ways_to(TOKEN)):
        return parse_dingtalk(uri, known=known, namespace=namespace, problems=problems, warnings=warnings)
    doubt_near_misses(uri, known, warnings=warnings)
    query = [(name, value) for name, value in uri.options if name not in known]
    query += [(name, value) for name, equals, value in (text.partition("=") for text in uri.every("query")) if equals]
    return WebhookTarget(
        endpoint=Secret(uri.url + (f"?{urlencode(query)}" if query else "")),
        shown=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/***",
        method=_method(uri, problems),
        headers=read_headers(uri, warnings),
        ca_file=read_ca_file(uri, problems),
    )


def robot_base(url: str) -> str | None:
    """Return what stands before the path of a robot's URL; None where the URL is no robot's."""
    parts = http_address(url)
    if parts is None or not (path := parts.path.rstrip("/")).endswith(ROBOT_PATH):
        return None
    return f"{parts.scheme}://{parts.netloc}{path.removesuffix(ROBOT_PATH)}"


def _method(uri: OptionUri, problems: list[str]) -> str:
    method = uri.first("method") or "GET"
    if not HTTP_TOKEN.fullmatch(method):
        problems.append(f"method={method}: no HTTP method; write for example method=POST")
    return method.upper()


def _robot(
    uri: OptionUri, base: str, known: frozenset[str], *, namespace: str, problems: list[str], warnings: list[str]
) -> RobotTarget | None:
    doubt_unknown(uri, known | names(ROBOT_PARAMETERS), sink="a robot", warnings=warnings)
    doubt_method(uri, sink="a robot", warnings=warnings)
    credential = read_credential(uri, "key", namespace=namespace, problems=problems, missing="the robot has no key")
    ca_file = read_ca_file(uri, problems)
    if credential is None or holds_address(uri, "key", credential, problems):
        return None
    key = credential.value.reveal()
    return RobotTarget(
        endpoint=Secret(f"{base}{ROBOT_PATH}" + (f"?key={quote(key, safe='')}" if key else "")),
        key=credential.value,
        key_secret=credential.place,
        shown=f"{shown_base(base)}{ROBOT_PATH}",
        headers=without_content_type(read_headers(uri, warnings)),
        ca_file=ca_file,
    )


def api_address(text: str) -> str | None:
    """Read the address of a proxy before WeCom, with or without the robots' path; None where it is none."""
    base = text.rstrip("/").removesuffix(ROBOT_PATH)
    return base if http_address(base) else None
