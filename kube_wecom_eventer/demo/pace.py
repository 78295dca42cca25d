"""How fast a robot may be, and what follows if it is faster."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

_WINDOW = timedelta(seconds=60)


class RobotPace:
    """``limit`` messages in any 60 s; a robot that wants more is refused for the time of ``block``."""

    def __init__(self, *, limit: int, block: timedelta) -> None:
        self._limit = limit
        self._block = block
        self._accepted_at: dict[str, deque[datetime]] = {}
        self._blocked_until: dict[str, datetime] = {}

    def allows(self, robot: str, now: datetime) -> bool:
        """Return whether a message is in pace; asking while blocked does not make the block longer."""
        blocked = now < self._blocked_until.get(robot, now)
        accepted = self._accepted_at.get(robot)
        if not blocked and accepted and len(accepted) == self._limit and now - accepted[0] < _WINDOW:
            self._blocked_until[robot] = now + self._block
            blocked = True
        return not blocked

    def count(self, robot: str, now: datetime) -> None:
        """Count a message that was taken."""
        self._accepted_at.setdefault(robot, deque(maxlen=self._limit)).append(now)
