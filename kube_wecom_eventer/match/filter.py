"""A sink's filter, compiled. Its conditions are AND-ed, and a field that is empty fails its condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import re2

from kube_wecom_eventer.config import CLUSTER_SCOPE, FilterSettings
from kube_wecom_eventer.event import Event


class Traits(NamedTuple):
    """What most conditions ask of an event, and thousands of events have in common."""

    level: str
    namespace: str
    kind: str
    reason: str


def traits_of(event: Event) -> Traits:
    """Return an event's traits; an object without a namespace has an empty one."""
    about = event.involved_object
    return Traits(event.type, about.namespace, about.kind, event.reason)


class EventFilter:
    """Decides for one event at a time. The settings' expressions have been checked when they were read.

    ``labels_of`` returns the labels of a namespace. ``namespaces``: the only ones that it can take; empty: any.
    ``asks_more``: traits do not decide.
    """

    __slots__ = (
        "_excluded_namespaces", "_excluded_reasons", "_kinds", "_labels_of", "_messages", "_min_count", "_names",
        "_normal_too", "_reasons", "_selector", "asks_more", "namespaces",
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
        self.asks_more = bool(self._selector or self._min_count or self._names or self._messages)

    def takes(self, event: Event) -> bool:
        """Return whether the filter selects this event."""
        return not self.refusal(event)

    def refusal(self, event: Event) -> str:
        """Return the parameter that refuses this event; empty where the filter takes it."""
        return self.refusal_of(traits_of(event)) or self.refusal_of_rest(event)

    def refusal_of(self, traits: Traits) -> str:
        """Return the parameter that refuses all events with these traits; empty where none does."""
        if traits.level != "Warning" and not (self._normal_too and traits.level == "Normal"):
            return "level"
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

    def refusal_of_rest(self, event: Event) -> str:
        """Return the parameter that refuses this event for what is its own, or what may change while we run."""
        namespace = event.involved_object.namespace
        if self._selector and not (namespace and self._selector.selects(self._labels_of(namespace))):
            return "namespace_selector"
        if self._min_count and event.occurrences < self._min_count:
            return "min_count"
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
