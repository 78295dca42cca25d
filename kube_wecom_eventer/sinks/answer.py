"""Reads what a chat's API answers: JSON with an ``errcode``, in an HTTP 200 for errors too."""

from __future__ import annotations

from typing import TypeVar

import httpx
import msgspec

from kube_wecom_eventer.sinks.outcome import Outcome, Verdict
from kube_wecom_eventer.sinks.posting import overloaded, text_of
from kube_wecom_eventer.sinks.redaction import Redaction


class Answer(msgspec.Struct):
    """The part that all answers have."""

    errcode: int
    errmsg: str = ""


AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


def read_answer(
    response: httpx.Response, kind: type[AnyAnswer], *, of: str, redaction: Redaction
) -> AnyAnswer | Outcome:
    """Return the answer; an outcome to try again where it is none ``of`` this API's."""
    if later := overloaded(response):
        return later
    try:
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Clean first: a page may show the URL, and half a key is too much as well.
        start = redaction.clean(text_of(response))[:80]
        detail = f"HTTP {response.status_code}, and no answer of {of}'s: {start!r}"
        return Outcome(verdict=Verdict.RETRY, reason=f"not_{of.lower()}", detail=detail)
