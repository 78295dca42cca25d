"""What the library logs, classified: the lines are its own, as real servers made it write them."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.apprise_library import Told
from kube_wecom_eventer.sinks import Verdict
from kube_wecom_eventer.sinks.apprise_answers import outcome_of, told_somebody

POOL = "HTTPSConnectionPool(host='***', port=443): "
TRYING = "A Connection error occurred sending Slack notification."
SUBMITTING = 'Connection error while submitting email to "***"'
SSL = "Securing connection with SSL..."
SENDING = 'Sending email to "***" failed.'

CASES = [
    (("Failed to send Slack notification: Forbidden, error=403.",), Verdict.BROKEN, "http_403"),
    (("Failed to send to room #x, Server Error, error=500.", "Response: error=404"), Verdict.RETRY, "http_5xx"),
    ((TRYING, f"Socket Exception: {POOL}Read timed out. (read timeout=20.0)"), Verdict.BROKEN, "unanswered"),
    (
        (TRYING, f"Socket Exception: {POOL}Max retries exceeded with url: *** (Caused by ConnectTimeoutError(..., "
                 "'Connection to *** timed out. (connect timeout=5.0)'))"),
        Verdict.RETRY, "timeout",
    ),
    (
        (TRYING, f"Socket Exception: {POOL}Max retries exceeded with url: *** (Caused by NameResolutionError(...: "
                 "Failed to resolve '***' ([Errno -2] Name or service not known)))"),
        Verdict.RETRY, "network",
    ),
    (
        (TRYING, "Socket Exception: ('Connection aborted.', RemoteDisconnected('Remote end closed'))"),
        Verdict.BROKEN, "unanswered",
    ),
    (
        (TRYING, f"Socket Exception: {POOL}Max retries exceeded with url: *** (Caused by SSLError("
                 "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')))"),
        Verdict.BROKEN, "tls",
    ),
    ((SSL, SUBMITTING, "Socket Exception: [Errno 111] Connection refused"), Verdict.RETRY, "network"),
    ((SSL, SUBMITTING, "Socket Exception: timed out"), Verdict.RETRY, "timeout"),
    ((SUBMITTING, "Socket Exception: [Errno -3] Temporary failure in name resolution"), Verdict.RETRY, "network"),
    ((SSL, SUBMITTING, "Socket Exception: [SSL: WRONG_VERSION_NUMBER] wrong (_ssl.c:1)"), Verdict.BROKEN, "tls"),
    ((SUBMITTING, "Socket Exception: STARTTLS extension not supported by server."), Verdict.BROKEN, "tls"),
    ((SUBMITTING, "Socket Exception: (535, b'5.7.8 Error: authentication failed')"), Verdict.BROKEN, "smtp_auth"),
    ((SUBMITTING, "Socket Exception: (421, b'4.7.0 too many connections')"), Verdict.RETRY, "smtp_4xx"),
    ((SUBMITTING, "Socket Exception: (554, b'5.7.1 your address is blocked')"), Verdict.BROKEN, "smtp_5xx"),
    (("Socket Exception: (554, b'5.7.1 spam')", SENDING), Verdict.REFUSED, "smtp_5xx"),
    (("Socket Exception: (553, b'5.7.1 not yours', 'eventer@example.com')", SENDING), Verdict.BROKEN, "smtp_5xx"),
    (("Socket Exception: {'***': (550, b'5.1.1 no such user')}", SENDING), Verdict.BROKEN, "receiver_refused"),
    (("Socket Exception: {'***': (450, b'4.2.0 greylisted')}", SENDING), Verdict.RETRY, "receiver_later"),
    (("SMTP recipient *** was refused: 550 b'5.1.1 no such user'", SENDING), Verdict.BROKEN, "receiver_refused"),
    (("Socket Exception: Connection unexpectedly closed: timed out", SENDING), Verdict.BROKEN, "unanswered"),
    (("Socket Exception: timed out", SENDING), Verdict.BROKEN, "unanswered"),
    (("Feishu rejected our notification: code=19001 msg=bad",), Verdict.UNKNOWN, "apprise_other"),
    ((), Verdict.UNKNOWN, "apprise_other"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "verdict", "reason"), CASES)
def test_a_failure_is_classified(said: tuple[str, ...], verdict: Verdict, reason: str) -> None:
    """Whether a message may have arrived decides how soon it is sent again."""
    outcome = outcome_of(Told(accepted=False, said=said))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert outcome.detail


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("Socket Exception: (535, b'5.7.8 wrong')", "the mail server refuses the login: 535 5.7.8 wrong"),
        (
            "Socket Exception: {'***': (550, b\"5.1.1 can't\")}",
            "the mail server does not take the receiver: 550 5.1.1 can't",
        ),
        ("SMTP recipient *** was refused: 450 b'4.2.0 grey'", "SMTP recipient *** was refused: 450 4.2.0 grey"),
        ("Socket Exception: (553, b'5.7.1 no', 'a@b.cc')", "the mail server does not take the sender: 553 5.7.1 no"),
        (
            "Failed to send Slack notification: , error=429.",
            "HTTP 429: Failed to send Slack notification: , error=429.",
        ),
        ("Socket Exception: [Errno 111] Connection refused", "no connection: [Errno 111] Connection refused"),
    ],
)
def test_what_went_wrong_is_said_as_the_server_said_it(said: str, detail: str) -> None:
    """Not as Python writes it."""
    assert outcome_of(Told(accepted=False, said=(said,), warned=said)).detail.endswith(detail)


def test_success_is_what_the_library_says() -> None:
    """Whatever it logs."""
    assert outcome_of(Told(accepted=True, said=("error=500",))).verdict is Verdict.ACCEPTED


def test_a_detail_is_short_and_one_line() -> None:
    """Servers answer with pages."""
    said = ("Socket Exception: (535, b'" + "x" * 5000 + "')",)
    detail = outcome_of(Told(accepted=False, said=said)).detail
    assert len(detail) < 260
    assert "\n" not in outcome_of(Told(accepted=False, said=("a\nb",), warned="a\nb")).detail


def test_whether_somebody_was_told_shows_in_the_log() -> None:
    """All plugins write it alike."""
    assert told_somebody(Told(accepted=False, said=("Sent Slack notification to #one.", "error=404")))
    assert not told_somebody(Told(accepted=False, said=("Sending email to ...", "error=404")))
