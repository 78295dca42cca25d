"""What is wrong with a destination, as the log says it: once a change, at the level that its class deserves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from kube_wecom_eventer.sinks import Outcome, Verdict

_TROUBLES = {
    Verdict.RETRY: "destination_retry",
    Verdict.TOO_FAST: "destination_too_fast",
    Verdict.REFUSED: "destination_refused",
    Verdict.UNKNOWN: "destination_unknown",
}
"""The log's events for what passes."""

log = structlog.get_logger()


class Trouble:
    """``text``: what is wrong now; empty where nothing is. ``broken``: the destination takes nothing until somebody
    mends it. ``routes`` and ``waiting`` are asked for what the log names beside it."""

    def __init__(self, *, destination: str, routes: Callable[[], Sequence[str]], waiting: Callable[[], int]) -> None:
        self._log = log.bind(destination=destination)
        self._routes = routes
        self._waiting = waiting
        self._said = ""
        self.text = ""
        self.broken = False

    def take(self, outcome: Outcome) -> None:
        """Hear of an attempt that failed."""
        if outcome.verdict is Verdict.BROKEN:
            self.broken = True
        if outcome.verdict not in (Verdict.REFUSED, Verdict.UNKNOWN):
            self.text = outcome.detail
        # By the reason: WeCom's own words hold a number that differs in each answer.
        if outcome.reason == self._said:
            return
        self._said = outcome.reason
        facts = {"routes": self._routes(), "detail": outcome.detail, "waiting": self._waiting()}
        if outcome.verdict is Verdict.BROKEN:
            self._log.error("destination_broken", **facts)
        else:
            self._log.warning(_TROUBLES[outcome.verdict], **facts)

    def over(self) -> None:
        """Hear that the destination takes messages."""
        if self.text:
            self._log.info("destination_recovered")
        self.text, self.broken, self._said = "", False, ""
