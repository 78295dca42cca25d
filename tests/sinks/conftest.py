"""A mail server and chats on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.chat_server import ChatServer, chat_server
from tests.support.mail_server import MailServer, mail_server


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server."""
    async with mail_server() as server:
        yield server


@pytest.fixture
async def chat(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChatServer]:
    """A server at the address of Feishu and Slack, too."""
    from apprise.plugins.feishu import NotifyFeishu  # noqa: PLC0415 only where it is used
    from apprise.plugins.slack import NotifySlack  # noqa: PLC0415

    async with chat_server() as server:
        monkeypatch.setattr(NotifyFeishu, "notify_url", f"{server.url}/hook/{{token}}/")
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{server.url}/services")
        yield server
