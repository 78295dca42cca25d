"""What came of a call of Apprise's, which returns no more than whether it is content: read from what it logs meanwhile.

Source: smtplib's exceptions and requests', as the library writes them (`Socket Exception: ...`); `error=STATUS` for an
HTTP status; https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1 for the codes of mail servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kube_wecom_eventer.apprise_library import Told
from kube_wecom_eventer.sinks.http_status import by_status
from kube_wecom_eventer.sinks.outcome import Outcome, Verdict

NO_RECEIVER, NOT_NOW = "receiver_refused", "receiver_later"
"""The reasons of outcomes that are one receiver's, not the message's or the destination's."""

_GREYLISTED = 60.0
"""Seconds: a mail server that says "later" seldom means a moment."""

_MAY_HAVE_ARRIVED = "the answer is missing, so it may have arrived; it is sent again"
_SHOWN = 160

_RECEIVER = re.compile(r"\{'?\S*?'?: \((\d{3}), |SMTP recipient .*? was refused: (\d{3}) ")
_SENDER = re.compile(r"\((\d{3}), .*, '[^']*'\)")
_SMTP = re.compile(r"Socket Exception: \((-?\d{1,3}), ")
_HTTP = re.compile(r"\berror=(\d{3})\b")
_SUBMITTING = re.compile(r'^Sending email to ".*" failed\.$')
_PYTHONS = re.compile(r"""(?:\{'[^']*': )?\(?(-?\d{1,3}),? b(['"])(.*?)\2(?:, '[^']*')?\)?\}?""")
_AUTHENTICATION = frozenset({530, 534, 535, 538})
_OF_THE_MESSAGE = frozenset({552, 554})

_FAILURE = re.compile(r"\w*(?:Exception|[Ee]rror)\b")
"""Marks the lines that say why; others say what the library is about to do."""

_TLS = re.compile(r"CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER|SSLError|\[SSL|STARTTLS extension not supported")
_NOT_ASKED = re.compile(
    r"Connection refused|Name or service not known|No address associated|name resolution|getaddrinfo|"
    r"NameResolutionError|NewConnectionError|ConnectTimeout|connect timeout|No route to host|Network is unreachable|"
    r"ProxyError"
)
_UNANSWERED = re.compile(
    r"Read timed out|timed out|Remote end closed|Connection aborted|Connection reset|unexpectedly closed|Broken pipe|"
    r"Not connected|please run connect"
)
_TIMED_OUT = re.compile(r"timed? ?out", re.IGNORECASE)


def outcome_of(told: Told) -> Outcome:
    """Classify what came of a call."""
    if told.accepted:
        return Outcome(verdict=Verdict.ACCEPTED)
    said = "\n".join(told.said)
    for judge in _JUDGES:
        if outcome := judge(said, told.said):
            return outcome
    why = _short(told.warned or said) or "it gives no reason"
    return Outcome(verdict=Verdict.UNKNOWN, reason="apprise_other", detail=f"not accepted: {why}")


def told_somebody(told: Told) -> bool:
    """Return whether a call that failed has reached one of several receivers: each plugin logs whom it has told, and
    a mail's which of its addresses was refused where others were not."""
    return any(line.startswith(("Sent ", "SMTP recipient ")) for line in told.said)


def _by_receiver(said: str, lines: Sequence[str]) -> Outcome | None:
    found = _RECEIVER.search(said)
    if found is None:
        return None
    code, detail = int(found[1] or found[2]), f"the mail server does not take the receiver: {_line_of(found, lines)}"
    if code < 500:
        return Outcome(verdict=Verdict.RETRY, reason=NOT_NOW, detail=detail, wait=_GREYLISTED)
    return Outcome(verdict=Verdict.BROKEN, reason=NO_RECEIVER, detail=detail)


def _by_smtp_code(said: str, lines: Sequence[str]) -> Outcome | None:
    found = _SMTP.search(said)
    if found is None:
        return None
    code, line = int(found[1]), _line_of(found, lines)
    if code in _AUTHENTICATION:
        return Outcome(verdict=Verdict.BROKEN, reason="smtp_auth", detail=f"the mail server refuses the login: {line}")
    if 400 <= code < 500:
        detail = f"the mail server says: later: {line}"
        return Outcome(verdict=Verdict.RETRY, reason="smtp_4xx", detail=detail, wait=_GREYLISTED)
    if _SENDER.search(said):
        return Outcome(
            verdict=Verdict.BROKEN, reason="smtp_5xx", detail=f"the mail server does not take the sender: {line}"
        )
    if code in _OF_THE_MESSAGE and _submitting(lines):
        return Outcome(verdict=Verdict.REFUSED, reason="smtp_5xx", detail=f"the mail server refuses the mail: {line}")
    return Outcome(verdict=Verdict.BROKEN, reason="smtp_5xx", detail=f"the mail server refuses: {line}")


def _by_http_status(said: str, lines: Sequence[str]) -> Outcome | None:
    found = _HTTP.search(said)
    return by_status(int(found[1]), f"HTTP {found[1]}: {_line_of(found, lines)}") if found else None


def _by_connection(said: str, lines: Sequence[str]) -> Outcome | None:
    """Classify what is no answer: whether the message may have arrived decides how soon it is sent again."""
    lines = [line for line in lines if _FAILURE.search(line)]
    early = "submitting email" in said
    said = "\n".join(lines)
    if found := _TLS.search(said):
        detail = f"no secure connection: {_line_of(found, lines)}"
        return Outcome(verdict=Verdict.BROKEN, reason="tls", detail=detail)
    if found := _NOT_ASKED.search(said):
        reason = "timeout" if _TIMED_OUT.search(found[0]) else "network"
        return Outcome(verdict=Verdict.RETRY, reason=reason, detail=f"no connection: {_line_of(found, lines)}")
    found = _UNANSWERED.search(said)
    if found is None:
        return None
    line = _line_of(found, lines)
    if early:
        # It broke before the mail itself was under way.
        reason = "timeout" if _TIMED_OUT.search(found[0]) else "network"
        return Outcome(verdict=Verdict.RETRY, reason=reason, detail=line)
    return Outcome(verdict=Verdict.BROKEN, reason="unanswered", detail=f"{_MAY_HAVE_ARRIVED}: {line}")


_JUDGES: Sequence[Callable[[str, Sequence[str]], Outcome | None]] = (
    _by_receiver,
    _by_smtp_code,
    _by_http_status,
    _by_connection,
)


def _submitting(lines: Sequence[str]) -> bool:
    return any(_SUBMITTING.match(line) for line in lines)


def _line_of(found: re.Match[str], lines: Sequence[str]) -> str:
    """Return the line in which something was found, without what each of them begins with."""
    return _short(next((line for line in lines if found[0] in line), found[0]))


def _short(line: str) -> str:
    """Return a line as a person may read it: without the signs of Python that smtplib's exceptions are written in."""
    text = _PYTHONS.sub(r"\1 \3", " ".join(line.removeprefix("Socket Exception: ").split()))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
