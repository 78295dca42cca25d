"""Which ways an event meets."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kube_wecom_eventer.config import FilterSettings, LogTarget, SinkSettings, StyleSettings
from kube_wecom_eventer.config.label_selector import parse_label_selector
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match import EventFilter, Route
from kube_wecom_eventer.notify import Terms
from kube_wecom_eventer.routing import REMEMBERED, RouteTable, Way
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


REASONS, NAMESPACES, KINDS = ("BackOff", "Failed", "Unhealthy"), ("payments", "shop", ""), ("Pod", "Node")
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from(("Warning", "Normal")),
        "namespaces": st.frozensets(st.sampled_from(("payments", "shop", "_cluster"))),
        "excluded_namespaces": st.frozensets(st.sampled_from(("payments", "_cluster"))),
        "kinds": st.frozensets(st.sampled_from(KINDS)),
        "reasons": st.sampled_from(((), ("Back",), ("^Failed$", "health"))),
        "excluded_reasons": st.sampled_from(((), ("Off",))),
        "names": st.sampled_from(((), ("-0$",))),
        "messages": st.sampled_from(((), ("v1",))),
        "min_count": st.sampled_from((0, 3)),
    },
)
EVENTS = st.builds(
    make_event,
    type=st.sampled_from(("Warning", "Normal", "")),
    reason=st.sampled_from(REASONS),
    message=st.sampled_from(("v1 fails", "v2 fails")),
    count=st.integers(0, 5),
    metadata=st.fixed_dictionaries({"name": st.just("e"), "namespace": st.sampled_from(NAMESPACES)}),
    involvedObject=st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "namespace": st.sampled_from(NAMESPACES),
            "name": st.sampled_from(("api-0", "api-1")),
        }
    ),
)


@given(filters=st.lists(FILTERS, max_size=6), events=st.lists(EVENTS, min_size=1, max_size=20))
def test_what_is_remembered_of_like_events_decides_as_each_filter_would(
    filters: list[dict[str, Any]], events: list[Event]
) -> None:
    """In the order in which the ways were named, whatever came before."""
    ways = [way(str(number), **chosen) for number, chosen in enumerate(filters)]
    table = table_of(*ways)
    for event in events:
        assert names(table, event) == [each.route.name for each in ways if each.route.takes(event)]


def test_nothing_is_remembered_across_a_change_of_the_ways() -> None:
    """An event of the same traits meets the ways as they are now."""
    table = table_of(way("all"))
    assert names(table, of("shop")) == ["all"]
    table.set("x", [way("other", namespaces=frozenset({"shop"}))])
    assert names(table, of("shop")) == ["other"]


def test_labels_of_a_namespace_are_asked_for_each_event() -> None:
    """They may change between two events that have all else in common."""
    labels: dict[str, str] = {}
    chosen = FilterSettings(namespace_selector=parse_label_selector("team=pay"))
    selecting = way("selecting")
    route = replace(selecting.route, filter=EventFilter(chosen, labels_of=lambda _namespace: labels))
    table = table_of(replace(selecting, route=route))
    assert names(table, of("shop")) == []
    labels["team"] = "pay"
    assert names(table, of("shop")) == ["selecting"]


def test_what_is_remembered_has_a_bound() -> None:
    """Whoever can write events must not fill the memory, with many reasons or with one that is a megabyte long."""
    table = table_of(way("all"))
    event = of("shop")
    names(table, event)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(3 * REMEMBERED):
            assert names(table, structs.replace(event, reason=f"R{number}{'x' * 100}")) == ["all"]
        for number in range(100):
            assert names(table, structs.replace(event, reason=f"R{number}{'x' * 100_000}")) == ["all"]
        assert tracemalloc.get_traced_memory()[0] - before < 4_000_000
    finally:
        tracemalloc.stop()
