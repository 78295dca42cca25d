"""What the daemons under test really told, seen from outside their logic.

Each count of an event's versions carries the versions that it counts: `Counted` is an int that a merge adds up like
any other, and a count that the code forgets loses its versions, too. So nothing here repeats how events are merged.
Which attempt a message in the group came from is known by a context variable, because a request is served in the
task that sends it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from kube_wecom_eventer import alert_intake, building, ways
from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.demo.wecom import Received
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.stored_alerts import WaitingAlert
from kube_wecom_eventer.notify import pending
from kube_wecom_eventer.render import Merged, Message, Wording
from kube_wecom_eventer.sinks import Account, Outcome, Sink, Verdict

Version = tuple[str, int]
"""An event's UID and its resourceVersion."""

INSTANCE: ContextVar[str] = ContextVar("instance")
_ATTEMPT: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


def version_of(event: Event) -> Version:
    """Return which version of which event it is; of an alert which of its firings, and whether that is over."""
    if isinstance(event, AlertEvent):
        return event.metadata.uid, int(event.alert.starts_at.timestamp()) * 2 + event.alert.resolved
    return event.metadata.uid, int(event.metadata.resource_version or 0)


class Counted(int):
    """A number of versions that knows which they are."""

    _parts: tuple[Version | Counted, ...]

    def __new__(cls, value: int, *parts: Version | Counted) -> Counted:
        """Count ``parts``, which are versions or counts of them."""
        counted = super().__new__(cls, value)
        counted._parts = parts
        return counted

    def __add__(self, other: int) -> int:
        if isinstance(other, Counted):
            return Counted(int(self) + int(other), self, other)
        return int(self) + other

    def versions(self) -> list[Version]:
        """Return what is counted; a version that is counted twice is there twice."""
        found: list[Version] = []
        stack: list[Any] = [self]
        while stack:
            part = stack.pop()
            if isinstance(part, Counted):
                stack.extend(part._parts)
            else:
                found.append(part)
        return found


@dataclass(eq=False, slots=True, kw_only=True)
class Attempt:
    """One request with a message. ``reached_at``: when the destination judged it. ``unanswered``: nobody knows."""

    instance: str
    route: str
    key: str
    versions: tuple[Version, ...]
    total: int
    digest: bool
    started: float
    ended: float | None = None
    outcome: Outcome | None = None
    reached_at: float | None = None
    accepted: bool = False
    errcode: int | None = None
    content: str = ""

    @property
    def unanswered(self) -> bool:
        """Whether it was accepted, and the sender could not know."""
        return self.accepted and (self.outcome is None or self.outcome.verdict is not Verdict.ACCEPTED)


@dataclass(kw_only=True)
class Ledger:
    """All attempts of a run, and for each route which versions were told by which accepted ones."""

    said: Callable[[str], None]
    attempts: list[Attempt] = field(default_factory=list)
    accepted: list[Attempt] = field(default_factory=list)
    told: dict[str, dict[Version, list[Attempt]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    _messages: dict[int, tuple[Message, str, Sequence[Merged]]] = field(default_factory=dict)

    def made(self, message: Message, route: str, items: Sequence[Merged]) -> None:
        """A route's words were found for these events."""
        self._messages[id(message)] = (message, route, items)

    def begun(self, message: Message, key: str) -> Attempt:
        """A message is being sent."""
        _, route, items = self._messages[id(message)]
        versions: list[Version] = []
        for item in items:
            count = item.count
            versions += count.versions() if isinstance(count, Counted) else [version_of(item.event)]
        attempt = Attempt(
            instance=INSTANCE.get(),
            route=route,
            key=key,
            versions=tuple(versions),
            total=sum(int(item.count) for item in items),
            digest=len(items) > 1,
            started=asyncio.get_running_loop().time(),
        )
        self.attempts.append(attempt)
        return attempt

    def reached(self, received: Received) -> None:
        """The group judged a request; to be given to its ``on_request``."""
        attempt = _ATTEMPT.get()
        if attempt is None:
            return
        attempt.reached_at = asyncio.get_running_loop().time()
        accepted = received.accepted and received.shown
        attempt.accepted = attempt.accepted or accepted
        attempt.errcode = received.errcode
        attempt.content = received.content
        word = "accepted" if accepted else "known" if received.accepted else f"refused with {received.errcode}"
        self.said(f"{attempt.instance}: {attempt.route} {word}: {_short(attempt.versions)}")
        if accepted:
            self.accepted.append(attempt)
            for version in attempt.versions:
                self.told[attempt.route][version].append(attempt)


class _ObservedSink:
    def __init__(self, inner: Sink, key: str, ledger: Ledger) -> None:
        self._inner = inner
        self._key = key
        self._ledger = ledger

    @property
    def account(self) -> Account | None:
        return self._inner.account

    async def ready(self) -> Outcome | None:
        return await self._inner.ready()

    async def send(self, message: Message) -> Outcome:
        attempt = self._ledger.begun(message, self._key)
        token = _ATTEMPT.set(attempt)
        try:
            attempt.outcome = await self._inner.send(message)
        finally:
            attempt.ended = asyncio.get_running_loop().time()
            _ATTEMPT.reset(token)
        if attempt.outcome.verdict is not Verdict.ACCEPTED:
            self._ledger.said(
                f"{attempt.instance}: {attempt.route} {attempt.outcome.verdict.value}: {attempt.outcome.detail}"
            )
        return attempt.outcome


class _ObservedWording:
    def __init__(self, inner: Wording, route: str, ledger: Ledger) -> None:
        self._inner = inner
        self._route = route
        self._ledger = ledger

    def message(self, items: Sequence[Merged]) -> Message:
        message = self._inner.message(items)
        self._ledger.made(message, self._route, items)
        return message

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:
        message = self._inner.after_refusal(items, problem)
        if message is not None:
            self._ledger.made(message, self._route, items)
        return message


class _CountedGroup(pending._Group):
    __slots__ = ()

    def __init__(self, event: Event, count: int, received_at: float, several: bool = False) -> None:
        counted = count if isinstance(count, Counted) else Counted(count, version_of(event))
        super().__init__(event, counted, received_at, several)


def _short(versions: Sequence[Version]) -> str:
    shown = " ".join(f"{version}" for _, version in versions[:12])
    return f"{shown} and {len(versions) - 12} more" if len(versions) > 12 else shown


@contextmanager
def observed(ledger: Ledger) -> Iterator[None]:
    """Let all daemons that are built meanwhile write into the ledger."""
    build_sink, build_wording, merge = building.SinkMaker.sink, building.build_wording, pending.MergingPending._merge

    def sink(self: building.SinkMaker, target: Any) -> Sink:
        key = target.key.reveal() if hasattr(target, "key") else target.destination
        return _ObservedSink(build_sink(self, target), key, ledger)

    def wording(settings: Any, *rest: Any, **options: Any) -> Wording:
        return _ObservedWording(build_wording(settings, *rest, **options), settings.name, ledger)

    def merged(group: Any, event: Event, count: int) -> None:
        merge(group, event, count if isinstance(count, Counted) else Counted(count, version_of(event)))

    def noted(*, count: int, **fields: Any) -> WaitingAlert:
        # What a checkpoint holds is plain.
        return WaitingAlert(count=int(count), **fields)

    with (
        mock.patch.object(building.SinkMaker, "sink", sink),
        mock.patch.object(alert_intake, "WaitingAlert", noted),
        mock.patch.object(ways, "build_wording", wording),
        mock.patch.object(pending, "_Group", _CountedGroup),
        mock.patch.object(pending.MergingPending, "_merge", staticmethod(merged)),
    ):
        yield
