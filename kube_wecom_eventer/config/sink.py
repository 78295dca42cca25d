"""``--sink=SCHEME:URI``: which events go where, in which words.

Compatibility with kube-eventer's parameters is decided in this room; docs/kube-eventer.md lists each decision.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from kube_wecom_eventer.config.alert_filter import ALERT_FILTER_PARAMETERS
from kube_wecom_eventer.config.application import ApplicationTarget
from kube_wecom_eventer.config.duration import parse_duration
from kube_wecom_eventer.config.filter import FILTER_PARAMETERS, FilterSettings, parse_filter
from kube_wecom_eventer.config.go_flags import parse_bool
from kube_wecom_eventer.config.object_name import ObjectName
from kube_wecom_eventer.config.parameter import DINGTALK, MERGING, ROBOTS, WEBHOOK, Parameter, ParameterGroup, names
from kube_wecom_eventer.config.shown import SECOND_QUERY, without
from kube_wecom_eventer.config.style import STYLE_PARAMETERS, StyleSettings, parse_style
from kube_wecom_eventer.config.target import OWN_GROUPS, TARGET_PARAMETERS, RobotTarget, Target, parse_target
from kube_wecom_eventer.config.uri import OptionUri, parse_uri

_TEMPLATE, _TEMPLATE_NAMESPACE = "custom_body_configmap", "custom_body_configmap_namespace"

REPEAT_INTERVAL = 300.0
ALERT_REPEAT_INTERVAL = 4 * 3600.0
"""Alertmanager's own default for its repeat_interval."""
_LONGEST_GROUP_WAIT = 600.0

_WHICH_EVENTS = ParameterGroup(
    "Which events",
    (
        *FILTER_PARAMETERS,
        Parameter("default", "`true`: only events that no other route takes; the conditions hold, too.", "false"),
    ),
    "All conditions must hold; one that is not written always does. An event whose field is empty fails a condition on "
    "it. Regular expressions are RE2's, as in Go. A comma separates them: write `[,]` where you mean one, and repeat "
    "what you mean instead of `{m,n}`.",
)

_WHICH_ALERTS = ParameterGroup(
    "Which alerts",
    (
        *ALERT_FILTER_PARAMETERS,
        Parameter(
            "alert_repeat_interval",
            "An alert that goes on firing, and is posted again, is told again after so long; `0`: never.",
            "4h",
        ),
    ),
    "For alerts that are posted to `--alertmanager-listen`; see docs/alerts.md. The conditions for events hold for "
    "them, too: `reason` is the alert's name.",
)

_HOW = ParameterGroup(
    "How it is sent",
    (
        *TARGET_PARAMETERS,
        Parameter(
            "repeat_interval",
            "How long the same object, reason and message are told once; `0` tells each update.",
            "5m",
            MERGING,
        ),
        Parameter(
            "group_wait",
            "An event waits up to so long, at most `10m`, that more join its message: for those who prefer fewer, "
            "larger messages. With `0` an event that finds nothing waiting leaves at once.",
            "0",
            MERGING,
        ),
        Parameter("route", "A name for logs and metrics instead of `sink-1`, `sink-2`, ..."),
    ),
)

_IN_WHICH_WORDS = ParameterGroup(
    "In which words",
    (
        Parameter(
            _TEMPLATE,
            "Name of the ConfigMap with the body's template; see docs/configuration.md#templates. Without one a chat "
            "gets the built-in body, another URL kube-eventer's fields as JSON.",
            sinks=(*MERGING, WEBHOOK),
        ),
        Parameter(_TEMPLATE_NAMESPACE, "That ConfigMap's namespace.", "default", (*MERGING, WEBHOOK)),
        *STYLE_PARAMETERS,
        Parameter(
            "mention_owner",
            "`true`: mentions whom an annotation of the object's Namespace names, in templates' bodies, too; "
            "see docs/routing.md#many-teams-one-route.",
            "false",
            (ROBOTS, DINGTALK),
        ),
    ),
)

