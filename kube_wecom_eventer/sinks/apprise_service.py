"""Any service that Apprise knows, by its URL: a mail server, Slack, Feishu and others. The library's calls block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from kube_wecom_eventer.apprise_library import Form, Notice, Service, Told, Unusable, open_service
from kube_wecom_eventer.config import AppriseTarget, Secret
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks.apprise_answers import NO_RECEIVER, NOT_NOW, outcome_of, told_somebody
from kube_wecom_eventer.sinks.keys import ReadKey, read_key
from kube_wecom_eventer.sinks.outcome import Account, Outcome, Verdict
from kube_wecom_eventer.sinks.posting import TIMEOUT, deadline
from kube_wecom_eventer.sinks.threads import Threads

_NAMED = 50
"""Receivers that an outcome names."""

_BUSY = Outcome(
    verdict=Verdict.RETRY,
    reason="timeout",
    detail="too many calls are under way already; is a server hanging that many routes send to?",
    costs_nothing=True,
)


@dataclass(slots=True)
class _Sending:
    """A message on its way: the receivers that are left, and what became of the others."""

    message: Message
    notice: Notice
    left: list[str]
    call: asyncio.Future[list[tuple[str, Told]]] | None = None
    told: bool = False
    missed: list[str] = field(default_factory=list)


class AppriseService:
    """One URL. ``read_url``: as it is now. ``threads``: shared with others.

    An attempt waits for its call as long as any other attempt does. A call that takes longer goes on, and the next
    attempt waits for that one instead of sending again. A mail's receivers get a copy each, and who has it does not get
    it again when another one's failed.
    """

    def __init__(self, *, target: AppriseTarget, read_url: ReadKey, threads: Threads) -> None:
        self._target = target
        self._read_url = read_url
        self._threads = threads
        self._namespace = target.owner or target.tenant
        self._url: Secret | None = None
        self._service: Service | None = None
        self._sending: _Sending | None = None
        self.account: Account | None = None

    @property
    def form(self) -> Form | None:
        """What the service takes; None as long as the URL was not read."""
        return self._service.form if self._service else self._target.form

    @property
    def mail_server(self) -> tuple[str, int] | None:
        """The host and port of the mail server that it speaks to; None where it speaks to none, or nobody knows."""
        service = self._service
        if service is None or not service.is_mail:
            return None
        host, port = service.place
        return host, port or 25

    async def ready(self) -> Outcome | None:
        """Read the URL, and open it where it is new; see `Sink.ready`."""
        url = await read_key(self._read_url)
        if isinstance(url, Outcome):
            return url
        if url == self._url:
            return None
        opened = await self._within(lambda: _opened(self._target, url))
        if isinstance(opened, Outcome):
            return opened
        if isinstance(opened, str):
            return Outcome(verdict=Verdict.BROKEN, reason="bad_url", detail=opened, costs_nothing=True)
        self._url, self._service = url, opened
        self.account = Account(self._target.account(opened.account or url.fingerprint()), self._target.pace)
        return None

    async def send(self, message: Message) -> Outcome:
        """Send the message to all whom it has not reached; see `Sink.send`."""
        service = self._service
        if service is None:
            raise RuntimeError("sent before it was ready")
        sending = self._sending
        if sending is None or sending.message is not message:
            if sending and sending.call and not sending.call.done():
                detail = "an earlier message is still being sent, and its server does not answer"
                return Outcome(verdict=Verdict.RETRY, reason="timeout", detail=detail, costs_nothing=True)
            receivers = list(self._target.receivers or service.receivers or ("",))
            sending = self._sending = _Sending(message, notice_of(message), receivers)
        if sending.call is None:
            left = tuple(sending.left)
            sending.call = self._threads.start(lambda: _tell(service, sending.notice, left), of=self._namespace)
        if sending.call is None:
            return _BUSY
        try:
            async with asyncio.timeout_at(deadline()):
                ended = await asyncio.shield(sending.call)
        except TimeoutError:
            detail = f"no answer within {TIMEOUT:g} s; what was begun is waited for, not sent again"
            return Outcome(verdict=Verdict.RETRY, reason="timeout", detail=detail)
        sending.call = None
        return self._judged(sending, ended)

    def _judged(self, sending: _Sending, ended: list[tuple[str, Told]]) -> Outcome:
        outcome = Outcome(verdict=Verdict.ACCEPTED)
        refused: list[tuple[str, Outcome]] = []
        for receiver, told in ended:
            found = outcome_of(told)
            if found.verdict is not Verdict.ACCEPTED and told_somebody(told):
                # To send it again would tell those again who have it.
                sending.missed.append(f"one of its receivers ({found.detail})")
                found = Outcome(verdict=Verdict.ACCEPTED)
            elif receiver and found.reason in (NO_RECEIVER, NOT_NOW):
                found = replace(found, detail=f"{receiver}: {found.detail}")
            if found.verdict is Verdict.ACCEPTED:
                sending.told = True
                sending.left.remove(receiver)
            elif found.reason == NO_RECEIVER:
                refused.append((receiver, found))
            else:
                outcome = found
        if sending.told:
            sending.missed += [receiver for receiver, _ in refused]
            sending.left = [each for each in sending.left if each not in {receiver for receiver, _ in refused}]
        elif refused and outcome.verdict is Verdict.ACCEPTED:
            outcome = refused[0][1]
        if outcome.verdict is not Verdict.ACCEPTED:
            return outcome
        self._sending = None
        return Outcome(verdict=Verdict.ACCEPTED, missed=tuple(dict.fromkeys(sending.missed))[:_NAMED])

    async def _within(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns, or an outcome to try again where it does not end in time."""
        started = self._threads.start(call, of=self._namespace)
        if started is None:
            return _BUSY
        try:
            async with asyncio.timeout_at(deadline()):
                return await asyncio.shield(started)
        except TimeoutError:
            return Outcome(verdict=Verdict.RETRY, reason="timeout", detail="the library does not answer")


def notice_of(message: Message) -> Notice:
    """Return what a message's body says in the library's words."""
    payload = msgspec.json.decode(message.body)
    kind = payload["msgtype"]
    return Notice(
        title=str(payload.get("title") or ""),
        body=str(payload[kind].get("content") or ""),
        format=kind if kind in ("text", "html") else "markdown",
        tone=payload["tone"],
    )


def _opened(target: AppriseTarget, url: Secret) -> Service | str:
    """Open a URL; return why it may not be used, where that is so."""
    if problem := target.refusal(url):
        return problem
    try:
        service = open_service(url.reveal())
    except Unusable as error:
        return f"the URL can't be used: {error}"
    return target.refusal(url, service) or service


def _tell(service: Service, notice: Notice, receivers: tuple[str, ...]) -> list[tuple[str, Told]]:
    """Tell the receivers one after the other, until one fails for a reason that the others would meet, too."""
    results = []
    for receiver in receivers:
        told = service.tell(notice, receiver)
        results.append((receiver, told))
        if not told.accepted and outcome_of(told).reason not in (NO_RECEIVER, NOT_NOW):
            break
    return results
