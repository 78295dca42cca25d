"""Every figure that the daemon exports, in one place. The registry is the caller's, so tests don't share one.

docs/metrics.md describes them. Labels come from the configuration or from closed sets, never from events.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from kube_wecom_eventer import __version__

_PREFIX = "kube_wecom_eventer"
WATCH_RESTARTS = ("closed", "gone", "error")
"""Why a watch of events ended."""

_DELAY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)


class Metrics:
    """The daemon's metrics on one registry."""

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        # The library would double the number of series with their creation times.
        disable_created_metrics()  # type: ignore[no-untyped-call]

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

        self.received = counter("events_received", "Versions of events read from the API server")
        self.matched = counter("events_matched", "Versions of events that a route selected", "route")
        self.told = counter("events_told", "Versions of events that accepted messages stand for", "route")
        self.dropped = counter("events_dropped", "Selected events that no message will tell", "route", "reason")
        self.sent = counter("messages_sent", "Messages that the destination accepted", "destination")
        self.failed = counter("messages_failed", "Attempts that the destination refused", "destination", "reason")
        self.retried = counter("messages_retried", "Attempts after the first one at a message", "destination")
        self.pending = gauge("events_pending", "Selected events that wait to be told", "destination")
        self.broken = gauge("destination_broken", "1 while the destination refuses everything", "destination")
        self.delivery = Histogram(
            f"{_PREFIX}_delivery_seconds",
            "From the watch line to the destination's acceptance",
            ("destination",),
            registry=self.registry,
            buckets=_DELAY_BUCKETS,
        )
        self.watch_restarts = counter("watch_restarts", "Watches of events that ended, by reason", "reason")
        for reason in WATCH_RESTARTS:
            self.watch_restarts.labels(reason=reason)
        self.unreadable_lines = counter(
            "watch_lines_unreadable", "Lines of a watch or events in a list that could not be read"
        )
        self.template_failures = counter(
            "template_failures", "Templates that are missing, don't parse or fail on an event", "template", "stage"
        )
        self.checkpoint_writes = counter("checkpoint_writes", "Attempts to write the checkpoint", "result")
        self.leading = gauge("leading", "1 while this process tells events, 0 while it stands by")
        self.silences = gauge("silences", "Silences that hold now")
        self.silence_problems = counter("silence_problems", "Mistakes found in silences, which silence nothing")
        gauge("build_info", "Always 1", "version").labels(version=__version__).set(1)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
