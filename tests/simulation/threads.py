"""A service of Apprise's in a run: its calls block a thread each, which here is a task that takes its time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from unittest import mock

import httpx

from kube_wecom_eventer import building
from kube_wecom_eventer.apprise_library import Notice, Told, open_service
from kube_wecom_eventer.demo.chat import Received
from kube_wecom_eventer.sinks import apprise_service
from tests.simulation.instance import Instance
from tests.simulation.observe import INSTANCE, Ledger
from tests.simulation.transport import Peer, Upset

_REQUEST = httpx.Request("POST", "http://hook.test/in")
_REFUSED = Told(accepted=False, said=("NewConnectionError: Connection refused",))
_BROKEN = Told(accepted=False, said=("ConnectionError: Connection aborted",))


class Stage(Protocol):
    """Where a call ends."""

    instances: list[Instance]
    wecom_peer: Peer
    ledger: Ledger

    def wall(self) -> datetime:
        """What clocks on walls show."""
        ...


@dataclass(kw_only=True)
class Hook:
    """The service behind one URL, in the place of the library's call."""

    stage: Stage

    def tell(self, notice: Notice, receiver: str = "") -> Told:
        """Take a message, or say why not, as the library does: in what it logs."""
        peer, name = self.stage.wecom_peer, INSTANCE.get()
        instance = next(each for each in self.stage.instances if each.name == name)
        if not instance.running or peer.down or instance.cards[1].blocks("requests"):
            return _REFUSED
        told = self._disturbed(peer.upset(_REQUEST))
        if told.accepted or told is _BROKEN:
            content = {"content": f"{notice.title}\n{notice.body}"}
            body = {"msgtype": "text", "text": content}
            self.stage.ledger.reached(
                Received(at=self.stage.wall(), key="hook", body=body, errcode=0, errmsg="ok", accepted=True)
            )
        return told

    def _disturbed(self, upset: Upset | None) -> Told:
        if upset is None or upset.kind == "slow":
            return Told(accepted=True)
        if upset.kind != "answer":
            return _BROKEN if upset.reaches else _REFUSED
        refuses = any(code in upset.body for code in (b"40058", b"12345"))
        return Told(accepted=False, said=(f"Failed to send: error={400 if refuses else 503}.",))


class Calls:
    """Takes the place of `sinks.Threads`. Most calls are quick, some outlast the patience of their attempt."""

    def __init__(self, *, rng: random.Random) -> None:
        self._rng = rng
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, call: Callable[[], Any], *, of: str = "") -> asyncio.Future[Any]:
        """See `Threads.start`; the call goes on when nobody waits any more."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            hangs = self._rng.random() < 0.03
            await asyncio.sleep(self._rng.uniform(9.0, 25.0) if hangs else self._rng.uniform(0.01, 0.5))
            result = call()
            if not future.done():
                future.set_result(result)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return future


@contextmanager
def threaded(stage: Stage, rng: random.Random) -> Iterator[None]:
    """Let all services that are opened meanwhile be hooks."""

    def opened(url: str) -> Any:
        service = open_service(url)
        service.tell = Hook(stage=stage).tell  # type: ignore[method-assign]
        return service

    with (
        mock.patch.object(building, "Threads", partial(Calls, rng=rng)),
        mock.patch.object(apprise_service, "open_service", opened),
    ):
        yield
