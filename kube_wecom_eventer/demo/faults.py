"""Faults that a test plans for the demo servers.

Owns the plan: which requests, how many times, what happens instead of the answer. The faults of open watches
belong to the API server, those with an errcode to the WeCom group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kube_wecom_eventer.demo.asgi import Exchange, Request

When = Callable[[Request], bool]


def always(_: Request) -> bool:
    """Every request."""
    return True


def path_contains(part: str) -> When:
    """Requests whose path contains ``part``."""
    return lambda request: part in request.path


class Action:
    """What happens instead of an answer. ``accepts``: the request has its effect all the same."""

    accepts = False

    @property
    def name(self) -> str:
        """What a record of the request calls it."""
        return type(self).__name__

    async def play(self, exchange: Exchange) -> None:
        """Treat the client so."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Answer(Action):
    """Answer with this status, body and headers (as ``{"retry-after": "3"}``)."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The status, as HTTP names it."""
        return f"HTTP {self.status}"

    async def play(self, exchange: Exchange) -> None:
        """Send the answer."""
        await exchange.respond(self.status, self.body, content_type=self.content_type, headers=self.headers)


@dataclass(frozen=True, kw_only=True)
class Hang(Action):
    """Never answer; ends when the client gives up."""

    accepts: bool = False

    async def play(self, exchange: Exchange) -> None:
        """Wait for the client's end."""
        await exchange.disconnected()


@dataclass(frozen=True, kw_only=True)
class Reset(Action):
    """Break the connection (TCP RST)."""

    accepts: bool = False

    async def play(self, exchange: Exchange) -> None:
        """Break it."""
        await exchange.reset()


@dataclass(kw_only=True)
class _Planned:
    action: Action
    when: When
    times: int


class Faults:
    """The planned faults, first planned first used."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def plan(self, action: Action, *, when: When = always, times: int = 1) -> None:
        """Let ``action`` meet the next ``times`` requests that ``when`` selects."""
        self._planned.append(_Planned(action=action, when=when, times=times))

    def clear(self) -> None:
        """Forget what is still planned."""
        self._planned.clear()

    def take(self, request: Request) -> Action | None:
        """The action for this request, which is used up by that; None where it is to be answered."""
        for planned in self._planned:
            if planned.when(request):
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return planned.action
        return None