PARAMETER_GROUPS = (_WHICH_EVENTS, _WHICH_ALERTS, *OWN_GROUPS, _HOW, _IN_WHICH_WORDS)
"""All parameters of sinks, as they are shown."""

SHARED = names(each for group in (_WHICH_EVENTS, _WHICH_ALERTS, _HOW, _IN_WHICH_WORDS) for each in group.parameters)
"""Names that are ours in each sink, and never leave in a URL."""

_FILTERS = names((*FILTER_PARAMETERS, *ALERT_FILTER_PARAMETERS))

_ROUTE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """One ``--sink``: a target, a filter, and the ConfigMap with the body's template (None: the built-in body).

    ``name`` tells the sinks apart in logs and metrics: ``route=``, else the sink's number. ``identity`` does so in a
    checkpoint, and stays when sinks are added or put in another order: ``route=``, else made of the destination and
    the filter. ``repeat_interval``: seconds in which the same object, reason and message are told once; 0 tells each
    update. ``alert_repeat_interval``: seconds after which an alert that goes on firing is told again; 0: never.
    ``group_wait``: seconds that an event may wait so that more join its message; 0: it leaves at once where the
    pace allows. ``default``: it is for events that no other route took. ``mention_owner``: it mentions the
    people in charge of an event's namespace.
    """

    name: str
    identity: str
    target: Target
    filter: FilterSettings
    style: StyleSettings
    template: ObjectName | None = None
    repeat_interval: float = REPEAT_INTERVAL
    alert_repeat_interval: float = ALERT_REPEAT_INTERVAL
    group_wait: float = 0.0
    default: bool = False
    mention_owner: bool = False

    def by_way_of(self, wecom_api: str | None) -> SinkSettings:
        """Return the sink as it sends through a proxy before WeCom, where it sends to WeCom and names none itself."""
        if wecom_api is None or not isinstance(self.target, RobotTarget | ApplicationTarget):
            return self
        return replace(self, target=self.target.by_way_of(wecom_api))


def parse_sink(
    text: str, *, number: int, environ: Mapping[str, str], problems: list[str], warnings: list[str]
) -> SinkSettings | None:
    """Read the ``number``-th ``--sink`` (from 1).

    What is wrong or doubtful is added to ``problems`` and ``warnings``, without the text itself: it holds the key.
    Returns None where there is a problem.
    """
    where = f"--sink {number}"
    try:
        uri = parse_uri(text, environ=environ)
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return None
    found: list[str] = []
    doubts = list(uri.warnings)
    sink = read_sink(uri, name=f"sink-{number}", problems=found, warnings=doubts)
    warnings += [f"{where}: {doubt}" for doubt in doubts]
    problems += [f"{where}: {problem}" for problem in found]
    return sink


def read_sink(
    uri: OptionUri,
    *,
    name: str,
    namespace: str = "",
    allowed_hosts: Collection[str] | None = None,
    problems: list[str],
    warnings: list[str],
) -> SinkSettings | None:
    """Read a sink's URI. ``name`` counts where it has no ``route=``. ``namespace``: of its Secrets, if it is not the
    sink that names that. ``allowed_hosts``: see `parse_target`. Returns None where there is a problem."""
    found: list[str] = []
    doubts: list[str] = []
    target = parse_target(
        uri,
        known=SHARED,
        namespace=namespace,
        allowed_hosts=allowed_hosts,
        problems=found,
        warnings=doubts,
    )
    _shown(uri, found, doubts, problems=problems, warnings=warnings)
    sink = sink_to(target, uri, name=name, problems=problems, warnings=warnings)
    return None if found else sink


