"""What waits to be told: events of one destination, like ones merged, by route.

Memory depends on the number of groups, which has a cap, not on the number of events.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Protocol

from msgspec import structs

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event, ObjectReference
from kube_wecom_eventer.notify.batch import Batch
from kube_wecom_eventer.notify.likeness import Likeness, likeness, owner_name
from kube_wecom_eventer.notify.notification import Notification, Terms
from kube_wecom_eventer.notify.repeats import Repeats
from kube_wecom_eventer.notify.versions import Versions
from kube_wecom_eventer.render import Merged

MAX_GROUPS = 2000
"""Groups that may wait for one destination; beyond them events are summed by namespace and reason."""

MAX_SUMS = 200
"""Sums by namespace and reason beyond those groups; whoever can write events can make up reasons without end."""


@dataclass(slots=True)
class _Group:
    event: Event
    count: int
    received_at: float
    several: bool = False


@dataclass(slots=True)
class _Held:
    """A group that is held back as a repeat until ``due_at``."""

    group: _Group
    due_at: float
    versions: Versions


@dataclass(slots=True)
class Waiting:
    """What waits of one route: groups in the order of first arrival, tellable from ``ready_at`` on; what is held
    back."""

    terms: Terms
    repeats: Repeats
    groups: OrderedDict[Likeness, _Group] = field(default_factory=OrderedDict)
    versions: Versions = field(default_factory=Versions)
    ready_at: float = 0.0
    held: dict[Likeness, _Held] = field(default_factory=dict)

    def take(self) -> tuple[OrderedDict[Likeness, _Group], Versions]:
        """Take out what the next message tells: events and alerts are told apart, the first to come first."""
        of_alerts = isinstance(next(iter(self.groups.values())).event, AlertEvent)
        taken: OrderedDict[Likeness, _Group] = OrderedDict()
        left: OrderedDict[Likeness, _Group] = OrderedDict()
        for key, group in self.groups.items():
            (taken if isinstance(group.event, AlertEvent) is of_alerts else left)[key] = group
        self.groups = left
        if of_alerts:
            return taken, Versions()
        versions, self.versions = self.versions, Versions()
        return taken, versions

    @property
    def count(self) -> int:
        """How many versions wait or are held back."""
        waiting = sum(group.count for group in self.groups.values())
        return waiting + sum(held.group.count for held in self.held.values())


class Left(Protocol):
    """What waited of a route, on its way to another place to wait in."""

    @property
    def count(self) -> int:
        """How many versions waited or were held back."""
        ...


class Nothing:
    """Nothing waited."""

    count = 0


class Pending(Protocol):
    """The waiting events of one destination. Times are seconds on the loop's clock."""

    @property
    def merges(self) -> bool:
        """Whether events are merged here."""
        ...

    @property
    def events(self) -> int:
        """How many versions of events wait."""
        ...

    @property
    def full(self) -> bool:
        """Whether there is no room for another one."""
        ...

    def oldest(self) -> float | None:
        """Return when the oldest of them came; None where none waits."""
        ...

    def add(self, notification: Notification, now: float) -> bool:
        """Take a notification; False where there is no room for it."""
        ...

    def release(self, now: float) -> None:
        """Let what was held back long enough wait to be told."""
        ...

    def ready(self, now: float) -> bool:
        """Return whether something may be told now."""
        ...

    def next_due(self) -> float | None:
        """Return when something that may not be told yet, or is held back, will be due; None where nothing is."""
        ...

    def take(self, now: float) -> Batch | None:
        """Take what the next message tells; None where nothing may be told yet."""
        ...

    def versions(self) -> Iterator[tuple[str, Versions]]:
        """Yield routes with versions that wait there, or are held back; a route may come more than once."""
        ...

    def alerts(self) -> Iterator[tuple[str, Merged]]:
        """Yield routes with the alerts that wait there: no API server keeps those."""
        ...

    def counts(self) -> Counter[str]:
        """Return how many versions wait, or are held back, by route."""
        ...

    def withdraw(self, route: str) -> Left:
        """Give up what waits of a route and is held back."""
        ...

    def take_back(self, terms: Terms, batch: Batch) -> None:
        """Let a batch wait again, before all else of its route."""
        ...

    def adopt(self, terms: Terms, left: Left) -> bool:
        """Take what a route's pending events, of whatever destination, have given up; False where that can't be."""
        ...


