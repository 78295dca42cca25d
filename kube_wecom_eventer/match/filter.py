"""A sink's filter, compiled. Its conditions are AND-ed, and a field that is empty fails its condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import re2
from msgspec import structs

from kube_wecom_eventer.alert import RESOLVED, SEVERITIES, SEVERITY, AlertEvent, level_of
from kube_wecom_eventer.config import ALERTS, CLUSTER_SCOPE, EVENTS, FilterSettings
from kube_wecom_eventer.event import Event


class Traits(NamedTuple):
    """What most conditions ask of an event, and thousands of events have in common."""

    level: str
    namespace: str
    kind: str
    reason: str
    status: str = ""
    severity: str = ""


def traits_of(event: Event) -> Traits:
    """Return an event's traits; an object without a namespace has an empty one. Only an alert has a status."""
    about = event.involved_object
    if isinstance(event, AlertEvent):
        alert = event.alert
        severity = alert.labels.get(SEVERITY, "")
        return Traits(event.type, about.namespace, about.kind, event.reason, alert.status, severity)
    return Traits(event.type, about.namespace, about.kind, event.reason)


class EventFilter:
    """Decides for one event at a time. The settings' expressions have been checked when they were read.

    ``labels_of`` returns the labels of a namespace. ``namespaces``: the only ones that it can take; empty: any.
    ``asks_more``: traits do not decide.
    """

    __slots__ = (
        "_alerts", "_events", "_excluded_namespaces", "_excluded_reasons", "_kinds", "_label_matchers", "_labels_of",
        "_messages", "_min_count", "_names", "_normal_too", "_reasons", "_resolved", "_selector", "_severities",
        "asks_more", "namespaces",
    )  # fmt: skip

    def __init__(
        self, settings: FilterSettings, *, labels_of: Callable[[str], Mapping[str, str]] = lambda _namespace: {}
    ) -> None:
        self._labels_of = labels_of
        self._selector = settings.namespace_selector
        self._normal_too = settings.level == "Normal"
        self.namespaces = settings.namespaces
        self._excluded_namespaces = settings.excluded_namespaces
        self._kinds = settings.kinds
        self._reasons = _Patterns(settings.reasons)
        self._excluded_reasons = _Patterns(settings.excluded_reasons)
        self._names = _Patterns(settings.names)
        self._messages = _Patterns(settings.messages)
        self._min_count = settings.min_count
        self._events = EVENTS in settings.sources
        self._alerts = ALERTS in settings.sources
        self._label_matchers = settings.labels
        self._severities = {**SEVERITIES, **dict(settings.severities)} if settings.severities else None
        self._resolved = settings.send_resolved
        rest = (self._selector, self._min_count, self._names, self._messages, self._label_matchers)
        self.asks_more = any(rest)

    def takes(self, event: Event) -> bool:
        """Return whether the filter selects this event."""
        return not self.refusal(event)

    def seen(self, event: Event) -> Event:
        """Return an event at the level that it has for this filter: an alert's is a matter of ``severity_map=``."""
        if self._severities is None or not isinstance(event, AlertEvent):
            return event
        level = level_of(event.alert.labels.get(SEVERITY, ""), self._severities)
        return event if level == event.type else structs.replace(event, type=level)

    def refusal(self, event: Event) -> str:
        """Return the parameter that refuses this event; empty where the filter takes it."""
        return self.refusal_of(traits_of(event)) or self.refusal_of_rest(event)

    def refusal_of(self, traits: Traits) -> str:
        """Return the parameter that refuses all events with these traits; empty where none does."""
        if refusal := self._refusing_kind(traits):
            return refusal
        namespace = traits.namespace or CLUSTER_SCOPE
        if self.namespaces and namespace not in self.namespaces:
            return "namespaces"
        if namespace in self._excluded_namespaces:
            return "exclude_namespaces"
        if self._kinds and traits.kind not in self._kinds:
            return "kinds"
        if self._reasons and not self._reasons.found_in(traits.reason):
            return "reason"
        return "exclude_reason" if self._excluded_reasons.found_in(traits.reason) else ""

    def _refusing_kind(self, traits: Traits) -> str:
        """Ask whether it is an alert, whether that is over, and how serious it is."""
        if not (self._alerts if traits.status else self._events):
            return "sources"
        if traits.status == RESOLVED and not self._resolved:
            return "send_resolved"
        level = traits.level
        if traits.status and self._severities is not None:
            level = level_of(traits.severity, self._severities)
        return "" if level == "Warning" or (self._normal_too and level == "Normal") else "level"

    def refusal_of_rest(self, event: Event) -> str:
        """Return the parameter that refuses this event for what is its own, or what may change while we run."""
        namespace = event.involved_object.namespace
        if self._selector and not (namespace and self._selector.selects(self._labels_of(namespace))):
            return "namespace_selector"
        if self._min_count and event.occurrences < self._min_count and not isinstance(event, AlertEvent):
            return "min_count"
        labels = event.metadata.labels or {}
        if not all(matcher.holds(labels) for matcher in self._label_matchers):
            return "labels"
        if self._names and not self._names.found_in(event.involved_object.name):
            return "name"
        return "message" if self._messages and not self._messages.found_in(event.message) else ""


class _Patterns:
    """Regular expressions of which one is enough."""

    __slots__ = ("_compiled",)

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._compiled = tuple(re2.compile(pattern) for pattern in patterns)

    def __bool__(self) -> bool:
        return bool(self._compiled)

    def found_in(self, text: str) -> bool:
        """Return whether one of them occurs in ``text``; nothing occurs in an empty field."""
        return bool(text) and any(pattern.search(text) for pattern in self._compiled)