def sink_to(
    target: Target | None, uri: OptionUri, *, name: str, problems: list[str], warnings: list[str]
) -> SinkSettings | None:
    """Read all of a sink's URI but where it sends. Returns None where there is a problem, or no target."""
    found: list[str] = []
    doubts = list(_second_queries(uri))
    filter_settings = parse_filter(uri, problems=found, warnings=doubts)
    style = parse_style(uri, target, problems=found)
    own_name = _name(uri, found)
    template = _template(uri, doubts)
    repeat_interval = _interval(uri, "repeat_interval", REPEAT_INTERVAL, "0 to tell each update", found)
    alert_repeat_interval = _interval(
        uri, "alert_repeat_interval", ALERT_REPEAT_INTERVAL, "0 to tell it once only", found
    )
    group_wait = _group_wait(uri, found)
    default = _bool(uri, "default", found)
    mention_owner = _bool(uri, "mention_owner", found)
    _shown(uri, found, doubts, problems=problems, warnings=warnings)
    if found or target is None:
        return None
    return SinkSettings(
        name=own_name or name,
        identity=own_name or _identity(uri, target),
        target=target,
        filter=filter_settings,
        style=style,
        template=template,
        repeat_interval=repeat_interval,
        alert_repeat_interval=alert_repeat_interval,
        group_wait=group_wait,
        default=default,
        mention_owner=mention_owner,
    )


def _shown(
    uri: OptionUri, found: Iterable[str], doubts: Iterable[str], *, problems: list[str], warnings: list[str]
) -> None:
    """Add what was found to the problems and warnings, without what must not be shown of the URI."""
    values = tuple(value for _, value in uri.options)
    problems += [without(problem, values) for problem in found]
    warnings += [without(doubt, values) for doubt in doubts]


def _second_queries(uri: OptionUri) -> Iterator[str]:
    """Yield a doubt for each option that was written into another one's value."""
    known = names(each for group in PARAMETER_GROUPS for each in group.parameters)
    for name, value in uri.options:
        inner = SECOND_QUERY.search(value)
        # What holds itself is an address: one that stands where its key belongs.
        if inner and name in known and inner[1] in known and inner[1] != name:
            yield f"{name}= holds '?{inner[1]}=': only the first option follows '?'; write '&{inner[1]}='"


def _bool(uri: OptionUri, name: str, problems: list[str]) -> bool:
    text = uri.first(name)
    chosen = parse_bool(text) if text else False
    if chosen is None:
        problems.append(f"{name}={text}: not a bool; write {name}=true or {name}=false")
    return bool(chosen)


def _interval(uri: OptionUri, name: str, default: float, zero: str, problems: list[str]) -> float:
    text = uri.first(name)
    seconds = parse_duration(text) if text else default
    if seconds is None:
        problems.append(f"{name}={text}: no duration; write for example 30s, 5m, 1h, or {zero}")
        return default
    return seconds


def _group_wait(uri: OptionUri, problems: list[str]) -> float:
    text = uri.first("group_wait")
    seconds = parse_duration(text) if text else 0.0
    if seconds is None or seconds > _LONGEST_GROUP_WAIT:
        problems.append(
            f"group_wait={text}: no duration of at most 10m; write for example 10s, 1m, or 0 to tell events at once"
        )
        return 0.0
    return seconds


def _name(uri: OptionUri, problems: list[str]) -> str | None:
    name = uri.first("route")
    if name and not _ROUTE_NAME.fullmatch(name):
        problems.append(f"route={name}: no name of a route; write at most 63 letters, digits, '.', '_' and '-'")
    return name


def _identity(uri: OptionUri, target: Target) -> str:
    chosen = sorted((name, value) for name, value in uri.options if name in _FILTERS)
    return f"{target.destination}/{blake2b(repr(chosen).encode(), digest_size=4).hexdigest()}"


def _template(uri: OptionUri, warnings: list[str]) -> ObjectName | None:
    name, namespace = uri.first(_TEMPLATE), uri.first(_TEMPLATE_NAMESPACE)
    if name:
        return ObjectName(namespace or "default", name)
    if namespace:
        warnings.append(f"{_TEMPLATE_NAMESPACE}= has no {_TEMPLATE}= beside it")
    return None
