"""Every figure that the daemon exports, in one place. The registry is the caller's, so tests don't share one.

docs/reference.md is made of these texts. Labels come from the configuration or from closed sets, never from events.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kube_wecom_eventer import __version__

PREFIX = "kube_wecom_eventer"
LABELS: Mapping[str, str] = {
    "route": "A route: `route=`, else `sink-1`, `sink-2`, ...; a declared one is `NAMESPACE/CONFIGMAP[/NAME]`.",
    "destination": "A robot or an application by a fingerprint of its key or secret, or by the Secret that holds it; "
    "another URL by a fingerprint of it. The log lines `route` and `route_declared` tell which route has which.",
    "template": "A template's ConfigMap: `NAMESPACE/NAME`; of a declared route the route's name.",
    "route_namespace": "The namespace whose ConfigMaps declare the routes.",
    "version": "This program's version.",
    "exporter": "A kind of destination, as `wecom`, `wechat`, `dingtalk`, `apprise`, `webhook`, `log`.",
    "namespace": "The namespace of the event's object.",
    "kind": "The kind of the event's object.",
    "reason": "The event's reason, where the values are not listed.",
}
"""The labels whose values are no closed set."""

LABEL_VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "events_dropped": {
        "reason": {
            "overflow": "10,000 wait already, at a `webhook:` or `log:`.",
            "too_old": "It waited for `--max-age`.",
            "refused": "The destination refuses even the built-in body.",
            "internal_error": "A mistake of this program.",
            "expired": "It waited when the last process ended, and the API server no longer has it.",
            "route_removed": "It waited for a route that is no more: at a start, or when a declared route ends.",
            "no_checkpoint": "It waited when another process took the lead, and there is no checkpoint.",
            "silenced": "On purpose; see docs/silences.md.",
        }
    },
    "messages_failed": {
        "reason": {
            "errcode_N": "A code of WeCom's or DingTalk's that this program knows, as `errcode_93000`.",
            "errcode_other": "Any other code of theirs.",
            "http_429": "HTTP 429.",
            "http_5xx": "HTTP 500 and above.",
            "http_NNN": "From a `webhook:` or an `apprise:`: HTTP 400, 401, 403, 404, 405, 407, 410, 413, 415, 422.",
            "http_Nxx": "From a `webhook:` or an `apprise:`: any other status, by its first digit.",
            "not_wecom": "An answer that is not WeCom's.",
            "not_dingtalk": "An answer that is not DingTalk's.",
            "timeout": "No answer, or no connection, in time.",
            "network": "No connection, or it broke.",
            "no_key": "Nothing was sent: the key could not be read from its Secret.",
            "bad_url": "Nothing was sent: the URL in the Secret can't be used by `apprise:`, or not by this route.",
            "smtp_auth": "A mail server refuses the login.",
            "smtp_4xx": "A mail server says: later.",
            "smtp_5xx": "A mail server refuses the mail, or its sender.",
            "receiver_refused": "A mail server does not take the only receiver, or any of them.",
            "receiver_later": "A mail server does not take a receiver yet, as greylisting does.",
            "tls": "From an `apprise:`: no secure connection.",
            "unanswered": "From an `apprise:`: the answer is missing, so the message may have arrived.",
            "apprise_other": "From an `apprise:`: not accepted, for a reason of the service's own.",
            "write": "Standard output can't be written.",
        }
    },
    "alert_posts": {
        "result": {
            "taken": "200.",
            "invalid": "400, 415: no alerts, or some that are none; the others of the request are taken.",
            "too_large": "413.",
            "unauthorized": "401.",
            "full": "503: too many requests at once, one too slow, or too much waits for a `webhook:` or `log:`.",
            "standing_by": "503: this replica tells nothing now.",
        }
    },
    "alerts_received": {
        "status": {
            "firing": "It fires, for the first time or still.",
            "resolved": "It is over.",
            "left_out": "Alertmanager did not send it, because of its `max_alerts`.",
        }
    },
    "watch_restarts": {
        "reason": {
            "closed": "By agreement, every four to five minutes.",
            "gone": "The API server no longer has the position (410), so events are listed again.",
            "error": "Anything else.",
        }
    },
    "template_failures": {
        "stage": {
            "missing": "There is no such ConfigMap, or it has no template.",
            "parse": "The template can't be read.",
            "render": "It fails on an event.",
            "refused": "The destination refuses what it makes.",
        }
    },
    "objects_unreadable": {
        "objects": {
            "routes": "ConfigMaps that declare routes.",
            "config_maps": "ConfigMaps with templates and silences.",
            "namespaces": "Namespaces, for `namespace_selector=` and `mention_owner=`.",
        }
    },
    "declared_routes": {
        "state": {
            "ok": "It is used as it is written.",
            "refused": "It can't be a route.",
            "unchanged": "It was edited into something that can't be one; the last good one stays.",
        }
    },
    "checkpoint_writes": {"result": {"written": "It was stored.", "failed": "It was not."}},
}
"""The closed sets of labels' values, by metric (without the prefix) and label, and what each of them means."""

WATCH_RESTARTS = tuple(LABEL_VALUES["watch_restarts"]["reason"])
"""Why a watch of events ended."""

TEMPLATE_STAGES = tuple(LABEL_VALUES["template_failures"]["stage"])
"""Where a template failed."""

ROUTE_STATES = tuple(LABEL_VALUES["declared_routes"]["state"])
"""What became of a route that a ConfigMap declares."""

_DELAY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)


