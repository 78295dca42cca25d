"""The demo's accounts: what was created, what the filters select, what was told, and how fast.

Owns the counting, and which event a message is about. Knows nothing of how it is shown.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import NamedTuple

from kube_wecom_eventer.demo.records import Happened, Told
from kube_wecom_eventer.demo.robots import Robot
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.wecom import Received

MATCHABLE_LIMIT = 500  # events that a message may still be about
DELAYS_LIMIT = 1_000  # delays of which the median is taken
HELD_BACK = 1.0  # seconds after which a repeat's message was held back; what is told at once takes some hundredths

_TIMES = re.compile(r" ×(\d{1,9})(?!\d)")


def stands_for(received: Received) -> int:
    """How many versions of events a message stands for: the ``×N`` at the end of its first line, else 1."""
    found: list[str] = _TIMES.findall(_first_line(received))
    return int(found[-1]) if found else 1


def _first_line(received: Received) -> str:
    if received.kind == "template_card":
        title = received.body["template_card"].get("main_title") or {}
        return str(title.get("title", "")) if isinstance(title, dict) else ""
    return received.content.partition("\n")[0]


@dataclass(kw_only=True)
class Account:
    """One WeCom group's. ``selected`` and ``told``: versions of events; the rest: messages."""

    selected: int = 0
    told: int = 0
    accepted: int = 0
    refused: int = 0
    accepted_at: deque[datetime] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def waiting(self) -> int:
        """Events that are selected and not told yet; those that are held back as repeats, too."""
        return max(0, self.selected - self.told)


class _Untold(NamedTuple):
    event: Happened
    calm: bool


class Ledger:
    """The accounts of all groups."""

    def __init__(self, robots: Sequence[Robot]) -> None:
        self._robots = robots
        self._untold: deque[_Untold] = deque(maxlen=MATCHABLE_LIMIT)
        self._delays: deque[float] = deque(maxlen=DELAYS_LIMIT)
        self.created = 0
        self.accounts = tuple(Account() for _ in robots)

    def created_event(
        self, event: JsonObject, at: datetime, *, one_of_many: bool = False, calm: bool = True
    ) -> Happened:
        """Book an event; ``calm``: while no fault is played, so that its delay counts."""
        self.created += 1
        group = self.group_of(event)
        happened = Happened.of(event, at=at, group=group, one_of_many=one_of_many)
        if group is not None:
            self.accounts[group].selected += 1
            self._untold.append(_Untold(happened, calm))
        return happened

    def received(self, received: Received) -> Told | None:
        """Book a message; None where it is for no robot of ours."""
        group = next((index for index, robot in enumerate(self._robots) if robot.key == received.key), None)
        if group is None:
            return None
        account = self.accounts[group]
        if not received.accepted:
            account.refused += 1
            return Told(received=received, group=group, stands_for=0, delay=None)
        count = stands_for(received)
        account.accepted += 1
        account.told += count
        account.accepted_at.append(received.at)
        untold = self._take_untold(received) if count == 1 else None
        if untold is None:
            return Told(received=received, group=group, stands_for=count, delay=None)
        delay = (received.at - untold.event.at).total_seconds()
        repeat = untold.calm and untold.event.count > 1 and delay >= HELD_BACK
        if untold.calm and not repeat:
            self._delays.append(delay)
        return Told(received=received, group=group, stands_for=count, delay=delay, repeat=repeat)

    def group_of(self, event: JsonObject) -> int | None:
        """The group whose route takes the event."""
        return next((index for index, robot in enumerate(self._robots) if robot.selects(event)), None)

    @property
    def selected(self) -> int:
        """Events that the filters select."""
        return sum(account.selected for account in self.accounts)

    @property
    def accepted(self) -> int:
        """Messages that the groups show."""
        return sum(account.accepted for account in self.accounts)

    @property
    def refused(self) -> int:
        """Messages that they do not show."""
        return sum(account.refused for account in self.accounts)

    @property
    def told(self) -> int:
        """Events that those messages stand for."""
        return sum(account.told for account in self.accounts)

    @property
    def waiting(self) -> int:
        """Events that are selected and not told yet."""
        return sum(account.waiting for account in self.accounts)

    @property
    def median_delay(self) -> float | None:
        """Seconds from an event to its message, where one is about the other, no fault was played and nothing was held
        back as a repeat; None for none."""
        return median(self._delays) if self._delays else None

    def _take_untold(self, received: Received) -> _Untold | None:
        """The newest event that the message names by its object, which is told with that; None where there is none."""
        text = received.content or str(received.body)  # a card has no content
        for untold in reversed(self._untold):
            event = untold.event
            if event.name and event.name in text and event.reason in text:
                self._untold.remove(untold)
                return untold
        return None
