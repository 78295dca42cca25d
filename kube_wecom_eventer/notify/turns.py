"""Whose turn it is among the destinations that share a pace: no storm of one keeps the others from being told."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from kube_wecom_eventer.notify.pace import ASK_AGAIN, WINDOW, Pacing

_GRACE = 0.25
"""Seconds that somebody may come late to its turn: a loop that is busy wakes late."""


@dataclass(slots=True)
class _Claim:
    """``since``: when it was first made. ``until``: it lapses then, for whoever made it has gone."""

    since: float
    until: float


class Turns:
    """Who waits for a slot of one pace, and who had one last. Whoever had none for the longest time comes first."""

    def __init__(self) -> None:
        self._claims: dict[str, _Claim] = {}
        self._served: dict[str, float] = {}

    def claim(self, who: str, now: float, *, until: float) -> None:
        """Say that ``who`` waits, and asks again at ``until``."""
        since = self._claims[who].since if who in self._claims else now
        self._claims[who] = _Claim(since, until + _GRACE)

    def ahead(self, who: str, now: float) -> int:
        """Return how many others who wait come before ``who``."""
        self._claims = {each: claim for each, claim in self._claims.items() if claim.until >= now or each == who}
        own = self._rank(who, now)
        return sum(self._rank(each, now) < own for each in self._claims if each != who)

    def waits(self, who: str, now: float) -> bool:
        """Whether somebody else waits."""
        return any(claim.until >= now for each, claim in self._claims.items() if each != who)

    def served(self, who: str, now: float) -> None:
        """Say that ``who`` has got a slot."""
        self._claims.pop(who, None)
        # What was longer ago than the pace itself remembers makes no difference.
        self._served = {each: at for each, at in self._served.items() if now - at < WINDOW}
        self._served[who] = now

    def _rank(self, who: str, now: float) -> tuple[float, float]:
        claim = self._claims.get(who)
        return self._served.get(who, -inf), claim.since if claim else now


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
        self._turns.claim(self._who, now, until=now + delay)
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