class StateGauge(Collector):
    """A gauge that is asked for its values when it is read: what is gone leaves nothing behind.

    ``read`` returns the values by the values of the labels; it is given once the state exists.
    """

    def __init__(self, name: str, text: str, labels: tuple[str, ...], *, registry: CollectorRegistry) -> None:
        self._name = name
        self._text = text
        self._labelnames = labels
        self.read: Callable[[], Mapping[tuple[str, ...], float]] = dict
        registry.register(self)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauge without values."""
        return [GaugeMetricFamily(self._name, self._text, labels=self._labelnames)]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauge as it is now."""
        family = GaugeMetricFamily(self._name, self._text, labels=self._labelnames)
        for labels, value in self.read().items():
            family.add_metric(labels, value)
        return [family]


class Metrics:
    """The daemon's metrics on one registry."""

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        # The library would double the number of series with their creation times.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._labelled: list[tuple[Counter | Gauge | Histogram, tuple[str, ...]]] = []

        def counter(name: str, text: str, *labels: str) -> Counter:
            made = Counter(f"{PREFIX}_{name}", text, labels, registry=self.registry)
            self._labelled.append((made, labels))
            return made

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            made = Gauge(f"{PREFIX}_{name}", text, labels, registry=self.registry)
            self._labelled.append((made, labels))
            return made

        def state(name: str, text: str, *labels: str) -> StateGauge:
            return StateGauge(f"{PREFIX}_{name}", text, labels, registry=self.registry)

        self.received = counter("events_received", "Versions of events read from the API server.")
        self.matched = counter("events_matched", "Versions of events that a route selected.", "route")
        self.told = counter(
            "events_told", "Versions of events that accepted messages stand for: the sum of their ×N.", "route"
        )
        self.dropped = counter("events_dropped", "Selected events that no message will tell.", "route", "reason")
        self.sent = counter("messages_sent", "Messages that the destination accepted.", "destination")
        self.failed = counter("messages_failed", "Attempts at a message that failed.", "destination", "reason")
        self.retried = counter("messages_retried", "Attempts after the first one at a message.", "destination")
        self.pending = state(
            "events_pending",
            "Selected events that wait, those being told included; what is held back as a repeat is not.",
            "destination",
        )
        self.waiting = state(
            "events_waiting_seconds", "How long the oldest of them has waited; 0 where none waits.", "destination"
        )
        self.broken = state(
            "destination_broken",
            "1 while the destination takes nothing: a wrong key, a removed robot, a key that can't be read.",
            "destination",
        )
        self.missed = gauge(
            "receivers_missed", "Receivers whom the last accepted message of a `wechat:` did not reach.", "route"
        )
        self.delivery = Histogram(
            f"{PREFIX}_delivery_seconds",
            "From the watch line to the destination's acceptance.",
            ("destination",),
            registry=self.registry,
            buckets=_DELAY_BUCKETS,
        )
        self._labelled.append((self.delivery, ("destination",)))
        self.last_heard = gauge(
            "watch_last_heard_timestamp_seconds",
            "When the API server last answered about events, as a Unix time; 0: never. A refusal is no answer, and "
            "silence behind an open watch is none. A healthy one is heard of every five minutes. Of several watched "
            "namespaces the oldest time counts.",
        )
        self.watch_restarts = counter("watch_restarts", "Watches of events that ended.", "reason")
        for reason in WATCH_RESTARTS:
            self.watch_restarts.labels(reason=reason)
        self.unreadable_lines = counter(
            "watch_lines_unreadable", "Lines of a watch, and events in a list, that could not be read."
        )
        self.alert_posts = counter("alert_posts", "Requests with alerts, by what was answered.", "result")
        for result in LABEL_VALUES["alert_posts"]["result"]:
            self.alert_posts.labels(result=result)
        self.alerts_received = counter("alerts_received", "Alerts in requests that were taken.", "status")
        for status in LABEL_VALUES["alerts_received"]["status"]:
            self.alerts_received.labels(status=status)
        self.unreadable_objects = state(
            "objects_unreadable", "1 while objects that the configuration is in can't be followed.", "objects"
        )
        self.routes = state("route_info", "Always 1: which destination a route has now.", "route", "destination")
        self.declared_routes = state("declared_routes", "Routes that ConfigMaps declare.", "route_namespace", "state")
        self.template_failures = counter(
            "template_failures", "Templates that could not be used as they are written.", "template", "stage"
        )
        self.template_unusable = state(
            "template_unusable", "1 while a template is missing or does not parse.", "template"
        )
        self.checkpoint_writes = counter("checkpoint_writes", "Attempts to write the checkpoint.", "result")
        self.checkpoint_broken = gauge(
            "checkpoint_broken", "1 while the checkpoint can't be read or written, or is not used because of that."
        )
        self.leading = gauge("leading", "1 while this process tells events, 0 while it stands by.")
        self.silences = gauge("silences", "Silences that hold now.")
        self.silence_problems = counter(
            "silence_problems", "Mistakes found in silences, once a change; what is wrong silences nothing."
        )
        gauge("build_info", "Always 1.", "version").labels(version=__version__).set(1)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def keep_only(self, label: str, names: Container[str]) -> None:
        """Remove each set of labels in which ``label`` has a value that is none of the ``names``."""
        for metric, labels in self._labelled:
            if label not in labels:
                continue
            samples = (sample.labels for family in metric.collect() for sample in family.samples)
            for values in {tuple(each[name] for name in labels) for each in samples}:
                if values[labels.index(label)] not in names:
                    metric.remove(*values)
