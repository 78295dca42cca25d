"""The metrics' part of the page: asked from the metrics themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Metric

from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.metrics import LABEL_VALUES, LABELS, PREFIX, Metrics
from tools.reference.catalogue import Say, heads
from tools.reference.markdown import code, table


def metrics(say: Say) -> Iterator[str]:
    """Yield the blocks of the section."""
    yield "## " + say("title.metrics", "Metrics")
    yield say(
        "help.metrics",
        "On `/metrics`. A combination of labels that has not occurred yet is absent, except the drops of each route "
        "and the restarts of the watch. What they are good for: docs/metrics.md.",
    )
    yield _table(Metrics().registry, say)
    yield "### " + say("title.eventer-metrics", "kube-eventer's own")
    yield say("help.eventer-metrics", "So that its users' dashboards go on; see docs/kube-eventer.md#metrics.")
    eventer = CollectorRegistry()
    EventerMetrics(registry=eventer, last_contact=lambda: 0.0)
    yield _table(eventer, say)
    yield "### " + say("title.labels", "Labels")
    yield say(
        "help.labels",
        "Values come from your configuration or from closed sets; only kube-eventer's own metrics take them from "
        "events.",
    )
    yield table(
        heads(say, "label", "meaning"),
        ((code(name), say(f"label.{name}", text)) for name, text in LABELS.items()),
    )
    names = {family.name: _exported(family) for each in _collectors(Metrics().registry) for family in each.describe()}
    for metric, labels in LABEL_VALUES.items():
        for label, values in labels.items():
            yield code(f"{names[f'{PREFIX}_{metric}']}{{{label}}}") + ":"
            yield table(
                [code(label), *heads(say, "meaning")],
                ((code(value), say(f"label.{metric}.{label}.{value}", text)) for value, text in values.items()),
            )


def _table(registry: CollectorRegistry, say: Say) -> str:
    head = heads(say, "metric", "type", "labels", "meaning")
    return table(head, (_row(collector, say) for collector in _collectors(registry)))


def _collectors(registry: CollectorRegistry) -> list[Any]:
    # The library has no public way to ask for a metric's labels before there is a sample.
    return list(registry._collector_to_names)


def _row(collector: Any, say: Say) -> tuple[str, ...]:
    (family,) = collector.describe()
    labels = ", ".join(code(label) for label in collector._labelnames)
    return code(_exported(family)), family.type, labels, say(f"metric.{family.name}", family.documentation)


def _exported(family: Metric) -> str:
    """Return a metric's name as it is scraped."""
    return f"{family.name}_total" if family.type == "counter" else family.name
