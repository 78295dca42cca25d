"""The parameters that choose among alerts, and between alerts and events."""

from __future__ import annotations

from kube_wecom_eventer.config.go_flags import parse_bool
from kube_wecom_eventer.config.label_matcher import LabelMatcher, parse_label_matchers
from kube_wecom_eventer.config.parameter import Parameter
from kube_wecom_eventer.config.uri import OptionUri

EVENTS, ALERTS = "events", "alerts"

LEVELS = ("Warning", "Normal")

ALERT_FILTER_PARAMETERS = (
    Parameter("sources", "Comma list of what the sink is for: `events`, `alerts`.", "events,alerts"),
    Parameter(
        "labels",
        'Matchers as in Alertmanager, all of which must hold: `severity="critical",team=~"a|b"`; `=`, `!=`, `=~` and '
        "`!~`, a regular expression matches the whole value, a label that is not there is empty. Of an alert's labels; "
        "of an event's own `metadata.labels`, which are empty as a rule.",
    ),
    Parameter(
        "severity_map",
        "The level of alerts by their label `severity`, where it is not to be the usual one: "
        "`page:Warning,debug:Normal`. As usual `info` and `none` are `Normal`, all others `Warning`.",
    ),
    Parameter("send_resolved", "`false`: alerts that are over are not told.", "true"),
)


def parse_sources(uri: OptionUri, problems: list[str]) -> frozenset[str]:
    """Read ``sources=``; what is wrong is added to ``problems``."""
    known = frozenset({EVENTS, ALERTS})
    written = frozenset(uri.listed("sources"))
    problems += [f"sources={each}: unknown; write events, alerts or both" for each in sorted(written - known)]
    return written & known or known


def parse_labels(uri: OptionUri, problems: list[str]) -> tuple[LabelMatcher, ...]:
    """Read ``labels=``, each time that it is written; what is wrong is added to ``problems``."""
    matchers: list[LabelMatcher] = []
    for text in uri.every("labels"):
        try:
            matchers += parse_label_matchers(text)
        except ValueError as error:
            problems.append(f'labels={text}: {error}; write for example labels=severity="critical",team=~"a|b"')
    return tuple(matchers)


def parse_severities(uri: OptionUri, problems: list[str]) -> tuple[tuple[str, str], ...]:
    """Read ``severity_map=``: severities in lower case with their level."""
    found: dict[str, str] = {}
    for part in uri.listed("severity_map"):
        severity, _, level = part.rpartition(":")
        if not severity.strip() or level.strip() not in LEVELS:
            problems.append(
                f"severity_map={part}: no severity with its level; write for example severity_map=page:Warning"
            )
        else:
            found[severity.strip().lower()] = level.strip()
    return tuple(found.items())


def parse_send_resolved(uri: OptionUri, problems: list[str]) -> bool:
    """Read ``send_resolved=``."""
    text = uri.first("send_resolved") or "true"
    chosen = parse_bool(text)
    if chosen is None:
        problems.append(f"send_resolved={text}: not a bool; write send_resolved=true or send_resolved=false")
    return chosen is not False
