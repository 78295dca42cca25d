"""A steady stream of events into an API server that may be killed meanwhile: new ones, and newer versions of old ones.

Each event is about an object of its own. Its time says which version it is, so that whatever tells object and time
shows which version was told. Most are about pods of a few Deployments and merge well; now and then one is about a
Deployment, and its message says the version in letters, so that each has a line of its own in a digest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx

from tests.support.api_servers import Server

Version = tuple[str, int]
"""An object and the count of its event."""

REASONS = ("BackOff", "Failed", "FailedMount", "Unhealthy", "FailedScheduling")
_WORKLOADS = ("checkout", "billing", "search")
_LETTERS = "bcdfghjklm"
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_PATIENCE = 90.0
"""Seconds after which a write that is refused again and again is a failure."""
_UPDATES = 0.35
"""The share of newer versions of old events in the stream."""
_LONE = 100
"""Of so many objects one is a Deployment: what waits of them for a minute fits one message."""


def count_of(time: datetime) -> int:
    """Return the count of the version that has this time."""
    return int((time - _FIRST).total_seconds())


class EventWriter:
    """Writes ``rate`` versions a second. An event counts as written when the API server has accepted it.

    ``newest``: the count of each object's event, as accepted; ``accepted_at``: when, on the loop's clock.
    """

    def __init__(self, server: Server, *, rate: float, rng: Random) -> None:
        self._server = server
        self._rate = rate
        self._rng = rng
        self.newest: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        self.accepted_at: dict[Version, float] = {}
        self.retries = 0
        self._stopped = False

    def stop(self) -> None:
        """Let `run` end when what it is writing has been accepted."""
        self._stopped = True

    async def run(self, *, seconds: float) -> None:
        """Write for so long, or until stopped; what an outage delays follows at once after it."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number in range(round(seconds * self._rate)):
            await asyncio.sleep(started + number / self._rate - loop.time())
            if self._stopped:
                return
            if self.newest and self._rng.random() < _UPDATES:
                await self._update(self._rng.choice(list(self.newest)))
            else:
                await self._create(number)

    async def _create(self, number: int) -> None:
        workload, letters = _WORKLOADS[number % len(_WORKLOADS)], in_letters(number)
        lone = number % _LONE == 0
        name = f"{workload}-{letters}" if lone else f"{workload}-7d4b9c8f6d-{letters}"
        kind = "Deployment" if lone else "Pod"
        body = self._server.event(
            f"{name}.e",
            reason=REASONS[number % len(REASONS)],
            involvedObject={"kind": kind, "namespace": self._server.namespace, "name": name},
            **_version(kind, 1),
        )
        # 409: the answer to an earlier try was lost with the server.
        await self._accepted(lambda: self._server.client.post(self._server.events, json=body), also=409)
        self.kinds[name], self.reasons[name] = kind, str(body["reason"])
        self._written(name, 1)

    async def _update(self, name: str) -> None:
        count = self.newest[name] + 1
        path, headers = f"{self._server.events}/{name}.e", {"Content-Type": "application/merge-patch+json"}
        change = _version(self.kinds[name], count)
        await self._accepted(lambda: self._server.client.patch(path, json=change, headers=headers))
        self._written(name, count)

    def _written(self, name: str, count: int) -> None:
        self.newest[name] = count
        self.accepted_at[name, count] = asyncio.get_running_loop().time()

    async def _accepted(self, send: Callable[[], Awaitable[httpx.Response]], *, also: int = 200) -> None:
        loop = asyncio.get_running_loop()
        began, trouble = loop.time(), ""
        while loop.time() < began + _PATIENCE:
            try:
                answer = await send()
                if answer.is_success or answer.status_code == also:
                    return
                # A server that has just started refuses for many reasons, 403 among them.
                trouble = f"{answer.status_code} {answer.text}"
            except httpx.TransportError as error:
                trouble = repr(error)
            self.retries += 1
            await asyncio.sleep(0.1)
        raise AssertionError(f"no event could be written for {_PATIENCE:g} s: {trouble}")


def in_letters(number: int) -> str:
    """Return five letters that stand for a number: digits are folded where events are merged."""
    return "".join(_LETTERS[int(digit)] for digit in f"{number:05}")


def from_letters(text: str) -> int:
    """Return the number that the letters stand for."""
    return int("".join(str(_LETTERS.index(letter)) for letter in text))


def _version(kind: str, count: int) -> dict[str, Any]:
    time = (_FIRST + timedelta(seconds=count)).isoformat().replace("+00:00", "Z")
    message = f"version {in_letters(count)}" if kind == "Deployment" else "Back-off restarting failed container"
    return {"count": count, "lastTimestamp": time, "message": message}
