"""Alerts for tests: as Alertmanager and Prometheus post them, and as the daemon knows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert, AlertEvent, AlertGroup, alert_event

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
LABELS = {"alertname": "HighLatency", "severity": "critical", "namespace": "payments", "deployment": "checkout"}
ANNOTATIONS = {"summary": "p99 is above 2 s", "description": "p99 of checkout is 2.5 s for 5 minutes"}


def make_alert(
    *, labels: dict[str, str] | None = None, lasted: timedelta | None = None, start: datetime = START, **fields: Any
) -> Alert:
    """Return an alert; ``labels`` add to the usual ones, an empty one takes one away. ``lasted``: it is over."""
    chosen = {name: value for name, value in {**LABELS, **(labels or {})}.items() if value}
    return Alert(
        status=FIRING if lasted is None else RESOLVED,
        labels=chosen,
        annotations=fields.pop("annotations", ANNOTATIONS),
        starts_at=start,
        ends_at=None if lasted is None else start + lasted,
        group=fields.pop("group", AlertGroup()),
        **fields,
    )


def make_alert_event(**changes: Any) -> AlertEvent:
    """Return the same as an event."""
    return alert_event(make_alert(**changes))


def written(alert: Alert) -> dict[str, Any]:
    """Return an alert as Alertmanager's webhook has it."""
    return {
        "status": alert.status,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": alert.starts_at.isoformat().replace("+00:00", "Z"),
        "endsAt": alert.ends_at.isoformat().replace("+00:00", "Z") if alert.ends_at else "0001-01-01T00:00:00Z",
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint or "a4c6c4f7a49ca0ae",
    }


def webhook(*alerts: Alert, **changes: Any) -> dict[str, Any]:
    """Return the body of Alertmanager's webhook, version 4; ``changes`` replace its fields."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
        "receiver": "wecom",
        "status": RESOLVED if all(alert.resolved for alert in alerts) else FIRING,
        "alerts": [written(alert) for alert in alerts],
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        **changes,
    }


def listed(*alerts: Alert, until: datetime | None = None) -> list[dict[str, Any]]:
    """Return the body that Prometheus posts: no status, and for what fires an end that lies ahead."""
    body = [written(alert) for alert in alerts]
    for each, alert in zip(body, alerts, strict=True):
        del each["status"], each["fingerprint"]
        if not alert.resolved and until:
            each["endsAt"] = until.isoformat().replace("+00:00", "Z")
    return body
