"""An alert as an event: which label says what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kube_wecom_eventer.alert import alert_event, level_of
from tests.support.alerts import START, make_alert, make_alert_event


@pytest.mark.parametrize(
    ("labels", "kind", "name"),
    [
        ({"deployment": "web", "pod": "kube-state-metrics-0"}, "Deployment", "web"),
        ({"statefulset": "db"}, "StatefulSet", "db"),
        ({"daemonset": "agent"}, "DaemonSet", "agent"),
        ({"job_name": "backup-1", "job": "kube-state-metrics"}, "Job", "backup-1"),
        ({"cronjob": "backup"}, "CronJob", "backup"),
        ({"horizontalpodautoscaler": "web"}, "HorizontalPodAutoscaler", "web"),
        ({"persistentvolumeclaim": "data", "pod": "x"}, "PersistentVolumeClaim", "data"),
        ({"pod": "web-1", "node": "n1"}, "Pod", "web-1"),
        ({"instance": "10.0.0.1:9100", "job": "node-exporter"}, "", "10.0.0.1:9100"),
        ({}, "", ""),
    ],
)
def test_labels_name_the_object(labels: dict[str, str], kind: str, name: str) -> None:
    """The most telling one: an exporter's own pod, or what Prometheus calls a job, is not what an alert is about."""
    about = make_alert_event(labels={"deployment": "", **labels}).involved_object
    assert (about.kind, about.name, about.namespace) == (kind, name, "payments")


@pytest.mark.parametrize(("label", "kind"), [("node", "Node"), ("persistentvolume", "PersistentVolume")])
def test_what_belongs_to_the_cluster_has_no_namespace(label: str, kind: str) -> None:
    """Its alert's namespace is the exporter's: no team's route takes it."""
    event = make_alert_event(labels={"deployment": "", label: "n1"})
    assert (event.involved_object.kind, event.involved_object.namespace) == (kind, "")
    assert event.metadata.namespace == ""


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("critical", "Warning"),
        ("Error", "Warning"),
        ("warning", "Warning"),
        ("page", "Warning"),
        ("", "Warning"),
        ("info", "Normal"),
        ("NONE", "Normal"),
    ],
)
def test_a_severity_is_a_level(severity: str, level: str) -> None:
    """One that nobody has named is a Warning."""
    assert level_of(severity) == level
    assert make_alert_event(labels={"severity": severity}).type == level


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"summary": "s", "description": "d", "message": "m"}, "s\nd"),
        ({"message": "m"}, "m"),
        ({"summary": " same ", "description": "same"}, "same"),
        ({"runbook_url": "http://r"}, "container=app, team=b"),
        ({}, "container=app, team=b"),
    ],
)
def test_annotations_make_the_message(annotations: dict[str, str], message: str) -> None:
    """Summary, then description; without any, the labels that nothing else shows."""
    assert make_alert_event(labels={"team": "b", "container": "app"}, annotations=annotations).message == message


def test_times_and_names_are_the_alerts() -> None:
    """The reason is the alert's name; it last happened when it began, or ended."""
    event = alert_event(make_alert(lasted=timedelta(minutes=5)))
    assert (event.reason, event.first_timestamp, event.happened_at) == (
        "HighLatency",
        START,
        START + timedelta(minutes=5),
    )
    assert make_alert_event().happened_at == START
    assert (event.version, event.occurrences, event.alert.resolved) == (0, 1, True)
    assert event.metadata.labels == event.alert.labels
