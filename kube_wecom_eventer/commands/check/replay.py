"""The events of a while, played through the routes on a virtual clock: what would each group have got?

The dispatchers are the daemon's own, so merging, repeats and pace are what they would have been; only the sinks are
not: they accept everything and send nothing.
"""

from __future__ import annotations

import asyncio
import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match import Silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, MergingPending, NoPace, OneByOne, Pace, Pacing, notification
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.routing import RouteTable, Way
from kube_wecom_eventer.sinks import Account, Outcome, Verdict
from kube_wecom_eventer.virtual_time import VirtualLoop

_MOST_VERSIONS = 60
"""Of one event that are played: the API server keeps the newest only, with a count."""

_ACCEPTED = Outcome(verdict=Verdict.ACCEPTED)


@dataclass(slots=True)
class Group:
    """What one destination would have got. ``at``: when each message, in seconds of the window, ascending.

    ``events``: versions that a route took, by route; ``reasons``: of these. ``built_in``: messages in our own words.
    """

    ways: list[Way] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    built_in: int = 0
    longest_wait: float = 0.0

    def most_in_a_minute(self) -> int:
        """Return how many messages would have come in the busiest 60 seconds."""
        return max((bisect_left(self.at, start + 60) - first for first, start in enumerate(self.at)), default=0)


@dataclass(slots=True)
class Played:
    """``groups`` by destination. ``nobodys``: versions that no route took, by level, namespace and reason.
    ``silenced``: by route. ``versions``: how many were played."""

    groups: dict[str, Group] = field(default_factory=dict)
    nobodys: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    silenced: Counter[str] = field(default_factory=Counter)
    versions: int = 0


class _Recorder:
    """A sink that accepts everything, and notes when."""

    account: Account | None = None

    def __init__(self, group: Group, started: float) -> None:
        self._group = group
        self._started = started

    async def ready(self) -> None:
        """Be ready."""

    async def send(self, message: Message) -> Outcome:
        """Note the message."""
        self._group.at.append(asyncio.get_running_loop().time() - self._started)
        self._group.built_in += message.built_in
        return _ACCEPTED


class Clock:
    """The wall clock of the window that is played."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """Return the time of day."""
        return self.now


def play(events: Sequence[Event], table: RouteTable, silences: Silences, *, clock: Clock, until: datetime) -> Played:
    """Play the events from the clock's time to ``until``. Not to be called where a loop runs."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_play(events, table, silences, clock=clock, until=until))


async def _play(
    events: Sequence[Event], table: RouteTable, silences: Silences, *, clock: Clock, until: datetime
) -> Played:
    played = Played()
    loop = asyncio.get_running_loop()
    start, began = clock.now, loop.time()
    dispatchers: dict[str, Dispatcher] = {}
    tasks: list[asyncio.Task[None]] = []
    for at, event in _versions(events, start=start, until=until):
        if (delay := began + (at - start).total_seconds() - loop.time()) > 0:
            await asyncio.sleep(delay)
        clock.now = at
        played.versions += 1
        taken = False
        for way in table.ways_of(event):
            taken = True
            if silences.take(event, route=way.route.name):
                played.silenced[way.route.name] += 1
                continue
            name = way.route.destination
            group = played.groups.setdefault(name, Group())
            if name not in dispatchers:
                dispatchers[name] = _dispatcher(name, way, group)
                tasks.append(asyncio.create_task(dispatchers[name].run()))
            if way not in group.ways:
                group.ways.append(way)
            group.events[way.route.name] += 1
            group.reasons[event.reason] += 1
            terms = replace(way.terms, sink=_Recorder(group, began))
            dispatchers[name].offer(notification(event, terms, received_at=loop.time()))
        if not taken:
            played.nobodys[event.type, event.involved_object.namespace, event.reason] += 1
    await asyncio.sleep(max(0.0, began + (until - start).total_seconds() - loop.time()))
    while any(dispatcher.waiting for dispatcher in dispatchers.values()):  # noqa: ASYNC110 the clock is virtual
        await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return played


def _dispatcher(name: str, way: Way, group: Group) -> Dispatcher:
    def told(_route: str, seconds: float) -> None:
        group.longest_wait = max(group.longest_wait, seconds)

    return Dispatcher(
        destination=name,
        pending=MergingPending() if way.merges else OneByOne(),
        metrics=Metrics(),
        pace=_pace(way),
        told=told,
        rng=Random(1),  # noqa: S311 nothing fails, so nothing is drawn
    )


def _pace(way: Way) -> Pacing:
    if not way.merges:
        return NoPace()
    account = way.terms.sink.account
    return Pace(limit=account.limit) if account else Pace()


def _versions(events: Sequence[Event], *, start: datetime, until: datetime) -> Iterator[tuple[datetime, Event]]:
    """Yield each version of the events with its time, in order; of those that are gone the times are evenly spread."""
    return heapq.merge(*(_of_event(event, start, until) for event in events), key=lambda each: each[0])


def _of_event(event: Event, start: datetime, until: datetime) -> list[tuple[datetime, Event]]:
    last = event.happened_at or until
    first = min(event.first_timestamp or last, last)
    count = min(max(1, event.occurrences), _MOST_VERSIONS)
    step = (last - first) / (count - 1) if count > 1 else timedelta()
    times = (first + step * number for number in range(count))
    return [(min(at, until), event) for at in times if at >= start]
