"""HTTP statuses of services that say by them whether a message was accepted."""

from __future__ import annotations

from kube_wecom_eventer.sinks.outcome import Outcome, Verdict

REFUSED = frozenset({400, 413, 415, 422})
LATER = frozenset({408, 425})
"""A server, or a proxy, that gave up waiting; or that does not trust a request so early."""
BROKEN = frozenset({401, 403, 404, 405, 407, 410})


def by_status(status: int, detail: str) -> Outcome:
    """Return the outcome of an HTTP status that is no success."""
    if status == 429 or status >= 500:
        return Outcome(verdict=Verdict.RETRY, reason="http_429" if status == 429 else "http_5xx", detail=detail)
    if 300 <= status < 400 or status in BROKEN:
        return Outcome(verdict=Verdict.BROKEN, reason=_label(status), detail=detail)
    if status in LATER:
        return Outcome(verdict=Verdict.RETRY, reason=_label(status), detail=detail)
    verdict = Verdict.REFUSED if status in REFUSED else Verdict.UNKNOWN
    return Outcome(verdict=verdict, reason=_label(status), detail=detail)


def _label(status: int) -> str:
    """Return the metric's label: the codes that we know, and one for the rest."""
    return f"http_{status}" if status in REFUSED or status in BROKEN else f"http_{status // 100}xx"
