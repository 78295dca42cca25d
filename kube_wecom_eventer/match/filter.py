"""A sink's filter, compiled. Its conditions are AND-ed, and a field that is empty fails its condition."""

from __future__ import annotations

import re2

from kube_wecom_eventer.config import CLUSTER_SCOPE, FilterSettings
from kube_wecom_eventer.event import Event


class EventFilter:
    """Decides for one event at a time. The settings' expressions have been checked when they were read."""

    __slots__ = ("_excluded", "_kinds", "_namespaces", "_normal_too", "_reasons")

    def __init__(self, settings: FilterSettings) -> None:
        self._normal_too = settings.level == "Normal"
        self._namespaces = settings.namespaces
        self._kinds = settings.kinds
        self._reasons = tuple(re2.compile(pattern) for pattern in settings.reasons)
        self._excluded = tuple(re2.compile(pattern) for pattern in settings.excluded_reasons)

    def takes(self, event: Event) -> bool:
        """Return whether the filter selects this event."""
        if event.type != "Warning" and not (self._normal_too and event.type == "Normal"):
            return False
        about = event.involved_object
        if self._namespaces and (about.namespace or CLUSTER_SCOPE) not in self._namespaces:
            return False
        if self._kinds and about.kind not in self._kinds:
            return False
        if self._reasons and not any(pattern.search(event.reason) for pattern in self._reasons):
            return False
        return not any(pattern.search(event.reason) for pattern in self._excluded)
