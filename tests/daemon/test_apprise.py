"""The daemon tells by mail and by chats that Apprise knows, as it does by robots."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.daemon.conftest import Demo, Pipeline, until
from tests.daemon.test_chats import secret, write
from tests.daemon.test_check import check
from tests.support.chat_server import ChatServer, chat_server
from tests.support.daemon import running_daemon
from tests.support.mail_server import PASSWORD, USER, MailServer, mail_server

TOKEN = "hush3hush4hush5hush6hush7"
TO = "to=lihua@example.com"


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server."""
    async with mail_server() as server:
        yield server


@pytest.fixture
async def chat() -> AsyncIterator[ChatServer]:
    """A chat."""
    async with chat_server() as server:
        yield server


def shows_no_secret(*texts: str) -> None:
    """Assert that no part of a URL is in any of these."""
    for text in texts:
        for secret_part in (PASSWORD, "pass@word", "hush-hush", "pass%40word", TOKEN, f"{USER}:"):
            assert secret_part not in text


async def test_an_event_reaches_a_mailbox_and_a_chat_and_shows_no_url(
    demo: Demo, mail: MailServer, chat: ChatServer
) -> None:
    """Neither in the log, at any level, nor in what the daemon serves."""
    sinks = (
        f"--sink=apprise:{mail.url(TO)}&lang=en&cluster=prod-1",
        f"--sink=apprise:mmost://{chat.place}/{TOKEN}?lang=en&route=mattermost",
    )
    async with demo.daemon(*sinks, "-v=1", "--log-format=json") as daemon, await daemon.ready() as http:
        await demo.watched()
        demo.event("BackOff")
        await until(lambda: bool(mail.mails and chat.told))
        assert mail.mails[0].subject == "⚠️ BackOff · Pod default/api-7d4b9 · prod-1"
        assert chat.told[0]["text"].startswith("⚠️ BackOff · Pod default/api-7d4b9\r\n")
        await daemon.log("message_accepted", route="mattermost")
        pages = [(await http.get(path)).text for path in ("/metrics", "/routes", "/readyz")]
        assert 'exporter="apprise"' in pages[0]
        assert await daemon.stop() == 0
    shows_no_secret(daemon.output, *pages)
    assert str(mail.port) not in daemon.output


async def test_a_storm_becomes_a_few_mails(demo: Demo, mail: MailServer) -> None:
    """They merge as in a chat, and count all."""
    async with demo.daemon(f"--sink=apprise:{mail.url(TO)}&lang=en&repeat_interval=0") as daemon:
        await daemon.ready()
        await demo.watched()
        for number in range(60):
            demo.event(f"Storm{number:02}")
        await until(lambda: sum(map(_count, mail.mails)) == 60)
        assert len(mail.mails) < 20
        assert any("groups of events ×" in each.subject for each in mail.mails)


def _count(mail: Any) -> int:
    return int(mail.subject.partition("×")[2] or 1)


async def test_a_wrong_password_is_said_loudly(pipeline: Pipeline, mail: MailServer) -> None:
    """The URL is read from the Secret before each attempt."""
    await secret(pipeline, "mailing", url=mail.url(TO, password="wrong-hush-hush"))
    place = f"{pipeline.server.namespace}/mailing"
    async with pipeline.daemon(f"--sink=apprise:?url_secret={place}&repeat_interval=0") as daemon:
        await daemon.ready()
        await pipeline.event("a", reason="BackOff")
        broken = await daemon.log("destination_broken", destination=f"apprise-{place}/url")
        assert "535" in broken["detail"]
        assert "wrong-hush" not in daemon.output
        assert mail.mails == []


async def test_a_right_url_in_a_secret_is_used(pipeline: Pipeline, mail: MailServer) -> None:
    """What the service takes shows only then: a mail is one all the same."""
    await secret(pipeline, "mailing", url=mail.url(TO))
    sink = f"--sink=apprise:?url_secret={pipeline.server.namespace}/mailing&lang=en"
    async with pipeline.daemon(sink) as daemon:
        await daemon.ready()
        await pipeline.event("a", reason="BackOff")
        await until(lambda: bool(mail.mails))
        assert "<pre" in mail.mails[0].part("html")
    shows_no_secret(daemon.output)


