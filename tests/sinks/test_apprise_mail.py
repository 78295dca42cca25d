"""Mails by Apprise, to a mail server on loopback that says all that mail servers say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer import apprise_library
from kube_wecom_eventer.building import build_wording
from kube_wecom_eventer.config import AppriseTarget, Secret, SinkSettings
from kube_wecom_eventer.config.sink import parse_sink
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Message, Templates
from kube_wecom_eventer.sinks import AppriseService, Outcome, Threads, Verdict, apprise_service, posting
from kube_wecom_eventer.sinks.keys import reading
from tests.support.events import make_event
from tests.support.mail_server import PASSWORD, USER, MailServer, certificate, mail_server, tls_context

TO = "to=lihua@example.com"


def settings(url: str) -> SinkSettings:
    problems: list[str] = []
    sink = parse_sink(f"apprise:{url}", number=1, environ={}, problems=problems, warnings=[])
    assert sink is not None, problems
    return sink


def sink_of(url: str, *, threads: Threads | None = None) -> AppriseService:
    target = settings(url).target
    assert isinstance(target, AppriseTarget)
    return AppriseService(
        target=target, read_url=reading(target.url, lambda place: pytest.fail(str(place))), threads=threads or Threads()
    )


def message(*items: Merged, url: str = "mailto://user:pass@example.com", lang: str = "en") -> Message:
    """Return what a mail's route says of an event, or of several."""
    sink = settings(f"{url}?lang={lang}&cluster=prod-1")
    wording = build_wording(sink, None, Templates(metrics=Metrics()), ZoneInfo("Asia/Shanghai"))
    return wording.message(items or [Merged(make_event(), 3)])


async def told(sink: AppriseService, it: Message | None = None) -> Outcome:
    it = it or message()
    return await sink.ready() or await sink.send(it)


async def test_a_mail_has_a_subject_that_says_it_all_and_two_bodies(mail: MailServer) -> None:
    """Level, reason, object, ×N and cluster in the subject; HTML, and the same as plain text."""
    assert await told(sink_of(mail.url(TO))) == Outcome(verdict=Verdict.ACCEPTED)
    (got,) = mail.mails
    assert got.receiver == got.parsed["To"] == "lihua@example.com"
    assert got.parsed["From"].addresses[0].addr_spec == "eventer@example.com"
    assert got.subject == "⚠️ BackOff · Pod payments/checkout-7d9f ×3 · prod-1"
    assert got.parsed.get_content_type() == "multipart/alternative"
    assert got.part("plain").strip() == (
        "⚠️ BackOff\nPod payments/checkout-7d9f ×3\n\n"
        "Time: 2026-11-20 09:02:03 CST\nHappened: 3 times\nSource: kubelet@node-1\nCluster: prod-1\n\n"
        "Back-off restarting failed container"
    )
    assert "<pre" in got.part("html")


async def test_a_subject_may_be_in_any_script_and_stays_one_line(mail: MailServer) -> None:
    """Headers know no newlines; Chinese is encoded."""
    event = make_event(reason="原因\r\nBcc: evil@example.com")
    assert (await told(sink_of(mail.url(TO)), message(Merged(event)))).verdict is Verdict.ACCEPTED
    (got,) = mail.mails
    assert got.subject == "⚠️ 原因 Bcc: evil@example.com · Pod payments/checkout-7d9f · prod-1"
    assert "Bcc" not in got.parsed


async def test_an_events_text_is_text_in_html(mail: MailServer) -> None:
    """It can't become an element, in a digest neither."""
    events = [make_event(message='<script>alert("x")</script> & <b>', reason=reason) for reason in ("A<i>", "B")]
    sink = sink_of(mail.url(TO))
    for items in ([Merged(events[0])], [Merged(each) for each in events]):
        assert (await told(sink, message(*items))).verdict is Verdict.ACCEPTED
    for got in mail.mails:
        html = got.part("html")
        assert "<script" not in html
        assert "<i>" not in html
        assert "&lt;script&gt;" in html
        assert '<script>alert("x")</script> & <b>' in got.part("plain")


async def test_a_digest_has_its_count_in_the_subject_and_a_block_for_each_group(mail: MailServer) -> None:
    """As in a chat: groups, ×N, and each group's ×n."""
    items = [Merged(make_event(reason=f"Reason{number}"), number) for number in (1, 2, 3)]
    assert (await told(sink_of(mail.url(TO)), message(*items))).verdict is Verdict.ACCEPTED
    (got,) = mail.mails
    assert got.subject == "⚠️ 3 groups of events ×6 · prod-1"
    lines = got.part("plain").strip().split("\n")
    assert "Reason3 · Pod payments/checkout-7d9f ×3" in lines


