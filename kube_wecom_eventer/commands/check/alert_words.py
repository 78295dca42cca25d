"""Templates of alerts, tried on two of our own: there is no API server that has kept alerts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert, AlertEvent, AlertGroup, alert_event
from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.render import Merged, Templates
from kube_wecom_eventer.routing import Way


def check_alert_templates(ways: Iterable[Way], templates: Templates, report: Report, *, now: datetime) -> None:
    """Render the template of alerts of each route that has one, with an alert that fires and one that is over."""
    for way in ways:
        if not way.template or templates.alerts.get(way.template) is None:
            continue
        subject, place = f"{way.route.name} template of alerts", f"ConfigMap {way.template}"
        messages = []
        for item in sample_alerts(now):
            messages.append(way.terms.wording.message([Merged(item)]))
            if problem := templates.alerts.trouble(way.template):
                report.bad(subject, f"{place}: {problem}; the built-in body would be sent")
                break
        else:
            largest = max(len(message.body) for message in messages)
            report.good(subject, f"{place}: renders sample alerts; the largest body has {largest} bytes")


def sample_alerts(now: datetime) -> tuple[AlertEvent, AlertEvent]:
    """Return an alert that fires, and the same when it is over."""
    labels = {
        "alertname": "TestAlert",
        "severity": "critical",
        "namespace": "default",
        "pod": "kube-wecom-eventer-test",
        "instance": "10.0.0.1:8080",
        "job": "kube-wecom-eventer",
    }
    annotations = {
        "summary": "A test from 'kube-wecom-eventer check'. 这是一条测试告警。",
        "description": "Nothing has happened.\n没有发生任何事情。",
        "runbook_url": "https://example.com/runbook",
    }
    group = AlertGroup(receiver="wecom", labels={"alertname": "TestAlert"}, external_url="http://alertmanager:9093")
    began = (now - timedelta(minutes=12)).replace(microsecond=0)

    def alert(status: str, ends_at: datetime | None) -> AlertEvent:
        return alert_event(
            Alert(
                status=status,
                labels=labels,
                annotations=annotations,
                starts_at=began,
                ends_at=ends_at,
                generator_url="http://prometheus:9090/graph",
                group=group,
            )
        )

    return alert(FIRING, None), alert(RESOLVED, now.replace(microsecond=0))
