"""What a replay has shown, in words."""

from __future__ import annotations

from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.commands.check.recent import Recent
from kube_wecom_eventer.commands.check.replay import Group, Played
from kube_wecom_eventer.commands.check.routes import named, within
from kube_wecom_eventer.commands.texts import counted

_NAMED = 12
"""Kinds of events that no route took which are named."""


def say_played(played: Played, recent: Recent, report: Report) -> None:
    """Say what each group would have got, what was silenced, and what no route took."""
    if not played.versions:
        report.note("events", f"none {within(recent.seconds)}")
        return
    more = "" if recent.complete else f", the first {len(recent.events)} of more"
    report.note(
        "events",
        f"{counted(len(recent.events), 'event')} with {counted(played.versions, 'version')}{more}; the API server "
        "keeps the newest version of each, so the times of the others are evenly spread",
    )
    for name, group in sorted(played.groups.items()):
        _say_group(name, group, report)
    for route, count in sorted(played.silenced.items()):
        report.note(route, f"{counted(count, 'version')} silenced")
    warnings = {key: count for key, count in played.nobodys.items() if key[0] != "Normal"}
    normal = sum(count for key, count in played.nobodys.items() if key[0] == "Normal")
    if warnings:
        shown = sorted(warnings.items(), key=lambda each: -each[1])
        lines = [f"{count}× {reason} in {namespace or '_cluster'}" for (_, namespace, reason), count in shown[:_NAMED]]
        if len(shown) > _NAMED:
            lines.append(f"and {len(shown) - _NAMED} more kinds")
        report.doubtful(
            "no route took",
            f"{counted(sum(warnings.values()), 'Warning')}; default=true makes a route for them",
            shown=lines,
        )
    if normal:
        report.note("no route took", f"{counted(normal, 'Normal event')}; level=Normal takes both levels")
    if not played.nobodys:
        report.good("no route took", "none: each event has a route")


def _say_group(name: str, group: Group, report: Report) -> None:
    routes = ", ".join(way.route.name for way in group.ways)
    events = group.events.total()
    text = (
        f"{counted(len(group.at), 'message')} for {counted(events, 'version')} of events ({named(group.reasons)}); "
        f"at most {group.most_in_a_minute()} in a minute, the longest wait {group.longest_wait:.0f} s; routes: {routes}"
    )
    if group.built_in and any(way.template for way in group.ways):
        text += f"; {group.built_in} of the messages in the built-in words"
    report.good(name, text)