async def test_a_storms_digest_is_one_mail_that_sums_what_it_has_no_room_for(mail: MailServer) -> None:
    """The library would split what is longer than it thinks fit; nothing is."""
    items = [Merged(make_event(reason=f"R{number}", message="x" * 500)) for number in range(2000)]
    assert (await told(sink_of(mail.url(f"{TO}&overflow=split")), message(*items))).verdict is Verdict.ACCEPTED
    (got,) = mail.mails
    assert len(got.part("html").encode()) < 32_768
    assert "2000 groups of events ×2000" in got.subject
    assert "The rest: " in got.part("plain")
    assert got.part("html").rstrip().endswith("</html>")


async def test_each_receiver_gets_a_copy_of_its_own(mail: MailServer) -> None:
    """So one that fails costs the others nothing."""
    assert (await told(sink_of(mail.url(f"{TO},wangqing@example.com")))).verdict is Verdict.ACCEPTED
    assert [each.receiver for each in mail.mails] == ["lihua@example.com", "wangqing@example.com"]


@pytest.mark.parametrize(
    ("answer", "verdict", "reason"),
    [
        ("451 4.7.1 greylisted", Verdict.RETRY, "smtp_4xx"),
        ("421 4.3.2 shutting down", Verdict.RETRY, "smtp_4xx"),
        ("552 5.3.4 too big", Verdict.REFUSED, "smtp_5xx"),
        ("554 5.7.1 spam", Verdict.REFUSED, "smtp_5xx"),
        ("530 5.7.0 log in first", Verdict.BROKEN, "smtp_auth"),
        ("550 5.7.1 you may not send", Verdict.BROKEN, "smtp_5xx"),
    ],
)
async def test_what_the_server_says_to_a_mail_is_classified(
    mail: MailServer, answer: str, verdict: Verdict, reason: str
) -> None:
    """By its code; its words are shown."""
    mail.data.append(answer)
    outcome = await told(sink_of(mail.url(TO)))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert answer[4:] in outcome.detail
    assert mail.mails == []


async def test_a_greylisted_mail_is_tried_again_after_a_minute_and_then_arrives(mail: MailServer) -> None:
    """Such a server means minutes when it says "later"."""
    mail.data.append("451 4.7.1 greylisted")
    sink, it = sink_of(mail.url(TO)), message()
    assert (await told(sink, it)).wait == 60.0
    assert (await told(sink, it)).verdict is Verdict.ACCEPTED
    assert len(mail.mails) == 1


async def test_a_wrong_password_breaks_the_destination_and_is_not_shown(mail: MailServer) -> None:
    """535: nothing changes by trying at once again, and each of several receivers would meet the same."""
    sink = sink_of(mail.url(f"{TO},wangqing@example.com", password="not the/right@one"))
    outcome = await told(sink)
    assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "smtp_auth")
    assert "535" in outcome.detail
    assert "right" not in repr(outcome)
    assert mail.sessions == 1


async def test_a_receiver_that_is_refused_is_named_and_the_others_are_not_told_again(mail: MailServer) -> None:
    """A mistyped address must not fill the others' boxes."""
    mail.receivers["wangqing@example.com"] = "550 5.1.1 no such user"
    sink, it = sink_of(mail.url(f"{TO},wangqing@example.com")), message()
    outcome = await told(sink, it)
    assert outcome == Outcome(verdict=Verdict.ACCEPTED, missed=("wangqing@example.com",))
    assert [each.receiver for each in mail.mails] == ["lihua@example.com"]


async def test_a_receiver_that_is_to_wait_is_told_later_and_the_others_only_once(mail: MailServer) -> None:
    """Who has the mail does not get it with the next attempt."""
    mail.receivers["lihua@example.com"] = "450 4.2.0 greylisted"
    sink, it = sink_of(mail.url(f"{TO},wangqing@example.com")), message()
    outcome = await told(sink, it)
    assert (outcome.verdict, outcome.reason, outcome.wait) == (Verdict.RETRY, "receiver_later", 60.0)
    assert [each.receiver for each in mail.mails] == ["wangqing@example.com"]
    del mail.receivers["lihua@example.com"]
    assert (await told(sink, it)).verdict is Verdict.ACCEPTED
    assert [each.receiver for each in mail.mails] == ["wangqing@example.com", "lihua@example.com"]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "450 4.2.0 greylisted"])
