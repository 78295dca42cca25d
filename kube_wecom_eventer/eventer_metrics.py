"""kube-eventer's own metrics, under their own names, so that its users' dashboards go on.

Its label ``name`` is left out: it grows with every pod that ever failed. All label combinations together have a cap.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary

MOST_SERIES = 2000
"""Combinations of reason, namespace and kind; whatever comes beyond them counts as ``other``."""

_LONGEST = 512
"""Characters of a combination; a longer one is ``other``, too: whoever writes events may write a megabyte of them."""


class EventerMetrics:
    """``last_contact`` gives the Unix time at which the API server was last heard of."""

    def __init__(self, *, registry: CollectorRegistry, last_contact: Callable[[], float]) -> None:
        labels = ("reason", "namespace", "kind")
        self._normal = Counter("eventer_events_normal", "Events of the level Normal.", labels, registry=registry)
        self._warning = Counter("eventer_events_warning", "Events of the level Warning.", labels, registry=registry)
        self._error = Counter("eventer_events_error", "Events of other levels.", labels, registry=registry)
        # A gauge, because the library would put _total behind a counter's name.
        self._scraped = Gauge("eventer_scraper_events_total_number", "Versions of events read.", registry=registry)
        self._read = Summary(
            "eventer_scraper_duration_milliseconds", "Reading and matching one of them.", registry=registry
        )
        self._told = Summary(
            "eventer_exporter_duration_milliseconds",
            "From an event to its message's acceptance.",
            ("exporter",),
            registry=registry,
        )
        for name in ("scraper", "manager"):
            gauge = Gauge(
                f"eventer_{name}_last_time_seconds",
                "When the API server was last heard of; the present while a watch is open.",
                registry=registry,
            )
            gauge.set_function(last_contact)
        self._counters: dict[tuple[str, str, str, str], Counter] = {}

    def event(self, *, level: str, reason: str, namespace: str, kind: str, milliseconds: float) -> None:
        """Count one event that was read and matched in so many milliseconds."""
        self._scraped.inc()
        self._read.observe(milliseconds)
        key = (level, reason, namespace, kind)
        # The library takes 2 µs to find a counter by its labels.
        counter = self._counters.get(key) or self._counter(*key)
        counter.inc()

    def _counter(self, level: str, reason: str, namespace: str, kind: str) -> Counter:
        of_level = {"Normal": self._normal, "Warning": self._warning}.get(level, self._error)
        if len(self._counters) >= MOST_SERIES or sum(map(len, (level, reason, namespace, kind))) > _LONGEST:
            return of_level.labels(reason="other", namespace="other", kind="other")
        counter = self._counters[level, reason, namespace, kind] = of_level.labels(
            reason=reason, namespace=namespace, kind=kind
        )
        return counter

    def told(self, exporter: str, seconds: float) -> None:
        """Count one message that an exporter (a kind of destination) took so many seconds after its event."""
        self._told.labels(exporter=exporter).observe(seconds * 1000)
