"""Where a sink sends: a WeCom robot, any URL, or our own standard output."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from kube_wecom_eventer.config.parameter import (
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
from kube_wecom_eventer.config.secret_field import SecretField, parse_secret_field
from kube_wecom_eventer.config.uri import OptionUri, http_address

ROBOT_PATH = "/cgi-bin/webhook/send"
"""What marks the URL of a WeCom robot: companies reach it through proxies of any host name."""

WECOM = "https://qyapi.weixin.qq.com"

_KUBE_EVENTERS = (
    "wechat", "dingtalk", "sls", "elasticsearch", "kafka", "influxdb", "mysql", "mongo", "honeycomb", "riemann",
    "eventbridge",
)  # fmt: skip

SINK_SCHEMES = (
    Scheme("wecom:?key=KEY&...", "A WeCom group robot."),
    Scheme(
        "webhook:ROBOT_URL&...",
        f"The same, as kube-eventer has it: any URL whose path ends in `{ROBOT_PATH}`, whatever its host.",
    ),
    Scheme("webhook:URL?...", "Any other URL, one request an event; success is any 2xx."),
    Scheme(
        "log:",
        'The daemon\'s standard output, one JSON line an event. In YAML it needs quotes: `"--sink=log:"`.',
    ),
)

ROBOT_PARAMETERS = (
    Parameter(
        "key", "The robot's key; `${NAME}` takes it from the environment and keeps it out of the args.", sinks=(ROBOTS,)
    ),
    Parameter("key_file", "A file that holds the key, read at start.", sinks=(ROBOTS,)),
    Parameter(
        "key_secret",
        "`NAMESPACE/NAME[/FIELD]`: a Secret in the cluster and its field, `key` unless said. It is read when a message "
        "is sent, so that a rotated key needs no restart; the right is `get` on that Secret. In a route that a "
        "namespace declares `NAME[/FIELD]`; see docs/routing.md#secrets-and-rotation.",
        sinks=(ROBOTS,),
    ),
    Parameter(
        "api", "A proxy before WeCom, as `https://proxy.example.com`.", "https://qyapi.weixin.qq.com", ("wecom:",)
    ),
)

OWN_GROUPS = (ParameterGroup("Which robot", ROBOT_PARAMETERS),)
"""Parameters of one kind of sink: in a `webhook:` URL these names are the URL's own, and stay in it."""

TARGET_PARAMETERS = (
    Parameter("header", "`header=NAME=VALUE`: sent along with each message; may be repeated.", sinks=(ROBOTS, WEBHOOK)),
    Parameter("ca_file", "PEM file of the authorities to trust instead of the system's.", sinks=(ROBOTS, WEBHOOK)),
    Parameter("method", "The HTTP method. A robot takes `POST` only.", "GET", (WEBHOOK,)),
    Parameter(
        "query",
        "`query=NAME=VALUE`: a parameter of the URL that is called like one of these here. All others stay in the URL "
        "by themselves.",
        sinks=(WEBHOOK,),
    ),
)

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What HTTP allows as a header's name and as a method: https://www.rfc-editor.org/rfc/rfc9110#name-tokens"""

Headers = tuple[tuple[str, Secret], ...]


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


Target = RobotTarget | WebhookTarget | LogTarget