async def test_a_server_that_hangs_keeps_neither_the_others_nor_the_stop_waiting(
    demo: Demo, mail: MailServer, chat: ChatServer
) -> None:
    """What it has not taken waits in the checkpoint, or is counted."""
    mail.silent_after = "connect"
    sinks = (f"--sink=apprise:{mail.url(TO)}", f"--sink=apprise:json://{chat.place}/{TOKEN}")
    async with demo.daemon(*sinks, "--checkpoint=none") as daemon:
        await daemon.ready()
        await demo.watched()
        demo.event("BackOff")
        await until(lambda: bool(chat.told and mail.sessions))
        await daemon.log("destination_retry")
        # The grace that a stopping daemon takes is as long as a test's patience.
        with contextlib.suppress(TimeoutError):
            await daemon.stop()
        assert await daemon.ended() == 0
        left = await daemon.log("events_left_at_stop")
        assert left["left"] == 1


async def test_a_route_of_a_namespace_may_mail_where_the_platform_allows_it(
    pipeline: Pipeline, mail: MailServer, chat: ChatServer
) -> None:
    """With its own account, from its own Secret; anywhere else is refused, also when the Secret changes."""
    namespace = pipeline.server.namespace
    await secret(pipeline, "mailing", url=mail.url(TO))
    labels = {"kube-wecom-eventer.io/route": "true"}
    data = {
        "sink.mail": "apprise:?url_secret=mailing&lang=en&repeat_interval=0",
        "sink.chat": f"apprise:json://{chat.place}/{TOKEN}",
    }
    await write(pipeline, "configmaps", "apprise", metadata={"labels": labels}, data=data)
    allowed = f"--route-allowed-hosts=127.0.0.1:{mail.port}"
    async with pipeline.daemon("--namespace-routes", allowed) as daemon:
        await daemon.ready()
        refused = await daemon.log("route_refused", route=f"{namespace}/apprise/chat")
        assert "declared routes may not send there" in refused["problem"]
        await pipeline.event("a", reason="BackOff")
        await until(lambda: bool(mail.mails))
        await secret(pipeline, "mailing", url=f"json://{chat.place}/{TOKEN}")
        await asyncio.sleep(1.1)
        await pipeline.event("b", reason="Later")
        broken = await daemon.log("destination_broken", destination=f"apprise-{namespace}/mailing/url")
        assert "may not send there" in broken["detail"]
        assert chat.requests == []
    shows_no_secret(daemon.output)


async def test_without_the_library_the_daemon_refuses_to_start() -> None:
    """And says what to install, on one line."""
    script = "import sys; sys.modules['apprise'] = None; from kube_wecom_eventer.cli import main; sys.exit(main())"
    program = (sys.executable, "-c", script)
    async with running_daemon("--sink=apprise:mailto://u:p@example.com", program=program) as daemon:
        assert await daemon.ended() == 2
    assert "--sink 1: apprise: needs the library Apprise, which is not installed; " in daemon.output
    assert "pip install 'kube-wecom-eventer[apprise]'" in daemon.output
    assert "Traceback" not in daemon.output


async def test_check_looks_at_a_mail_server_and_sends_a_test_mail(pipeline: Pipeline, mail: MailServer) -> None:
    """Without --send-test nobody gets one."""
    sink = f"--sink=apprise:{mail.url(TO)}&lang=en"
    checked = await check(pipeline, sink)
    assert any(text.startswith("the mail server can be reached, in ") for text in checked.about("sink-1", "✓"))
    assert mail.mails == []
    checked = await check(pipeline, sink, "--send-test")
    assert "the test message was accepted by apprise:mailto://***" in checked.about("sink-1", "✓")
    assert len(mail.mails) == 1
    shows_no_secret(json.dumps(checked.findings))


async def test_check_says_what_is_wrong_with_a_mail_server(pipeline: Pipeline, mail: MailServer) -> None:
    """Before an event needs it."""
    checked = await check(pipeline, f"--sink=apprise:{mail.url(TO, password='wrong-hush-hush')}", "--send-test")
    (found,) = checked.about("sink-1", "✗")
    assert "the mail server refuses the login: 535 5.7.8" in found
    shows_no_secret(json.dumps(checked.findings))


async def test_check_reads_a_url_from_its_secret(pipeline: Pipeline, chat: ChatServer) -> None:
    """What can be known without telling anybody."""
    namespace = pipeline.server.namespace
    await secret(pipeline, "chat", url=f"json://{chat.place}/{TOKEN}")
    sinks = (f"--sink=apprise:?url_secret={namespace}/chat", f"--sink=apprise:?url_secret={namespace}/missing")
    checked = await check(pipeline, *sinks)
    assert f"Secret {namespace}/chat/url holds a URL" in checked.about("sink-1", "✓")
    (missing,) = checked.about("sink-2", "✗")
    assert missing == f"Secret {namespace}/missing: there is none; create it, with the field 'url'"
    assert checked.about(f"get secrets chat in {namespace}") == ["granted"]
    assert chat.requests == []
