"""What was told lately: the same object, reason and message are told once in an interval."""

from __future__ import annotations

from itertools import islice

from kube_wecom_eventer.event import Event

REMEMBERED = 20_000
"""Objects with their reason and message; the oldest is forgotten first, and forgetting tells again."""


class Repeats:
    """The memory of one route. ``interval``: seconds; 0 remembers nothing, so that each version is told."""

    def __init__(self, *, interval: float, capacity: int = REMEMBERED) -> None:
        self.interval = interval
        self._capacity = capacity
        self._told_at: dict[int, float] = {}
        self._held: set[int] = set()
        self._forget_at = 0.0

    def __len__(self) -> int:
        return len(self._told_at)

    def due_at(self, event: Event, now: float) -> float | None:
        """Return when a repeated event may be told again; None where it is to be told now, and is remembered.

        Exact text: v12 failing and then v13 failing are two things.
        """
        if self.interval <= 0:
            return None
        if now >= self._forget_at:
            self._forget_old(now)
        about = event.involved_object
        who = about.uid or f"{about.kind}/{about.namespace}/{about.name}"
        # A hash of 64 bits is kept instead of the texts: those of 20,000 objects would be many megabytes.
        key = hash((who, event.reason, event.message))
        told_at = self._told_at.get(key)
        if told_at is not None and key in self._held and now >= told_at + self.interval:
            # What was held back was told when its interval ended: another one began then.
            self._held.discard(key)
            told_at += self.interval
            self._remember(key, told_at)
        if told_at is not None and now - told_at < self.interval:
            self._held.add(key)
            return told_at + self.interval
        self._remember(key, now)
        return None

    def _forget_old(self, now: float) -> None:
        """Forget, once an interval, what makes no difference any more: with 500 routes it would be a gigabyte in the
        end. What was held back counts for a second interval."""
        self._told_at = {key: at for key, at in self._told_at.items() if at + 2 * self.interval > now}
        self._held &= self._told_at.keys()
        self._forget_at = now + self.interval

    def _remember(self, key: int, told_at: float) -> None:
        """Let it be the newest. A plain dict keeps that order, in half of an OrderedDict's memory."""
        self._told_at.pop(key, None)
        self._told_at[key] = told_at
        if len(self._told_at) > self._capacity:
            # Some at once: to find a dict's first key, it passes over all that stood before it.
            for forgotten in list(islice(self._told_at, 1 + self._capacity // 100)):
                del self._told_at[forgotten]
                self._held.discard(forgotten)