def parse_target(
    uri: OptionUri, *, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> Target | None:
    """Read where a sink sends. ``known``: the options that are ours and never leave in a URL. ``namespace``: where its
    Secrets are; empty: the sink names that.

    What is wrong or doubtful is added to ``problems`` and ``warnings``; None where there is a problem.
    """
    if uri.scheme == "log":
        doubt_unknown(uri, known, sink="log:", warnings=warnings)
        return LogTarget()
    if uri.scheme == "wecom":
        return _wecom(uri, known, namespace, problems, warnings)
    if uri.scheme == "webhook":
        return _webhook(uri, known, namespace, problems, warnings)
    if uri.scheme in _KUBE_EVENTERS:
        problems.append(f"{uri.scheme}: is kube-eventer's, not supported here; {_SCHEMES}")
    else:
        problems.append(f"{uri.scheme}: unknown scheme; {_SCHEMES}")
    return None


_SCHEMES = "write wecom:?key=KEY, webhook:URL or log:"


def _wecom(
    uri: OptionUri, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> RobotTarget | None:
    if uri.url.strip("/"):
        problems.append("wecom: takes no URL; write wecom:?key=KEY, and api=URL for a proxy before WeCom")
        return None
    base = (uri.first("api") or WECOM).rstrip("/").removesuffix(ROBOT_PATH)
    if http_address(base) is None:
        problems.append(f"wecom: api={base}: no address; write api=https://HOST[:PORT][/PATH]")
        return None
    return _robot(uri, base, known, namespace=namespace, problems=problems, warnings=warnings)


def _webhook(
    uri: OptionUri, known: frozenset[str], namespace: str, problems: list[str], warnings: list[str]
) -> Target | None:
    parts = http_address(uri.url)
    if parts is None:
        problems.append(f"webhook: has no usable URL; write webhook:https://HOST{ROBOT_PATH}?key=KEY, or any other URL")
        return None
    path = parts.path.rstrip("/")
    if path.endswith(ROBOT_PATH):
        base = f"{parts.scheme}://{parts.netloc}{path.removesuffix(ROBOT_PATH)}"
        return _robot(uri, base, known, namespace=namespace, problems=problems, warnings=warnings)
    doubt_near_misses(uri, known, warnings=warnings)
    query = [(name, value) for name, value in uri.options if name not in known]
    query += [(name, value) for name, equals, value in (text.partition("=") for text in uri.every("query")) if equals]
    return WebhookTarget(
        endpoint=Secret(uri.url + (f"?{urlencode(query)}" if query else "")),
        shown=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/***",
        method=_method(uri, problems),
        headers=_headers(uri, warnings),
        ca_file=_ca_file(uri, problems),
    )


def _method(uri: OptionUri, problems: list[str]) -> str:
    method = uri.first("method") or "GET"
    if not _TOKEN.fullmatch(method):
        problems.append(f"method={method}: no HTTP method; write for example method=POST")
    return method.upper()


def _robot(
    uri: OptionUri, base: str, known: frozenset[str], *, namespace: str, problems: list[str], warnings: list[str]
) -> RobotTarget | None:
    doubt_unknown(uri, known | names(ROBOT_PARAMETERS), sink="a robot", warnings=warnings)
    method = uri.first("method")
    if method and method.upper() != "POST":
        warnings.append(f"method={method}: a robot takes POST only, so POST is used")
    key, key_secret = _key(uri, namespace, problems)
    ca_file = _ca_file(uri, problems)
    if not key and not key_secret:
        return None
    parts = http_address(base)
    shown = base if parts is None else f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return RobotTarget(
        endpoint=Secret(f"{base}{ROBOT_PATH}" + (f"?key={quote(key, safe='')}" if key else "")),
        key=Secret(key or ""),
        key_secret=key_secret,
        shown=f"{shown}{ROBOT_PATH}",
        # A robot takes JSON only, and we say so ourselves.
        headers=tuple(each for each in _headers(uri, warnings) if each[0].lower() != "content-type"),
        ca_file=ca_file,
    )


_WAYS_TO_THE_KEY = ("key", "key_file", "key_secret")


def _key(uri: OptionUri, namespace: str, problems: list[str]) -> tuple[str | None, SecretField | None]:
    """Return the key, or where it is; neither where that is a problem."""
    written = {name: value for name in _WAYS_TO_THE_KEY if (value := uri.first(name))}
    if len(written) > 1:
        problems.append(f"{uri.scheme}: has {' and '.join(f'{name}=' for name in written)}; write one of them")
        return None, None
    if text := written.get("key_secret"):
        key_secret = parse_secret_field(text, namespace=namespace)
        if key_secret is None:
            form = "NAME or NAME/FIELD" if namespace else "NAMESPACE/NAME or NAMESPACE/NAME/FIELD"
            problems.append(f"{uri.scheme}: key_secret={text}: no Secret's name; write key_secret={form}")
        return None, key_secret
    if path := written.get("key_file"):
        return _key_of_file(uri, path, problems), None
    if not written:
        ways = "key_secret=NAME" if namespace else "key_secret=, key_file= or key="
        problems.append(f"{uri.scheme}: the robot has no key; write {ways}")
    return written.get("key"), None


def _key_of_file(uri: OptionUri, path: str, problems: list[str]) -> str | None:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        problems.append(f"{uri.scheme}: key_file={path}: can't be read: {_reason(error)}")
        return None
    if not text or len(text.split()) != 1:
        problems.append(f"{uri.scheme}: key_file={path}: must hold the key, and nothing else")
        return None
    return text


def _ca_file(uri: OptionUri, problems: list[str]) -> str | None:
    path = uri.first("ca_file")
    if not path:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        problems.append(f"ca_file={path}: holds no certificates in PEM format: {_reason(error)}")
    return path


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _headers(uri: OptionUri, warnings: list[str]) -> Headers:
    headers = []
    for text in uri.every("header"):
        name, equals, value = (part.strip() for part in text.partition("="))
        if equals and _TOKEN.fullmatch(name) and value.isascii() and value.isprintable():
            headers.append((name, Secret(value)))
        else:
            warnings.append("header= holds no name and value in ASCII and is ignored; write header=NAME=VALUE")
    return tuple(headers)