@pytest.mark.parametrize("refused", ["lihua@example.com", "boss@example.com"])
async def test_a_mail_that_one_of_its_addresses_did_not_take_is_not_sent_again(
    mail: MailServer, refused: str, answer: str
) -> None:
    """``cc=`` and ``bcc=`` go with each copy: who has it would have it again with each attempt."""
    mail.receivers[refused] = answer
    outcome = await told(sink_of(mail.url(f"{TO}&cc=boss@example.com")))
    assert outcome.verdict is Verdict.ACCEPTED
    (missed,) = outcome.missed
    assert missed.startswith("one of its receivers (the mail server does not take the receiver: ")
    assert answer[4:] in missed
    assert [each.receiver for each in mail.mails] == list({"lihua@example.com", "boss@example.com"} - {refused})


async def test_where_no_receiver_is_taken_the_destination_is_broken(mail: MailServer) -> None:
    """It is their addresses that are wrong, not the message."""
    mail.receivers["lihua@example.com"] = "550 5.1.1 no such user"
    outcome = await told(sink_of(mail.url(TO)))
    assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "receiver_refused")
    assert "no such user" in outcome.detail


async def test_a_server_that_is_not_there_is_tried_again(mail: MailServer) -> None:
    """The mail has not left, so soon."""
    url = mail.url(TO)
    async with mail_server() as gone:
        port = gone.port
    outcome = await told(sink_of(url.replace(str(mail.port), str(port))))
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "network")
    assert "Connection refused" in outcome.detail


async def test_a_server_without_tls_where_it_is_asked_for_breaks_the_destination(mail: MailServer) -> None:
    """Rather than sending the password in the clear."""
    outcome = await told(sink_of(mail.url(TO, scheme="mailtos")))
    assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "tls")
    assert (mail.sessions, mail.logins, mail.mails) == (1, 0, [])


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
async def test_tls_trusts_the_systems_authorities_and_ssl_cert_file(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown certificate breaks the destination; one that is trusted carries the mail."""
    path = certificate(tmp_path)
    async with mail_server(tls=tls_context(path), implicit_tls=mode == "ssl") as mail:
        url = mail.url(f"{TO}&mode={mode}", scheme="mailtos")
        outcome = await told(sink_of(url))
        assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "tls")
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert (await told(sink_of(url))).verdict is Verdict.ACCEPTED
        assert len(mail.mails) == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt waits for a quarter of a second: what takes longer is the same as what takes eight."""

    def deadline() -> float:
        return asyncio.get_running_loop().time() + 0.25

    monkeypatch.setattr(apprise_service, "deadline", deadline)
    assert posting.deadline is not deadline


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("moment", ["connect", "DATA"])
async def test_a_server_that_hangs_is_waited_for_and_nothing_is_sent_twice(mail: MailServer, moment: str) -> None:
    """An attempt ends in time; the next one waits for what was begun, and takes its answer."""
    mail.silent_after = moment
    sink, it = sink_of(mail.url(TO)), message()
    for _ in range(3):
        outcome = await told(sink, it)
        assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "timeout")
    assert mail.sessions == 1
    mail.silent_after = ""
    mail.speaks_again.set()
    assert (await _after(sink, it)).verdict is Verdict.ACCEPTED
    assert (mail.sessions, len(mail.mails)) == (1, 1)


async def _after(sink: AppriseService, it: Message) -> Outcome:
    outcome = await told(sink, it)
    while outcome.reason == "timeout":
        outcome = await told(sink, it)
    return outcome


@pytest.mark.usefixtures("impatient")
async def test_another_message_waits_for_the_call_that_hangs(mail: MailServer) -> None:
    """One thread a destination, whatever becomes of a message meanwhile."""
    mail.silent_after = "connect"
    threads = Threads()
    sink = sink_of(mail.url(TO), threads=threads)
    await told(sink)
    outcome = await told(sink, message())
    assert (outcome.verdict, outcome.costs_nothing) == (Verdict.RETRY, True)
    assert (threads.under_way, mail.sessions) == (1, 1)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_never_answers_a_mail_gets_it_again_only_slowly(mail: MailServer) -> None:
    """It may have arrived, so the destination counts as broken, and is probed."""
    mail.silent_after = "DATA"
    sink, it = sink_of(mail.url(f"{TO}&cto=0.5")), message()
    outcome = await _after(sink, it)
    assert (outcome.verdict, outcome.reason) == (Verdict.BROKEN, "unanswered")
    assert "may have arrived" in outcome.detail