class MergingPending:
    """For chats: like events become one line, repeats are held back, routes take turns."""

    merges = True
    full = False

    def __init__(self, *, max_groups: int = MAX_GROUPS) -> None:
        self._max_groups = max_groups
        self._routes: OrderedDict[str, Waiting] = OrderedDict()
        self.events = 0

    @property
    def groups(self) -> int:
        """How many groups wait or are held back."""
        return sum(len(waiting.groups) + len(waiting.held) for waiting in self._routes.values())

    def oldest(self) -> float | None:
        """See `Pending.oldest`."""
        groups = (group for waiting in self._routes.values() for group in waiting.groups.values())
        return min((group.received_at for group in groups), default=None)

    def add(self, notification: Notification, now: float) -> bool:
        """Merge a notification with its like, hold it back as a repeat, or let it wait; there is always room."""
        waiting = self._routes.get(notification.terms.route)
        if waiting is None:
            terms = notification.terms
            waiting = self._routes[terms.route] = Waiting(terms, Repeats(interval=terms.repeat_interval))
        event = notification.event
        key = likeness(event)
        group = _Group(event, notification.count, notification.received_at, notification.several)
        # An alert comes when it has changed; whoever takes alerts remembers which ones were told.
        due_at = None if isinstance(event, AlertEvent) else waiting.repeats.due_at(event, now)
        if due_at is not None and key not in waiting.groups and self._hold(waiting, key, notification, due_at):
            return True
        waiting.versions.add(event)
        self._wait(waiting, key, group, now)
        return True

    def release(self, now: float) -> None:
        """See `Pending.release`."""
        for waiting in self._routes.values():
            for key in [key for key, held in waiting.held.items() if held.due_at <= now]:
                held = waiting.held.pop(key)
                # Its age counts from here: a long interval must not make it too old before it was tried.
                held.group.received_at = max(held.group.received_at, min(now, held.due_at) if now < inf else 0.0)
                waiting.versions.update(held.versions)
                self._wait(waiting, key, held.group, held.due_at)

    def ready(self, now: float) -> bool:
        """See `Pending.ready`."""
        return any(waiting.groups and waiting.ready_at <= now for waiting in self._routes.values())

    def next_due(self) -> float | None:
        """See `Pending.next_due`."""
        held = (each.due_at for waiting in self._routes.values() for each in waiting.held.values())
        ready = (waiting.ready_at for waiting in self._routes.values() if waiting.groups)
        return min(chain(held, ready), default=None)

    def take(self, now: float) -> Batch | None:
        """Take all that waits of one route, its events or its alerts: routes take turns."""
        for name, waiting in list(self._routes.items()):
            if not waiting.groups or waiting.ready_at > now:
                continue
            self._routes.move_to_end(name)
            groups, versions = waiting.take()
            batch = Batch(
                route=name,
                wording=waiting.terms.wording,
                sink=waiting.terms.sink,
                items=tuple(_shown(key, group) for key, group in groups.items()),
                received_at=min(group.received_at for group in groups.values()),
                versions=versions,
            )
            self.events -= batch.count
            return batch
        return None

    def versions(self) -> Iterator[tuple[str, Versions]]:
        """See `Pending.versions`."""
        for name, waiting in self._routes.items():
            yield name, waiting.versions
            for held in waiting.held.values():
                yield name, held.versions

    def alerts(self) -> Iterator[tuple[str, Merged]]:
        """See `Pending.alerts`."""
        for name, waiting in self._routes.items():
            for key, group in waiting.groups.items():
                if isinstance(group.event, AlertEvent):
                    yield name, _shown(key, group)

    def counts(self) -> Counter[str]:
        """See `Pending.counts`."""
        return Counter({name: count for name, waiting in self._routes.items() if (count := waiting.count)})

    def withdraw(self, route: str) -> Left:
        """See `Pending.withdraw`."""
        waiting = self._routes.pop(route, None)
        if waiting is None:
            return Nothing()
        self.events -= sum(group.count for group in waiting.groups.values())
        return waiting

    def take_back(self, terms: Terms, batch: Batch) -> None:
        """See `Pending.take_back`."""
        waiting = self._routes.get(terms.route)
        if waiting is None:
            waiting = self._routes[terms.route] = Waiting(terms, Repeats(interval=terms.repeat_interval))
        later, waiting.groups = waiting.groups, OrderedDict()
        for item in batch.items:
            key = likeness(item.event)
            if before := waiting.groups.get(key):
                # A sum, which speaks of no object, and an event that does not, either.
                self._merge(before, item.event, item.count)
            else:
                group = _Group(item.event, item.count, batch.received_at, several=bool(item.name))
                waiting.groups[key] = group
        self.events += batch.count
        for key, group in later.items():
            if before := waiting.groups.get(key):
                self._merge(before, group.event, group.count)
            else:
                waiting.groups[key] = group
        waiting.versions.update(batch.versions)
        waiting.ready_at = 0.0

    def adopt(self, terms: Terms, left: Left) -> bool:
        """See `Pending.adopt`."""
        if not isinstance(left, Waiting):
            return left.count == 0
        left.terms = terms
        left.repeats.interval = terms.repeat_interval
        self._routes[terms.route] = left
        self.events += sum(group.count for group in left.groups.values())
        return True

    def _wait(self, waiting: Waiting, key: Likeness, group: _Group, now: float) -> None:
        if key in waiting.held:
            held = waiting.held.pop(key)
            group.count += held.group.count
            waiting.versions.update(held.versions)
        self.events += group.count
        if not waiting.groups:
            waiting.ready_at = now + waiting.terms.group_wait
        if key not in waiting.groups:
            key = self._within_cap(waiting, key)
        if key in waiting.groups:
            self._merge(waiting.groups[key], group.event, group.count)
            if isinstance(group.event, AlertEvent):
                # How it is now shall be said last: fired, over, fired again.
                waiting.groups.move_to_end(key)
        else:
            waiting.groups[key] = group

    def _within_cap(self, waiting: Waiting, key: Likeness) -> Likeness:
        """Return the key under which a new group waits: beyond the cap its sum's, beyond that one for all."""
        groups = self.groups
        if groups < self._max_groups:
            return key
        of_reason: Likeness = (*key[:3], "", "")
        of_all: Likeness = ("", "", key[2], "", "")
        fits = of_reason in waiting.groups or groups < self._max_groups + MAX_SUMS
        return of_reason if fits else of_all

    def _hold(self, waiting: Waiting, key: Likeness, notification: Notification, due_at: float) -> bool:
        """Hold a repeat back; False where there is no room for that."""
        event = notification.event
        held = waiting.held.get(key)
        if held:
            self._merge(held.group, event, 1)
            held.due_at = min(held.due_at, due_at)
        elif self.groups < self._max_groups:
            held = waiting.held[key] = _Held(_Group(event, 1, notification.received_at), due_at, Versions())
        else:
            return False
        held.versions.add(event)
        return True

    @staticmethod
    def _merge(group: _Group, event: Event, count: int) -> None:
        group.several = group.several or group.event.involved_object.name != event.involved_object.name
        group.event = event
        group.count += count


def _shown(key: Likeness, group: _Group) -> Merged:
    """Return what a message says of a group; a sum speaks of no single object."""
    namespace, reason, _, owner, _ = key
    if owner:
        return Merged(group.event, group.count, owner_name(group.event) if group.several else "")
    about = ObjectReference(namespace=namespace)
    event = structs.replace(group.event, involved_object=about, reason=reason or "…", message="")
    return Merged(event, group.count)
