"""How long to wait between two attempts at a message."""

from __future__ import annotations

import random

from kube_wecom_eventer.sinks import Outcome, Verdict

_PROBE_FIRST, _PROBE_LONGEST = 60.0, 900.0
"""Seconds between attempts at a broken destination."""


class Delays:
    """Of one destination: with jitter; much longer, and growing, while it takes nothing."""

    def __init__(self, *, rng: random.Random) -> None:
        self._rng = rng
        self._probe = _PROBE_FIRST

    def after(self, outcome: Outcome, backoff: float) -> float:
        """Return the seconds to wait after an attempt; 0 where another body is to be tried at once. ``backoff``: the
        most that chance adds, for what passes."""
        if outcome.verdict is Verdict.REFUSED:
            return 0.0
        if outcome.verdict is Verdict.BROKEN and not outcome.costs_nothing:
            probe = self._probe
            self._probe = min(2 * probe, _PROBE_LONGEST)
        else:
            probe = 0.2 + self._rng.uniform(0.0, backoff)
        return max(outcome.wait, probe)

    def recovered(self) -> None:
        """Say that the destination takes messages."""
        self._probe = _PROBE_FIRST
