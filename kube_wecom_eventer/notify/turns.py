"""Whose turn it is among the destinations that share a pace: no storm of one keeps the others from being told."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from kube_wecom_eventer.notify.pace import ASK_AGAIN, WINDOW, Pacing

_GRACE = 0.25
"""Seconds that somebody may come late to its turn: a loop that is busy wakes late."""


@dataclass(slots=True)
class _Claim:
    """``number``: how many were made before it. ``until``: it lapses then, for whoever made it has gone."""

    number: int
    until: float


class Turns:
    """Who waits for a slot of one pace, and who had one last. Whoever had none for the longest time comes first."""

    def __init__(self) -> None:
        self._claims: dict[str, _Claim] = {}
        self._served: dict[str, float] = {}
        self._made = 0

    def claim(self, who: str, *, until: float) -> None:
        """Say that ``who`` waits, and asks again at ``until``."""
        if claim := self._claims.get(who):
            claim.until = until + _GRACE
            return
        self._claims[who] = _Claim(self._made, until + _GRACE)
        self._made += 1

    def ahead(self, who: str, now: float) -> int:
        """Return how many others who wait come before ``who``."""
        self._claims = {each: claim for each, claim in self._claims.items() if claim.until >= now or each == who}
        own = self._rank(who)
        return sum(self._rank(each) < own for each in self._claims if each != who)

    def waits(self, who: str, now: float) -> bool:
        """Whether somebody else waits."""
        return any(claim.until >= now for each, claim in self._claims.items() if each != who)

    def served(self, who: str, now: float) -> None:
        """Say that ``who`` has got a slot."""
        self._claims.pop(who, None)
        # What was longer ago than the pace itself remembers makes no difference.
        self._served = {each: at for each, at in self._served.items() if now - at < WINDOW}
        self._served[who] = now

    def _rank(self, who: str) -> tuple[float, int]:
        claim = self._claims.get(who)
        return self._served.get(who, -inf), claim.number if claim else self._made


class InTurn:
    """A pace that ``who`` shares with others. A slot that is free is for whoever is next."""

    def __init__(self, pace: Pacing, *, turns: Turns, who: str) -> None:
        self._pace = pace
        self._turns = turns
        self._who = who

    def delay(self, now: float) -> float:
        """See `Pacing.delay`; who asks is taken to wait."""
        delay = self._pace.delay(now)
        if not delay and self._turns.ahead(self._who, now) >= self._pace.free(now):
            delay = ASK_AGAIN
        self._turns.claim(self._who, until=now + delay)
        return delay

    def free(self, now: float) -> int:
        """See `Pacing.free`; nothing is free at once where others wait."""
        return 0 if self._turns.waits(self._who, now) else self._pace.free(now)

    def start(self, now: float) -> None:
        """See `Pacing.start`."""
        self._turns.served(self._who, now)
        self._pace.start(now)

    def finish(self, now: float) -> None:
        """See `Pacing.finish`."""
        self._pace.finish(now)
