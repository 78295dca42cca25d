"""What waits for a destination that gets a request for each event: in order, nothing merged, nothing held back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from kube_wecom_eventer.notify.batch import Batch
from kube_wecom_eventer.notify.notification import Notification
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

    def add(self, notification: Notification, now: float) -> bool:  # noqa: ARG002 the protocol's
        """See `Pending.add`."""
        if len(self._queue) >= self._capacity:
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
            route=first.route,
            wording=first.wording,
            sink=first.sink,
            items=(Merged(first.event),),
            received_at=first.received_at,
            versions=versions,
        )

    def versions(self) -> Iterator[tuple[str, Versions]]:
        """See `Pending.versions`."""
        routes: dict[str, Versions] = {}
        for notification in self._queue:
            routes.setdefault(notification.route, Versions()).add(notification.event)
        yield from routes.items()
