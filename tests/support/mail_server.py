"""A mail server on loopback, in the test's own loop, and what can be wrong with one."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
import subprocess
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "eventer", "hush-hush/pass@word"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that the server has accepted, for one receiver."""

    receiver: str
    parsed: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"])

    def part(self, kind: str) -> str:
        """Return the text of the part ``plain`` or ``html``."""
        body = self.parsed.get_body((kind,))
        assert isinstance(body, EmailMessage)
        return str(body.get_content()).replace("\r\n", "\n")


@dataclass(kw_only=True)
class MailServer:
    """What it answers: ``data`` to the next mails, ``receivers`` to some receivers, ``silent_after`` a command it says
    nothing any more. ``sessions``, ``logins``: how many connections and passwords there were.
    """

    port: int = 0
    data: deque[str] = field(default_factory=deque)
    receivers: dict[str, str] = field(default_factory=dict)
    silent_after: str = ""
    speaks_again: asyncio.Event = field(default_factory=asyncio.Event)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    mails: list[Mail] = field(default_factory=list)
    sessions: int = 0
    logins: int = 0

    def url(self, options: str = "", *, scheme: str = "mailto", password: str | None = None) -> str:
        """Return Apprise's URL of this server, with a password that is not all letters."""
        login = f"{USER}:{(password or PASSWORD).replace('/', '%2F').replace('@', '%40')}@" if password != "" else ""
        return f"{scheme}://{login}127.0.0.1:{self.port}?from=eventer@example.com&{options}"

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.receivers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 as above
        answer = self.data.popleft() if self.data else "250 OK"
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            parsed: Any = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.mails += [Mail(receiver=receiver, parsed=parsed) for receiver in envelope.rcpt_tos]
        if self.silent_after == "DATA":
            await self.speaks_again.wait()
        return answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, auth: Any) -> AuthResult:
        self.logins += 1
        assert isinstance(auth, LoginPassword)
        right = auth.login == USER.encode() and auth.password == PASSWORD.encode()
        return AuthResult(success=right, handled=False)


class _Counting(SMTP):
    """A session that is counted, and can be ended."""

    def __init__(self, mail: MailServer, sessions: list[_Counting], **options: Any) -> None:
        super().__init__(mail, **options)
        self._mail = mail
        self.mail_sessions = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._mail.sessions += 1
        self._mail.connected.set()
        super().connection_made(transport)
        self.mail_sessions.append(self)

    async def end(self) -> None:
        """End the session, whatever it waits for."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        if task := self._handler_coroutine:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def push(self, status: Any) -> None:
        if self._mail.silent_after == "connect":
            await self._mail.speaks_again.wait()
        await super().push(status)


@asynccontextmanager
async def mail_server(*, tls: ssl.SSLContext | None = None, implicit_tls: bool = False) -> AsyncIterator[MailServer]:
    """Serve mail on a free port. ``tls``: of STARTTLS; with ``implicit_tls`` from the first byte."""
    mail, loop = MailServer(), asyncio.get_running_loop()
    sessions: list[_Counting] = []

    def session() -> SMTP:
        return _Counting(
            mail,
            sessions,
            hostname="mail.test",
            loop=loop,
            enable_SMTPUTF8=True,
            authenticator=mail.authenticate,
            auth_require_tls=False,
            tls_context=None if implicit_tls else tls,
        )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if implicit_tls else None)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        mail.speaks_again.set()
        server.close()
        await server.wait_closed()
        for each in sessions:
            await each.end()


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 with its key, in one PEM file."""
    path = folder / "mail.pem"
    key = folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail.test"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(path)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


def tls_context(path: Path) -> ssl.SSLContext:
    """Return a server's context with the certificate of `certificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
