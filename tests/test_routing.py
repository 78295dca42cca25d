"""Which ways an event meets."""

from __future__ import annotations

from typing import Any

from kube_wecom_eventer.config import FilterSettings, LogTarget, SinkSettings, StyleSettings
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match import EventFilter, Route
from kube_wecom_eventer.notify import Terms
from kube_wecom_eventer.routing import RouteTable, Way
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink


class _Words:
    """Words that no test here reads."""

    def message(self, items: Any) -> Any:
        raise AssertionError

    def after_refusal(self, items: Any, problem: str) -> Any:
        raise AssertionError


def way(name: str, *, namespace: str = "", default: bool = False, **chosen: Any) -> Way:
    """A way that takes all Warnings, or as ``chosen`` says."""
    filter_settings = FilterSettings(**chosen)
    return Way(
        settings=SinkSettings(
            name=name, identity=name, target=LogTarget(), filter=filter_settings, style=StyleSettings()
        ),
        route=Route(name=name, filter=EventFilter(filter_settings), destination="d"),
        identity=name,
        terms=Terms(route=name, wording=_Words(), sink=ScriptedSink()),
        merges=True,
        namespace=namespace,
        default=default,
    )


def of(namespace: str, *, kind: str = "Pod", written_in: str = "") -> Event:
    """An event about an object of a namespace; written there, unless said otherwise."""
    return make_event(
        metadata={"name": "e", "namespace": written_in or namespace},
        involvedObject={"kind": kind, "namespace": namespace, "name": "api-0"},
    )


def names(table: RouteTable, event: Event) -> list[str]:
    """Return the names of the ways that take an event."""
    return [each.route.name for each in table.ways_of(event)]


def table_of(*ways: Way) -> RouteTable:
    """A table with these ways of one source."""
    table = RouteTable()
    table.set("x", ways)
    return table


def test_a_way_of_a_namespace_takes_events_written_there_about_objects_there() -> None:
    """Whatever its filter says, and whoever can write events elsewhere."""
    table = table_of(way("own", namespace="payments"), way("all"))
    assert names(table, of("payments")) == ["all", "own"]
    assert names(table, of("shop")) == ["all"]
    assert names(table, of("payments", written_in="shop")) == ["all"]


def test_a_default_way_takes_what_no_other_takes() -> None:
    """By its own filter, too."""
    table = table_of(
        way("own", namespace="payments"), way("rest", default=True), way("pods", default=True, kinds=frozenset({"Pod"}))
    )
    assert names(table, of("payments")) == ["own"]
    assert names(table, of("shop", kind="Node")) == ["rest"]
    assert names(table, of("shop")) == ["rest", "pods"]


def test_a_source_replaces_just_its_own_ways_and_says_each_change() -> None:
    """Listeners hear of what is new, changed and gone."""
    table = table_of(one := way("one"), two := way("two"))
    table.set("y", [way("three")])
    heard: list[tuple[str, str]] = []
    stop = table.listen(lambda old, new: heard.append((old.route.name if old else "", new.route.name if new else "")))
    table.set("x", [one, changed := way("two")])
    assert heard == [("two", "two")]
    assert table.ways["two"] is changed is not two
    table.set("x", [])
    assert heard[1:] == [("one", ""), ("two", "")]
    stop()
    table.set("y", [])
    assert len(heard) == 3
    assert dict(table.ways) == {}
