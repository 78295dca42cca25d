"""A sink's filter, compiled. Its conditions are AND-ed, and a field that is empty fails its condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import re2

from kube_wecom_eventer.config import CLUSTER_SCOPE, FilterSettings
from kube_wecom_eventer.event import Event


class EventFilter:
    """Decides for one event at a time. The settings' expressions have been checked when they were read.

    ``labels_of`` returns the labels of a namespace.
    """

    __slots__ = (
        "_excluded_namespaces", "_excluded_reasons", "_kinds", "_labels_of", "_messages", "_min_count", "_names",
        "_namespaces", "_normal_too", "_reasons", "_selector",
    )  # fmt: skip

    def __init__(
        self, settings: FilterSettings, *, labels_of: Callable[[str], Mapping[str, str]] = lambda _namespace: {}
    ) -> None:
        self._labels_of = labels_of
        self._selector = settings.namespace_selector
        self._normal_too = settings.level == "Normal"
        self._namespaces = settings.namespaces
        self._excluded_namespaces = settings.excluded_namespaces
        self._kinds = settings.kinds
        self._reasons = _Patterns(settings.reasons)
        self._excluded_reasons = _Patterns(settings.excluded_reasons)
        self._names = _Patterns(settings.names)
        self._messages = _Patterns(settings.messages)
        self._min_count = settings.min_count

    def takes(self, event: Event) -> bool:
        """Return whether the filter selects this event."""
        if event.type != "Warning" and not (self._normal_too and event.type == "Normal"):
            return False
        about = event.involved_object
        namespace = about.namespace or CLUSTER_SCOPE
        if self._namespaces and namespace not in self._namespaces:
            return False
        if namespace in self._excluded_namespaces or (self._kinds and about.kind not in self._kinds):
            return False
        if self._selector and not (about.namespace and self._selector.selects(self._labels_of(about.namespace))):
            return False
        if self._reasons and not self._reasons.found_in(event.reason):
            return False
        return not self._excluded_reasons.found_in(event.reason) and self._takes_details(event)

    def _takes_details(self, event: Event) -> bool:
        """Ask what is asked rarely, and costs most, last."""
        if self._min_count and event.occurrences < self._min_count:
            return False
        if self._names and not self._names.found_in(event.involved_object.name):
            return False
        return not self._messages or self._messages.found_in(event.message)


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
