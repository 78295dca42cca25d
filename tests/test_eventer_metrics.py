from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from kube_wecom_eventer.eventer_metrics import MOST_SERIES, EventerMetrics


def metrics() -> tuple[EventerMetrics, CollectorRegistry]:
    registry = CollectorRegistry()
    return EventerMetrics(registry=registry, last_contact=lambda: 1700000000.0), registry


def test_the_names_are_kube_eventers() -> None:
    """Dashboards go on; the label `name` is left out, because it never stops growing."""
    eventer, registry = metrics()
    for level in ("Normal", "Warning", "Odd"):
        eventer.event(level=level, reason="R", namespace="n", kind="Pod", milliseconds=2.0)
    eventer.told("wecom", 0.5)
    labels = {"reason": "R", "namespace": "n", "kind": "Pod"}
    for level in ("normal", "warning", "error"):
        assert registry.get_sample_value(f"eventer_events_{level}_total", labels) == 1
    assert registry.get_sample_value("eventer_scraper_events_total_number") == 3
    assert registry.get_sample_value("eventer_scraper_duration_milliseconds_sum") == 6
    assert registry.get_sample_value("eventer_scraper_last_time_seconds") == 1700000000
    assert registry.get_sample_value("eventer_manager_last_time_seconds") == 1700000000
    assert registry.get_sample_value("eventer_exporter_duration_milliseconds_sum", {"exporter": "wecom"}) == 500


def test_the_number_of_series_has_a_bound() -> None:
    """Whoever can write events must not fill the memory; what is beyond counts as other."""
    eventer, registry = metrics()
    for number in range(MOST_SERIES + 500):
        eventer.event(level="Warning", reason=f"R{number}", namespace="n", kind="Pod", milliseconds=0.0)
    other = {"reason": "other", "namespace": "other", "kind": "other"}
    assert registry.get_sample_value("eventer_events_warning_total", other) == 500
    assert generate_latest(registry).count(b"eventer_events_warning_total{") == MOST_SERIES + 1


def test_a_long_reason_makes_no_series() -> None:
    """Two thousand of them, a megabyte each, would fill the memory as well."""
    eventer, registry = metrics()
    eventer.event(level="Warning", reason="R" * 1_000_000, namespace="n", kind="Pod", milliseconds=0.0)
    other = {"reason": "other", "namespace": "other", "kind": "other"}
    assert registry.get_sample_value("eventer_events_warning_total", other) == 1
    assert len(generate_latest(registry)) < 100_000
