"""Alerts meet the same filters as events, and some of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.match import EventFilter
from tests.support.alerts import make_alert_event
from tests.support.events import make_event

ALERT = make_alert_event(labels={"team": "b"})
OVER = make_alert_event(lasted=timedelta(minutes=1))
INFO = make_alert_event(labels={"severity": "info"})
PAGE = make_alert_event(labels={"severity": "page"})
NODE = make_alert_event(labels={"deployment": "", "node": "n1"})


def compiled(options: str) -> EventFilter:
    problems: list[str] = []
    sink = parse_sink(f"wecom:?key=k&{options}", number=1, environ={}, problems=problems, warnings=[])
    assert problems == []
    assert sink is not None
    return EventFilter(sink.filter, labels_of=lambda namespace: {"tier": "prod"} if namespace == "payments" else {})


@pytest.mark.parametrize(
    ("options", "alert", "refusal"),
    [
        ("", ALERT, ""),
        ("", INFO, "level"),
        ("level=Normal", INFO, ""),
        ("namespaces=payments", ALERT, ""),
        ("namespaces=shop", ALERT, "namespaces"),
        ("exclude_namespaces=payments", ALERT, "exclude_namespaces"),
        ("namespaces=payments", NODE, "namespaces"),
        ("namespaces=_cluster", NODE, ""),
        ("kinds=Deployment,Pod", ALERT, ""),
        ("kinds=Node", ALERT, "kinds"),
        ("reason=^High", ALERT, ""),
        ("exclude_reason=Latency", ALERT, "exclude_reason"),
        ("name=^checkout$", ALERT, ""),
        ("name=cart", ALERT, "name"),
        ("message=p99", ALERT, ""),
        ("message=disk", ALERT, "message"),
        ("min_count=5", ALERT, ""),
        ("namespace_selector=tier=prod", ALERT, ""),
        ("namespace_selector=tier=test", ALERT, "namespace_selector"),
        ("sources=alerts", ALERT, ""),
        ("sources=events", ALERT, "sources"),
        ("send_resolved=false", OVER, "send_resolved"),
        ("send_resolved=false", ALERT, ""),
        ('labels=severity="critical",team=~"a|b"', ALERT, ""),
        ('labels=severity="critical"&labels=team="c"', ALERT, "labels"),
        ("labels=nope!=x", ALERT, ""),
        ("severity_map=page:Normal", PAGE, "level"),
        ("severity_map=page:Warning,INFO:Warning", INFO, ""),
        ("severity_map=critical:Normal&level=Normal", ALERT, ""),
    ],
)
def test_a_condition_holds_or_says_that_it_does_not(options: str, alert: object, refusal: str) -> None:
    """Each by the name of its parameter."""
    assert compiled(options).refusal(alert) == refusal  # type: ignore[arg-type]


def test_events_have_sources_and_labels_too() -> None:
    """Their labels are those of the event object, which are empty as a rule."""
    labelled = make_event(metadata={"name": "e", "namespace": "payments", "labels": {"team": "b"}})
    assert compiled("sources=alerts").refusal(make_event()) == "sources"
    assert compiled("sources=events").takes(make_event())
    assert compiled("labels=team=b").refusal(make_event()) == "labels"
    assert compiled("labels=team=b").takes(labelled)
    assert compiled("send_resolved=false").takes(make_event())


def test_a_route_sees_an_alert_at_its_own_level() -> None:
    """So that its sign and colour are what severity_map says."""
    assert compiled("severity_map=critical:Normal").seen(ALERT).type == "Normal"
    assert compiled("severity_map=page:Normal").seen(ALERT) is ALERT
    assert compiled("").seen(INFO) is INFO
    event = make_event()
    assert compiled("severity_map=critical:Normal").seen(event) is event
