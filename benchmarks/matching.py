"""What an event's match costs with few routes and with many: in this process, for nothing else is to be counted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.setting import FILTERS, sinks_of
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match import EventFilter, Route
from kube_wecom_eventer.notify import Terms
from kube_wecom_eventer.render import LogWording
from kube_wecom_eventer.routing import RouteTable, Way
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink

_NAMESPACES = 990
_REASONS = ("BackOff", "Failed", "Unhealthy", "FailedMount", "FailedScheduling")
_EVENTS = 50_000


def table(routes: Sequence[str]) -> RouteTable:
    """Return a table with a route for each filter."""
    made = RouteTable()
    made.set(
        "",
        [
            Way(
                settings=sink,
                route=Route(name=sink.name, filter=EventFilter(sink.filter), destination="d"),
                identity=f"{number}",
                terms=Terms(route=sink.name, wording=LogWording(), sink=ScriptedSink()),
                merges=True,
            )
            for number, sink in enumerate(sinks_of(routes))
        ],
    )
    return made


def events(namespaces: int) -> list[Event]:
    """Return events of so many namespaces and of all reasons."""
    return [
        make_event(
            reason=_REASONS[number % len(_REASONS)],
            metadata={"name": f"e{number}", "namespace": f"team-{number % namespaces}"},
            involvedObject={"kind": "Pod", "namespace": f"team-{number % namespaces}", "name": f"app-{number}"},
        )
        for number in range(_EVENTS)
    ]


def match_cost(routes: Sequence[str], stream: Sequence[Event]) -> float:
    """Return the microseconds of CPU that a match takes."""
    made = table(routes)
    began = time.process_time()
    for event in stream:
        for _ in made.ways_of(event):
            pass
    return (time.process_time() - began) / len(stream) * 1e6


def many(routes: int) -> list[str]:
    """Return that many filters: the mixed ones, then one for each of as many namespaces."""
    return [*FILTERS, *(f"namespaces=team-{number}&reason=BackOff,Failed" for number in range(routes - len(FILTERS)))]


async def matching(runs: int) -> list[Figure]:
    """Measure ten routes and a thousand, on the same events of as many namespaces as there are routes."""
    stream = events(_NAMESPACES)
    few = [match_cost(many(10), stream) for _ in range(runs)]
    thousand = [match_cost(many(1000), stream) for _ in range(runs)]
    ratio = [more / less for more, less in zip(thousand, few, strict=True)]
    return [
        Figure(name="match of an event, 10 routes", unit="µs", samples=few),
        Figure(name="match of an event, 1,000 routes", unit="µs", samples=thousand),
        Figure(name="1,000 routes over 10 routes", unit="times", samples=ratio, bar=5),
    ]
