"""At most so many messages in any window of time, counted as the destination may count them."""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Pacing(Protocol):
    """When an attempt may start. Times are seconds on the caller's clock."""

    def delay(self, now: float) -> float:
        """Return the seconds until an attempt may start."""
        ...

    def free(self, now: float) -> int:
        """Return how many attempts may start at once."""
        ...

    def start(self) -> None:
        """Say that an attempt starts."""
        ...

    def finish(self, now: float) -> None:
        """Say that the attempt was answered, or given up."""
        ...


class NoPace:
    """Always at once."""

    def delay(self, now: float) -> float:  # noqa: ARG002 the protocol's
        """Return 0."""
        return 0.0

    def free(self, now: float) -> int:  # noqa: ARG002 the protocol's
        """Return more than anybody asks for."""
        return 1_000_000

    def start(self) -> None:
        """Count nothing."""

    def finish(self, now: float) -> None:
        """Count nothing."""


class Pace:
    """``limit`` messages in any ``window`` seconds; WeCom allows a robot's key 20 in 60.

    A slot is held from the attempt until ``window`` seconds after its answer or timeout: the destination counts a
    message at some moment between the two.
    """

    def __init__(self, *, limit: int = 20, window: float = 60.0) -> None:
        self._limit = limit
        self._window = window
        self._answered: deque[float] = deque(maxlen=limit)
        self._in_flight = 0

    def delay(self, now: float) -> float:
        """Return the seconds until an attempt may start."""
        free = self._limit - self._in_flight
        if free <= 0:
            return self._window
        if len(self._answered) < free:
            return 0.0
        return max(0.0, self._answered[-free] + self._window - now)

    def free(self, now: float) -> int:
        """Return how many attempts may start at once."""
        held = sum(1 for answered in self._answered if answered + self._window > now)
        return max(0, self._limit - self._in_flight - held)

    def start(self) -> None:
        """Take a slot for an attempt."""
        self._in_flight += 1

    def finish(self, now: float) -> None:
        """Say that the attempt was answered, or given up."""
        self._in_flight -= 1
        self._answered.append(now)
