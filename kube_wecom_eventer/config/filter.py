"""The parameters that choose events."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kube_wecom_eventer.config.alert_filter import (
    ALERTS,
    EVENTS,
    parse_labels,
    parse_send_resolved,
    parse_severities,
    parse_sources,
)
from kube_wecom_eventer.config.label_matcher import LabelMatcher
from kube_wecom_eventer.config.label_selector import LabelSelector, parse_label_selector
from kube_wecom_eventer.config.parameter import Parameter
from kube_wecom_eventer.config.uri import OptionUri
from kube_wecom_eventer.regular_expression import compiled

CLUSTER_SCOPE = "_cluster"
"""Stands in namespaces= for objects without a namespace: nodes, volumes. No namespace can have that name."""

FILTER_PARAMETERS = (
    Parameter("level", "`Warning`, or `Normal` for both levels.", "Warning"),
    Parameter(
        "namespaces",
        "Comma list of namespaces, exact, of the object that the event is about. "
        f"`{CLUSTER_SCOPE}` stands for objects without one: nodes, volumes; for `wechat:` and `dingtalk:` so does "
        "`default`, as in kube-eventer.",
    ),
    Parameter("exclude_namespaces", "The same list, left out."),
    Parameter(
        "namespace_selector",
        "A label selector on the labels of the object's Namespace, as `team=payments` or `team in (payments,shop)`; "
        "see docs/routing.md#many-teams-one-route.",
    ),
    Parameter("kinds", "Comma list of kinds, exact, of the object: `Pod`, `Node`, `ReplicaSet`."),
    Parameter(
        "reason",
        "Comma list of regular expressions, each searched anywhere in the event's reason; one that matches is enough.",
    ),
    Parameter("exclude_reason", "The same; one that matches leaves the event out."),
    Parameter("name", "The same as `reason`, of the object's name."),
    Parameter("message", "The same as `reason`, of the event's message."),
    Parameter("min_count", "How often the event must have happened, by its own count; an alert has none.", "0"),
)

LEVELS = ("Warning", "Normal")
_BY_THE_EVENTS_NAMESPACE = ("wechat", "dingtalk")
"""Schemes of which kube-eventer compares ``namespaces`` with the namespace that the event itself is in: ``default``, if
its object has none."""
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CUT_QUANTIFIER = re.compile(r"\{\d+$")
_NEGATED_CLASS = re.compile(r"\[\^([A-Za-z]{3,})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSettings:
    """Which events a route takes. An empty set or tuple means: all.

    ``level``: ``Warning``, or ``Normal`` for both levels. ``reasons``, ``excluded_reasons``, ``names`` (of the object)
    and ``messages`` are regular expressions in RE2's syntax, searched anywhere; one that matches is enough.
    ``min_count``: how often the event must have happened. ``namespace_selector``: of the labels of its namespace.
    ``sources``: ``events``, ``alerts``. ``labels`` must all hold. ``severities``: the level of each that is not as
    usual. ``send_resolved``: alerts that are over, too.
    """

    level: str = "Warning"
    namespaces: frozenset[str] = frozenset()
    excluded_namespaces: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    excluded_reasons: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    min_count: int = 0
    namespace_selector: LabelSelector | None = None
    sources: frozenset[str] = frozenset({EVENTS, ALERTS})
    labels: tuple[LabelMatcher, ...] = ()
    severities: tuple[tuple[str, str], ...] = ()
    send_resolved: bool = True


def parse_filter(uri: OptionUri, *, problems: list[str], warnings: list[str]) -> FilterSettings:
    """Read the filter of a sink; what is wrong or doubtful is added to ``problems`` and ``warnings``."""
    settings = FilterSettings(
        level=_level(uri, problems, warnings),
        namespaces=frozenset(_namespaces(uri, warnings)),
        excluded_namespaces=frozenset(_values(uri, "exclude_namespaces", warnings)),
        kinds=frozenset(_values(uri, "kinds", warnings)),
        reasons=_patterns(uri, "reason", problems, warnings),
        excluded_reasons=_patterns(uri, "exclude_reason", problems, warnings),
        names=_patterns(uri, "name", problems, warnings),
        messages=_patterns(uri, "message", problems, warnings),
        min_count=_count(uri, problems),
        namespace_selector=_selector(uri, problems),
        sources=parse_sources(uri, problems),
        labels=parse_labels(uri, problems),
        severities=parse_severities(uri, problems),
        send_resolved=parse_send_resolved(uri, problems),
    )
    if settings.namespaces and settings.namespaces <= settings.excluded_namespaces:
        warnings.append("exclude_namespaces= holds all of namespaces=, so no event passes")
    _doubt_spelling(settings, warnings)
    for pattern in settings.reasons:
        letters = negated_class(pattern)
        if letters:
            warnings.append(
                f"reason={pattern} means: any reason that has a letter other than these ones; "
                f"to leave out one reason write exclude_reason=^{letters}$"
            )
    return settings


def negated_class(pattern: str) -> str | None:
    """Return the letters of ``[^Unhealthy]``, which many write to mean *not Unhealthy*; None for other patterns."""
    found = _NEGATED_CLASS.fullmatch(pattern)
    return found[1] if found else None


def _namespaces(uri: OptionUri, warnings: list[str]) -> tuple[str, ...]:
    names = _values(uri, "namespaces", warnings)
    if uri.scheme in _BY_THE_EVENTS_NAMESPACE and "default" in names and CLUSTER_SCOPE not in names:
        if CLUSTER_SCOPE not in _values(uri, "exclude_namespaces", []):
            warnings.append(
                f"namespaces=default takes events of nodes and volumes, too, as in kube-eventer; write {CLUSTER_SCOPE} "
                f"beside it to say so, or exclude_namespaces={CLUSTER_SCOPE}"
            )
        return (*names, CLUSTER_SCOPE)
    return names


def _doubt_spelling(settings: FilterSettings, warnings: list[str]) -> None:
    """Doubt names that nothing in a cluster can have: such a filter would never match, and nobody would know."""
    warnings += [
        f"namespaces: {namespace!r} can be no namespace's name; write it whole and in lower case"
        for namespace in sorted(settings.namespaces | settings.excluded_namespaces)
        if namespace != CLUSTER_SCOPE and not _NAMESPACE.fullmatch(namespace)
    ]
    warnings += [
        f"kinds={kind}: kinds begin with a capital letter; write for example Pod, Node, ReplicaSet"
        for kind in sorted(settings.kinds)
        if not kind[0].isupper()
    ]


def _values(uri: OptionUri, name: str, warnings: list[str]) -> tuple[str, ...]:
    values = uri.listed(name)
    if uri.every(name) and not values:
        there = " (kube-eventer would drop every event)" if name in ("namespaces", "kinds", "reason") else ""
        warnings.append(f"{name}= is empty, so it filters nothing{there}")
    return values


def _level(uri: OptionUri, problems: list[str], warnings: list[str]) -> str:
    level = uri.first("level")
    if level is None:
        return "Warning"
    if not level:
        warnings.append("level= is empty, so level=Warning holds")
        return "Warning"
    if level not in LEVELS:
        problems.append(f"level={level}: unknown level; write level=Warning, or level=Normal for both levels")
    return level


def _patterns(uri: OptionUri, name: str, problems: list[str], warnings: list[str]) -> tuple[str, ...]:
    patterns = _values(uri, name, warnings)
    if any(_CUT_QUANTIFIER.search(pattern) for pattern in patterns):
        warnings.append(
            f"{name}=: a comma separates expressions, so {{m,n}} is cut in two; repeat what you mean instead"
        )
    for pattern in patterns:
        try:
            compiled(pattern)
        except ValueError as error:
            problems.append(
                f"{name}={pattern}: no regular expression in RE2's syntax ({error}); a comma separates expressions"
            )
    return patterns


def _selector(uri: OptionUri, problems: list[str]) -> LabelSelector | None:
    text = uri.first("namespace_selector")
    if not text:
        return None
    selector = parse_label_selector(text)
    if selector is None:
        problems.append(
            f"namespace_selector={text}: no label selector; write for example team=payments or team in (payments,shop)"
        )
    return selector


def _count(uri: OptionUri, problems: list[str]) -> int:
    text = uri.first("min_count") or "0"
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    problems.append(f"min_count={text}: no count; write a whole number")
    return 0
