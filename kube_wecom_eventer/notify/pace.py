"""At most so many messages in any window of time, counted as the destination may count them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

WINDOW = 60.0
"""Seconds in which a chat counts messages."""

LIMIT = 20
"""Messages in a window, unless a chat says otherwise: a WeCom robot's."""

UNRECORDED = 5
"""Messages of one account that may leave in a window without a checkpoint that knows of them."""

LONGEST_ATTEMPT = 10.0
"""Seconds: an attempt is given up before."""

ASK_AGAIN = 0.05
"""Seconds after which is asked again what no clock decides."""


class Pacing(Protocol):
    """When an attempt may start. Times are seconds on the caller's clock."""

    def delay(self, now: float) -> float:
        """Return the seconds after which to ask again; 0 where an attempt may start."""
        ...

    def free(self, now: float) -> int:
        """Return how many attempts may start at once."""
        ...

    def start(self, now: float) -> None:
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

    def start(self, now: float) -> None:
        """Count nothing."""

    def finish(self, now: float) -> None:
        """Count nothing."""


class Pace:
    """``limit`` messages in any ``window`` seconds.

    A slot is held from the attempt until ``window`` seconds after its answer or timeout: the destination counts a
    message at some moment between the two. ``answered``: when earlier attempts were, ascending.
    """

    def __init__(self, *, limit: int = LIMIT, window: float = WINDOW, answered: Iterable[float] = ()) -> None:
        self._limit = limit
        self._window = window
        self._answered = deque(answered, maxlen=limit)
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
        return max(0, self._limit - self._in_flight - len(self._held(now)))

    def start(self, now: float) -> None:  # noqa: ARG002 the protocol's
        """Take a slot for an attempt."""
        self._in_flight += 1

    def finish(self, now: float) -> None:
        """Say that the attempt was answered, or given up."""
        self._in_flight -= 1
        self._answered.append(now)

    def attempts(self, now: float) -> list[float]:
        """Return when the attempts that hold a slot were answered, ascending; at the latest, for those under way."""
        return self._held(now) + [now + LONGEST_ATTEMPT] * self._in_flight

    def _held(self, now: float) -> list[float]:
        return [answered for answered in self._answered if answered + self._window > now]


class RecordedPace(Pace):
    """A pace that survives the process, through a checkpoint that knows its attempts.

    Between two writes of the checkpoint at most UNRECORDED attempts start, so that the next process knows how many
    it may have missed. None starts before the first write was tried.
    """

    def __init__(self, *, limit: int = LIMIT, answered: Iterable[float] = ()) -> None:
        super().__init__(limit=limit, answered=answered)
        self._started = 0
        self._recorded = 0
        self._unrecorded: deque[float] = deque(maxlen=UNRECORDED)
        self._allowed: int | None = 0
        self._known = False

    @property
    def started(self) -> int:
        """How many attempts have started; to be given to `recorded` when a checkpoint knows of them."""
        return self._started

    def delay(self, now: float) -> float:
        """See `Pacing.delay`."""
        return super().delay(now) or (0.0 if self._within_record(now) else ASK_AGAIN)

    def free(self, now: float) -> int:
        """See `Pacing.free`."""
        return super().free(now) if self._within_record(now) else 0

    def start(self, now: float) -> None:
        """See `Pacing.start`."""
        super().start(now)
        self._started += 1
        self._unrecorded.append(now)

    def recorded(self, started: int) -> None:
        """Say that a checkpoint with the first ``started`` attempts has been written."""
        self._allowed, self._known = UNRECORDED, True
        self._recorded = started

    def unrecordable(self, *, for_good: bool) -> None:
        """Say that no checkpoint could be written; ``for_good``: there is none to be had.

        Then the pace holds within this process only. Else as many may leave in a window as an unclean start counts.
        """
        if not self._known:
            self._allowed = None if for_good else UNRECORDED

    def _within_record(self, now: float) -> bool:
        if self._allowed is None:
            return True
        if self._started - self._recorded < self._allowed:
            return True
        # While the checkpoint can't be written, an attempt counts for as long as it matters to any window.
        return self._allowed > 0 and self._unrecorded[0] + LONGEST_ATTEMPT + self._window <= now


class Permitted:
    """A pace within a permission that ends: while this process leads. ``until``: when the last attempt may start."""

    def __init__(self, pace: Pacing, *, until: Callable[[], float]) -> None:
        self._pace = pace
        self._until = until

    def delay(self, now: float) -> float:
        """See `Pacing.delay`."""
        return self._pace.delay(now) or (0.0 if now <= self._until() else ASK_AGAIN)

    def free(self, now: float) -> int:
        """See `Pacing.free`."""
        return self._pace.free(now)

    def start(self, now: float) -> None:
        """See `Pacing.start`."""
        self._pace.start(now)

    def finish(self, now: float) -> None:
        """See `Pacing.finish`."""
        self._pace.finish(now)
