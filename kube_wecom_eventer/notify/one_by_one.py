"""What waits for a destination that gets a request for each event: in order, nothing merged, nothing held back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.notify.batch import Batch
from kube_wecom_eventer.notify.notification import Notification, Terms
from kube_wecom_eventer.notify.pending import Left
from kube_wecom_eventer.notify.versions import Versions
from kube_wecom_eventer.render import Merged

CAPACITY = 10_000
"""Events that may wait; a newer one is dropped and counted as ``overflow``."""


class OneByOne:
    """See `Pending`."""

    merges = False

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._queue: deque[Notification] = deque()

    @property
    def events(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def full(self) -> bool:
        """See `Pending.full`."""
        return len(self._queue) >= self._capacity

    def oldest(self) -> float | None:
        """See `Pending.oldest`."""
        return self._queue[0].received_at if self._queue else None

    def add(self, notification: Notification, now: float) -> bool:  # noqa: ARG002 the protocol's
        """See `Pending.add`."""
        if self.full:
            return False
        self._queue.append(notification)
        return True

    def release(self, now: float) -> None:
        """Hold nothing back."""

    def ready(self, now: float) -> bool:  # noqa: ARG002 the protocol's
        """Return whether something waits."""
        return bool(self._queue)

    def next_due(self) -> float | None:
        """Return None: nothing is held back."""
        return None

    def take(self, now: float) -> Batch | None:  # noqa: ARG002 the protocol's
        """See `Pending.take`."""
        if not self._queue:
            return None
        first = self._queue.popleft()
        versions = Versions()
        versions.add(first.event)
        return Batch(
            route=first.terms.route,
            wording=first.terms.wording,
            sink=first.terms.sink,
            items=(Merged(first.event, first.count),),
            received_at=first.received_at,
            versions=versions,
        )

    def versions(self) -> Iterator[tuple[str, Versions]]:
        """See `Pending.versions`."""
        routes: dict[str, Versions] = {}
        for notification in self._queue:
            routes.setdefault(notification.terms.route, Versions()).add(notification.event)
        yield from routes.items()

    def alerts(self) -> Iterator[tuple[str, Merged]]:
        """See `Pending.alerts`."""
        for each in self._queue:
            if isinstance(each.event, AlertEvent):
                yield each.terms.route, Merged(each.event, each.count)

    def counts(self) -> Counter[str]:
        """See `Pending.counts`."""
        counts: Counter[str] = Counter()
        for each in self._queue:
            counts[each.terms.route] += each.count
        return counts

    def withdraw(self, route: str) -> Left:
        """See `Pending.withdraw`."""
        left = _Queue([each for each in self._queue if each.terms.route == route])
        self._queue = deque(each for each in self._queue if each.terms.route != route)
        return left

    def take_back(self, terms: Terms, batch: Batch) -> None:
        """See `Pending.take_back`."""
        self._queue.extendleft(
            Notification(item.event, terms, batch.received_at, item.count) for item in reversed(batch.items)
        )

    def adopt(self, terms: Terms, left: Left) -> bool:
        """See `Pending.adopt`."""
        if not isinstance(left, _Queue) or len(self._queue) + len(left.notifications) > self._capacity:
            return left.count == 0
        self._queue.extend(replace(each, terms=terms) for each in left.notifications)
        return True


@dataclass(frozen=True, slots=True)
class _Queue:
    """What waited of a route."""

    notifications: list[Notification]

    @property
    def count(self) -> int:
        """See `Left.count`."""
        return sum(each.count for each in self.notifications)
