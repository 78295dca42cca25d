"""What waits to be told: events of one destination, like ones merged, by route.

Memory depends on the number of groups, which has a cap, not on the number of events.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Protocol

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.notify.likeness import Likeness, likeness, owner_name
from kube_wecom_eventer.notify.notification import Notification
from kube_wecom_eventer.notify.repeats import Repeats
from kube_wecom_eventer.render import Merged, Wording
from kube_wecom_eventer.sinks import Sink

CAPACITY = 10_000
"""Events that may wait one by one; a newer one is dropped and counted as ``overflow``."""

MAX_GROUPS = 2000
"""Groups that may wait for one destination; beyond them events are summed by namespace and reason."""

MAX_SUMS = 200
"""Sums by namespace and reason beyond those groups; whoever can write events can make up reasons without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one message tells: events of one route. ``received_at``: when the oldest of them was read."""

    route: str
    wording: Wording
    sink: Sink
    items: tuple[Merged, ...]
    received_at: float

    @property
    def count(self) -> int:
        """How many versions of events it stands for."""
        return sum(item.count for item in self.items)


@dataclass(slots=True)
class _Group:
    event: Event
    count: int
    received_at: float
    several: bool = False


@dataclass(slots=True)
class _Waiting:
    """What waits of one route, in the order of first arrival; what is held back, with the time when that ends."""

    wording: Wording
    sink: Sink
    repeats: Repeats
    groups: OrderedDict[Likeness, _Group] = field(default_factory=OrderedDict)
    held: dict[Likeness, tuple[_Group, float]] = field(default_factory=dict)


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

    def add(self, notification: Notification, now: float) -> bool:
        """Take a notification; False where there is no room for it."""
        ...

    def release(self, now: float) -> None:
        """Let what was held back long enough wait to be told."""
        ...

    def next_release(self) -> float | None:
        """Return when something held back is due; None where nothing is."""
        ...

    def take(self) -> Batch | None:
        """Take what the next message tells; None where nothing waits."""
        ...


class OneByOne:
    """For destinations that get a request for each event: in order, nothing merged, nothing held back."""

    merges = False

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._queue: deque[Notification] = deque()

    @property
    def events(self) -> int:
        """How many wait."""
        return len(self._queue)

    def add(self, notification: Notification, now: float) -> bool:  # noqa: ARG002 the protocol's
        """See `Pending.add`."""
        if len(self._queue) >= self._capacity:
            return False
        self._queue.append(notification)
        return True

    def release(self, now: float) -> None:
        """Hold nothing back."""

    def next_release(self) -> float | None:
        """Return None: nothing is held back."""
        return None

    def take(self) -> Batch | None:
        """See `Pending.take`."""
        if not self._queue:
            return None
        first = self._queue.popleft()
        return Batch(
            route=first.route,
            wording=first.wording,
            sink=first.sink,
            items=(Merged(first.event),),
            received_at=first.received_at,
        )


class MergingPending:
    """For chats: like events become one line, repeats are held back, routes take turns."""

    merges = True

    def __init__(self, *, max_groups: int = MAX_GROUPS) -> None:
        self._max_groups = max_groups
        self._routes: OrderedDict[str, _Waiting] = OrderedDict()
        self.events = 0

    @property
    def groups(self) -> int:
        """How many groups wait or are held back."""
        return sum(len(waiting.groups) + len(waiting.held) for waiting in self._routes.values())

    def add(self, notification: Notification, now: float) -> bool:
        """Merge a notification with its like, hold it back as a repeat, or let it wait; there is always room."""
        waiting = self._routes.get(notification.route)
        if waiting is None:
            repeats = Repeats(interval=notification.repeat_interval)
            waiting = _Waiting(notification.wording, notification.sink, repeats)
            self._routes[notification.route] = waiting
        event = notification.event
        key = likeness(event)
        due_at = waiting.repeats.due_at(event, now)
        if key in waiting.groups:
            self._merge(waiting.groups[key], event, 1)
            self.events += 1
        elif due_at is None:
            self._wait(waiting, key, _Group(event, 1, notification.received_at))
        else:
            self._hold(waiting, key, event, notification.received_at, due_at)
        return True

    def release(self, now: float) -> None:
        """See `Pending.release`."""
        for waiting in self._routes.values():
            for key in [key for key, (_, due_at) in waiting.held.items() if due_at <= now]:
                group, due_at = waiting.held.pop(key)
                # Its age counts from here: a long interval must not make it too old before it was tried.
                group.received_at = min(now, due_at)
                self._wait(waiting, key, group)

    def next_release(self) -> float | None:
        """See `Pending.next_release`."""
        return min((due for waiting in self._routes.values() for _, due in waiting.held.values()), default=None)

    def take(self) -> Batch | None:
        """Take all that waits of one route: routes take turns."""
        for name in list(self._routes):
            waiting = self._routes[name]
            self._routes.move_to_end(name)
            if waiting.groups:
                groups = list(waiting.groups.values())
                waiting.groups.clear()
                batch = Batch(
                    route=name,
                    wording=waiting.wording,
                    sink=waiting.sink,
                    items=tuple(
                        Merged(group.event, group.count, owner_name(group.event) if group.several else "")
                        for group in groups
                    ),
                    received_at=min(group.received_at for group in groups),
                )
                self.events -= batch.count
                return batch
        return None

    def _wait(self, waiting: _Waiting, key: Likeness, group: _Group) -> None:
        if key in waiting.held:
            held, _ = waiting.held.pop(key)
            group.count += held.count
        self.events += group.count
        if self.groups >= self._max_groups + MAX_SUMS:
            key = ("", "", "", "")
        elif self.groups >= self._max_groups:
            key = (key[0], key[1], "", "")
        if key in waiting.groups:
            self._merge(waiting.groups[key], group.event, group.count)
        else:
            waiting.groups[key] = group

    def _hold(self, waiting: _Waiting, key: Likeness, event: Event, received_at: float, due_at: float) -> None:
        if key in waiting.held:
            group, first_due = waiting.held[key]
            self._merge(group, event, 1)
            waiting.held[key] = (group, min(first_due, due_at))
        elif self.groups >= self._max_groups:
            self._wait(waiting, key, _Group(event, 1, received_at))
        else:
            waiting.held[key] = (_Group(event, 1, received_at), due_at)

    @staticmethod
    def _merge(group: _Group, event: Event, count: int) -> None:
        group.several = group.several or group.event.involved_object.name != event.involved_object.name
        group.event = event
        group.count += count
