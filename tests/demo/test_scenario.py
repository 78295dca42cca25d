"""The demo's events look as the real components write them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import msgspec

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.scenario import Scenario
from kube_wecom_eventer.demo.store import ObjectStore
from kube_wecom_eventer.event import Event

NOW = datetime(2026, 3, 8, 11, 15, 47, 123456, tzinfo=UTC)


def scenario(seed: int) -> Scenario:
    """A scenario at a standing clock."""
    return Scenario(random=Random(seed), clock=lambda: NOW)


def test_a_seed_plays_the_same_day_again() -> None:
    """Two scenarios of one seed give the same events."""
    first, second = scenario(7), scenario(7)

    assert [first.next_event() for _ in range(100)] == [second.next_event() for _ in range(100)]


def test_every_event_is_one_that_the_api_server_takes() -> None:
    """Names, namespaces and times are valid, and all are read as our Event."""
    app = ApiServer(store=ObjectStore(clock=lambda: NOW, random=Random(1)), random=Random(2))
    day = scenario(1)

    for _ in range(500):
        event = day.next_event()
        stored = app.create_event(event)
        namespace = event["involvedObject"].get("namespace", "default")
        assert stored["metadata"]["namespace"] == namespace
        assert msgspec.convert(stored, Event).happened_at is not None


def test_a_day_has_all_kinds_of_events() -> None:
    """Both levels, Nodes, the scheduler's form, repeats, and texts that are hard to put into JSON."""
    day = scenario(1)
    events = [day.next_event() for _ in range(600)]

    levels = Counter(event["type"] for event in events)
    assert min(levels["Warning"], levels["Normal"]) > 100
    assert {"Pod", "Node", "ReplicaSet"} == {event["involvedObject"]["kind"] for event in events}
    scheduled = [event for event in events if event["reportingComponent"] == "default-scheduler"]
    assert {(event["firstTimestamp"], event["eventTime"]) for event in scheduled} == {
        (None, "2026-03-08T11:15:47.123456Z")
    }
    assert any(event.get("series", {}).get("count", 0) > 1 for event in scheduled)
    assert any(event.get("count", 0) > 2 for event in events)
    texts = "".join(event["message"] for event in events)
    assert all(character in texts for character in '"\n\\{}数')


def test_a_burst_is_one_deployment() -> None:
    """A bad rollout is many pods whose names differ in their last part only."""
    names = [event["involvedObject"]["name"] for event in scenario(1).burst(25)]

    assert len(set(names)) == 25
    assert len({name.rpartition("-")[0] for name in names}) == 1


def test_fresh_events_are_of_pods_that_nobody_knows() -> None:
    """Warnings, of the namespace that was asked for, and never a repeat."""
    day = scenario(1)
    events = [day.fresh("search") for _ in range(200)]

    assert {(event["type"], event["involvedObject"]["namespace"]) for event in events} == {("Warning", "search")}
    assert len({event["involvedObject"]["uid"] for event in events}) == 200


def test_a_nasty_event_holds_what_breaks_careless_programs() -> None:
    """Quotes, backslashes, line breaks, NUL, mentions, markup, a template's action and a script."""
    message = scenario(1).nasty()["message"]

    assert all(part in message for part in ('"', "\\", "\n", "\x00", "<@all>", "**", "{{", "<script>", "](javascript:"))


def test_a_crash_loop_is_made_version_by_version() -> None:
    """One event whose count goes up, each version when it is asked for."""
    versions = scenario(1).crash_loop(3)

    assert [next(versions)["count"], *(event["count"] for event in versions)] == [1, 2, 3]
