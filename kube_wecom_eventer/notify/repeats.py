"""What was told lately: the same object, reason and message are told once in an interval."""

from __future__ import annotations

from collections import OrderedDict

from kube_wecom_eventer.event import Event

REMEMBERED = 20_000
"""Objects with their reason and message; the oldest is forgotten first, and forgetting tells again."""


class Repeats:
    """The memory of one route. ``interval``: seconds; 0 remembers nothing, so that each version is told."""

    def __init__(self, *, interval: float, capacity: int = REMEMBERED) -> None:
        self.interval = interval
        self._capacity = capacity
        self._told_at: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._held: set[tuple[str, int]] = set()

    def due_at(self, event: Event, now: float) -> float | None:
        """Return when a repeated event may be told again; None where it is to be told now, and is remembered.

        Exact text: v12 failing and then v13 failing are two things.
        """
        if self.interval <= 0:
            return None
        about = event.involved_object
        who = about.uid or f"{about.kind}/{about.namespace}/{about.name}"
        # A hash is kept instead of the text: 20,000 messages would be many megabytes.
        key = (who, hash((event.reason, event.message)))
        told_at = self._told_at.get(key)
        if told_at is not None and key in self._held and now >= told_at + self.interval:
            # What was held back was told when its interval ended: another one began then.
            self._held.discard(key)
            told_at = self._told_at[key] = told_at + self.interval
            self._told_at.move_to_end(key)
        if told_at is not None and now - told_at < self.interval:
            self._held.add(key)
            return told_at + self.interval
        self._told_at[key] = now
        self._told_at.move_to_end(key)
        if len(self._told_at) > self._capacity:
            forgotten, _ = self._told_at.popitem(last=False)
            self._held.discard(forgotten)
        return None
