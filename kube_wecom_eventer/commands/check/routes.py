"""What each route takes of the events that there were: the first answer to "nothing arrives"."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

import re2

from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.commands.check.recent import Recent
from kube_wecom_eventer.commands.texts import counted
from kube_wecom_eventer.config import CLUSTER_SCOPE, EVENTS, FilterSettings
from kube_wecom_eventer.config.shown import shown_value
from kube_wecom_eventer.routing import RouteTable, Way

_NAMED = 6
"""Reasons that a line names."""
_NEAR = 0.75
"""How alike two names are of which one may be the other misspelt; 1 is equal."""


def check_routes(table: RouteTable, recent: Recent, report: Report) -> None:
    """Say of each route what it takes of ``recent``, and of its regular expressions what they match there."""
    reasons, namespaces = recent.reasons, recent.namespaces
    for way in table.ways.values():
        if EVENTS not in way.settings.filter.sources:
            report.note(way.route.name, "is for alerts only, so events can't show what it takes")
            continue
        report.working(f"trying the events on {way.route.name} ...")
        _takes(way, table, recent, report)
        for option, pattern in _expressions(way.settings.filter):
            subject = f"{way.route.name} {option}="
            _matches(subject, option, pattern, reasons=reasons, seconds=recent.seconds, report=report)
        for namespace in sorted(way.settings.filter.namespaces - {CLUSTER_SCOPE}):
            if not way.namespace and (near := _near(namespace, namespaces)):
                text = f"{namespace}: no event is about this namespace; there is {near}"
                report.doubtful(f"{way.route.name} namespaces=", text, f"namespaces={near}, if that was meant")


def _takes(way: Way, table: RouteTable, recent: Recent, report: Report) -> None:
    subject, all_of_them = way.route.name, len(recent.events)
    if not all_of_them:
        none = "events can't be listed" if recent.trouble else f"no event {within(recent.seconds)}"
        report.note(subject, f"{none}, so its filter could not be tried")
        return
    refused: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    elsewhere = 0
    for event in recent.events:
        if refusal := way.route.filter.refusal(event):
            refused[refusal] += 1
        elif way.default and way not in table.ways_of(event):
            elsewhere += 1
        else:
            taken[event.reason] += 1
    others = [f"other routes take {elsewhere}"] if elsewhere else []
    if taken:
        text = f"takes {taken.total()} of {counted(all_of_them, 'event')} {within(recent.seconds)}: {named(taken)}"
        report.good(subject, "; ".join([text, *others]))
        return
    why = [*(f"{name}= refuses {count}" for name, count in _ordered(refused)), *others]
    text = f"takes none of {counted(all_of_them, 'event')} {within(recent.seconds)}: {', '.join(why)}"
    if others:
        report.good(subject, text)
    else:
        report.doubtful(subject, text)


def _expressions(chosen: FilterSettings) -> Iterator[tuple[str, str]]:
    for pattern in chosen.reasons:
        yield "reason", pattern
    for pattern in chosen.excluded_reasons:
        yield "exclude_reason", pattern


def _matches(subject: str, option: str, pattern: str, *, reasons: Counter[str], seconds: float, report: Report) -> None:
    if not reasons:
        return
    expression, shown = re2.compile(pattern), shown_value(pattern)
    matched = Counter({reason: count for reason, count in reasons.items() if expression.search(reason)})
    if matched:
        report.good(subject, f"{shown} matches {named(matched)}")
        return
    text = f"{shown} matches none of {counted(len(reasons), 'reason')} {within(seconds)}"
    if near := _near(pattern.strip("^$"), reasons):
        report.doubtful(subject, f"{text}; there is {near}", f"{option}={near}, if that was meant")
    else:
        report.note(subject, f"{text}: {named(reasons)}")


def _near(name: str, known: Counter[str]) -> str:
    """Return what may have been meant by a name that is not known; empty where nothing is near, or it is known."""
    if name in known:
        return ""
    lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=_NEAR)
    return lower[found[0]] if found else ""


def named(counts: Counter[str]) -> str:
    shown = ", ".join(f"{name or '(none)'} {count}" for name, count in _ordered(counts)[:_NAMED])
    more = len(counts) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def within(seconds: float) -> str:
    """Return a window of time in words."""
    if seconds >= 3600 and seconds % 3600 == 0:
        hours = int(seconds // 3600)
        return "in the last hour" if hours == 1 else f"in the last {hours} hours"
    if seconds >= 60:
        return f"in the last {seconds / 60:g} minutes"
    return f"in the last {seconds:g} seconds"
