"""Receivers whom accepted messages did not reach: shown as they are now, said once a change."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify.missed import MissedReceivers


def shown(metrics: Metrics, route: str = "sink-1") -> float | None:
    """Return what is exported of a route."""
    return metrics.registry.get_sample_value("kube_wecom_eventer_receivers_missed", {"route": route})


def test_each_change_is_said_and_what_stays_is_not() -> None:
    """A message every few seconds must not fill the log; a route that misses nobody is not exported."""
    metrics = Metrics()
    with capture_logs() as logs:
        missed = MissedReceivers(metrics=metrics, log=structlog.get_logger().bind(destination="d"))
        seen = []
        for receivers in ((), ("lina",), ("lina",), ("lina", "party 2"), (), ()):
            missed.say("sink-1", receivers)
            seen.append(shown(metrics))
    assert seen == [None, 1, 1, 2, 0, 0]
    assert [(line["event"], line.get("receivers")) for line in logs] == [
        ("receivers_missed", ["lina"]),
        ("receivers_missed", ["lina", "party 2"]),
        ("receivers_reached_again", None),
    ]
    assert {(line["route"], line["destination"]) for line in logs} == {("sink-1", "d")}


def test_a_route_that_goes_another_way_begins_anew() -> None:
    """Its next message says whom it did not reach; others are not touched."""
    metrics = Metrics()
    missed = MissedReceivers(metrics=metrics, log=structlog.get_logger())
    with capture_logs() as logs:
        missed.say("sink-1", ("lina",))
        missed.say("sink-2", ("lina",))
        missed.forget("sink-1")
        assert (shown(metrics), shown(metrics, "sink-2")) == (0, 1)
        missed.forget("sink-3")
        assert shown(metrics, "sink-3") is None
        missed.say("sink-1", ("lina",))
    assert [line["route"] for line in logs] == ["sink-1", "sink-2", "sink-1"]
