"""Error codes of a chat's API, by their classes, with what each means in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kube_wecom_eventer.sinks.outcome import Outcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """``of``: whose they are. ``classes``: what each code means, by its class; 0 is success. ``blocked``: seconds for
    which whoever was too fast is refused."""

    of: str
    classes: Mapping[Verdict, Mapping[int, str]]
    blocked: float

    def classify(self, errcode: int) -> tuple[Verdict, str]:
        """Return the class of an error code and what it means."""
        if errcode == 0:
            return Verdict.ACCEPTED, ""
        for verdict, codes in self.classes.items():
            if errcode in codes:
                return verdict, codes[errcode]
        return Verdict.UNKNOWN, f"a code that is not in {self.of}'s documentation"

    def outcome(self, errcode: int, errmsg: str) -> Outcome:
        """Return the outcome of an answer. ``errmsg``: what it says in its own words, without secrets."""
        verdict, meaning = self.classify(errcode)
        if verdict is Verdict.ACCEPTED:
            return Outcome(verdict=verdict)
        return Outcome(
            verdict=verdict,
            reason="errcode_other" if verdict is Verdict.UNKNOWN else f"errcode_{errcode}",
            detail=f"errcode {errcode}: {meaning} ({errmsg[:200]})",
            wait=self.blocked if verdict is Verdict.TOO_FAST else 0.0,
        )