@pytest.mark.usefixtures("impatient")
async def test_one_that_never_says_hello_is_tried_again_soon(mail: MailServer) -> None:
    """The mail was not under way."""
    mail.silent_after = "connect"
    outcome = await _after(sink_of(mail.url(f"{TO}&cto=0.1")), message())
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "network")


async def test_a_hanging_server_keeps_no_other_destination_waiting(mail: MailServer) -> None:
    """Each has a thread of its own."""
    mail.silent_after = "connect"
    threads = Threads()
    async with mail_server() as other:
        hanging = asyncio.create_task(told(sink_of(mail.url(TO), threads=threads)))
        await mail.connected.wait()
        assert (await told(sink_of(other.url(TO), threads=threads))).verdict is Verdict.ACCEPTED
        assert not hanging.done()
        mail.speaks_again.set()
        assert (await hanging).verdict is Verdict.ACCEPTED


@pytest.mark.usefixtures("impatient")
async def test_there_are_only_so_many_threads(mail: MailServer) -> None:
    """Beyond them an attempt costs nothing and comes again."""
    mail.silent_after = "connect"
    threads = Threads(most=2)
    first, second = sink_of(mail.url(TO), threads=threads), sink_of(mail.url("to=b@example.com"), threads=threads)
    it = message()
    await told(first, it)
    assert await second.ready() is None
    await first.ready()
    third = sink_of(mail.url("to=c@example.com"), threads=threads)
    assert await third.ready() is None
    await told(second, it)
    outcome = await third.send(it)
    assert (outcome.verdict, outcome.costs_nothing) == (Verdict.RETRY, True)
    assert threads.under_way == 2


async def test_no_outcome_shows_the_user_or_the_password(mail: MailServer) -> None:
    """Also where the server says them back."""
    for answer in (f"554 go away {USER} {PASSWORD}", f"451 {PASSWORD}"):
        mail.data.append(answer)
        outcome = await told(sink_of(mail.url(TO)))
        assert PASSWORD not in repr(outcome)
        assert "pass@word" not in repr(outcome)
        assert f"away {USER}" not in repr(outcome)


async def test_sinks_of_one_mail_account_share_its_pace_and_others_do_not(mail: MailServer) -> None:
    """A mail server counts by who logs in, not by who is written to."""
    accounts = []
    for url in (mail.url(TO), mail.url("to=b@example.com&pace=5"), mail.url(TO, password="").replace("//", "//other@")):
        sink = sink_of(url)
        assert await sink.ready() is None
        assert sink.account is not None
        accounts.append(sink.account)
    assert accounts[0].name == accounts[1].name != accounts[2].name
    assert [each.limit for each in accounts] == [20, 5, 20]
    assert len({settings(url).target.destination for url in (mail.url(TO), mail.url("to=b@example.com"))}) == 2


async def test_a_url_that_changes_in_its_secret_is_used_at_once(mail: MailServer) -> None:
    """It is read before each message."""
    urls = [mail.url(TO), mail.url("to=wangqing@example.com")]
    target = settings("?url_secret=mailing/server").target
    assert isinstance(target, AppriseTarget)

    async def read() -> Secret:
        return Secret(urls[0])

    sink = AppriseService(target=target, read_url=read, threads=Threads())
    assert sink.form is None
    for _ in range(2):
        assert (await told(sink)).verdict is Verdict.ACCEPTED
        urls.reverse()
    assert [each.receiver for each in mail.mails] == ["lihua@example.com", "wangqing@example.com"]


async def test_a_url_in_a_secret_that_is_none_breaks_the_destination() -> None:
    """And says why, without it."""
    target = settings("?url_secret=mailing/server").target
    assert isinstance(target, AppriseTarget)

    async def read() -> Secret:
        return Secret("feishu://not-a-$token")

    outcome = await AppriseService(target=target, read_url=read, threads=Threads()).ready()
    assert outcome is not None
    assert (outcome.verdict, outcome.reason, outcome.costs_nothing) == (Verdict.BROKEN, "bad_url", True)
    assert "not-a" not in outcome.detail


@pytest.mark.usefixtures("impatient")
async def test_a_url_may_ask_for_longer_waits_but_not_for_any(
    mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that each call ends, though a server may not."""
    monkeypatch.setattr(apprise_library, "_LONGEST", 0.1)
    mail.silent_after = "connect"
    assert (await _after(sink_of(mail.url(f"{TO}&cto=600")), message())).reason == "network"
