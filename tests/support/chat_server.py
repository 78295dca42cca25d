"""An HTTP server on loopback that stands for any chat: it keeps what it is told, and answers as it is planned."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from kube_wecom_eventer.demo.asgi import ClientGone, Receive, Request, Scope, Send, read_exchange
from kube_wecom_eventer.demo.serving import serve


@dataclass(kw_only=True)
class ChatServer:
    """``answers``: status and body of the next ones; then 200. ``url`` is its address."""

    url: str = ""
    answers: deque[tuple[int, str]] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Its host and port."""
        return urlsplit(self.url).netloc

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies that came, which are JSON."""
        return [json.loads(request.body) for request in self.requests]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            exchange = await read_exchange(scope, receive, send)
        except ClientGone:
            return
        self.requests.append(exchange.request)
        status, body = self.answers.popleft() if self.answers else (200, "ok")
        await exchange.respond(status, body.encode())

    def shut_down(self) -> None:
        """Nothing stays open by itself here."""


@asynccontextmanager
async def chat_server() -> AsyncIterator[ChatServer]:
    """Serve a chat on a free port."""
    chat = ChatServer()
    async with serve(chat) as chat.url:
        yield chat
