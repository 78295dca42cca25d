"""The faults of a plan, done to a running world."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal, Protocol

import httpx
import msgspec

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.status import StatusError
from tests.simulation.chats import Chats
from tests.simulation.instance import Instance
from tests.simulation.plan import KEYS, FaultPlan
from tests.simulation.transport import Direction, Peer, Upset

_PARTITIONS: tuple[tuple[Direction, ...], ...] = (("requests", "answers"), ("requests",), ("answers",))


class Stage(Protocol):
    """What faults are done to."""

    api: ApiServer
    chats: Chats
    api_peer: Peer
    wecom_peer: Peer

    @property
    def running(self) -> list[Instance]:
        """The daemons that live."""
        ...

    def restore(self, back: int) -> None:
        """Restore the API server from the state so many writes ago."""
        ...

    @property
    def leading(self) -> list[Instance]:
        """Those of them that tell; all where none does."""
        ...

    def restart(self, instance: Instance, *, after: float, how: Literal["kill", "stop"]) -> None:
        """End a daemon and start the next one some seconds later."""
        ...

    def roll_out(self, instance: Instance, *, after: float) -> None:
        """Start the next daemon, and stop this one some seconds later."""
        ...


class Faults:
    """Begins and ends the faults of a plan."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self._stage = stage
        self._rng = rng
        self._upsetting: dict[str, list[FaultPlan]] = {"api": [], "wecom": []}
        stage.api_peer.upset = self._upset_api
        stage.wecom_peer.upset = self._upset_wecom

    def begin(self, fault: FaultPlan) -> None:
        """Let it happen; a lasting one goes on until `end`."""
        _BEGIN[fault.kind](self, fault)

    def end(self, fault: FaultPlan) -> None:
        """Let a lasting fault be over."""
        for upsetting in self._upsetting.values():
            if fault in upsetting:
                upsetting.remove(fault)
        if fault.kind in _END:
            _END[fault.kind](self, fault)

    def close_watches(self, fault: FaultPlan) -> None:
        self._stage.api.close_watches()

    def cut_watches(self, fault: FaultPlan) -> None:
        self._stage.api.cut_watches()

    def send_garbage(self, fault: FaultPlan) -> None:
        self._stage.api.send_garbage()

    def compact(self, fault: FaultPlan) -> None:
        self._stage.api.compact()
        if fault.kind == "compaction and watches close":
            self._stage.api.close_watches()

    def restore(self, fault: FaultPlan) -> None:
        self._stage.restore(fault.number)

    def api_down(self, fault: FaultPlan) -> None:
        self._stage.api_peer.go_down()
        self._stage.api.close_watches()

    def api_up(self, fault: FaultPlan) -> None:
        if fault.kind == "API server down and compaction":
            self._stage.api.compact()
        self._stage.api_peer.down = False

    def wecom_down(self, fault: FaultPlan) -> None:
        self._stage.wecom_peer.go_down()

    def wecom_up(self, fault: FaultPlan) -> None:
        self._stage.wecom_peer.down = False

    def remove_robot(self, fault: FaultPlan) -> None:
        self._stage.chats.wecom.remove_robot(KEYS[fault.number % 2])
        if fault.number % 3 == 0:
            self._stage.chats.remove_others()

    def add_robot(self, fault: FaultPlan) -> None:
        self._stage.chats.wecom.add_robot(KEYS[fault.number % 2])
        self._stage.chats.add_others()

    def part(self, fault: FaultPlan) -> None:
        leader = fault.kind == "partition of the leader"
        for instance in self._stage.leading[:1] if leader else self._stage.running:
            instance.cards["WeCom" in fault.kind].block(*_PARTITIONS[fault.number % 3])
        if leader and fault.number % 2:
            self._upsetting["wecom"].append(fault)

    def join(self, fault: FaultPlan) -> None:
        for instance in self._stage.running:
            instance.cards["WeCom" in fault.kind].unblock(breaking=fault.number % 2 == 0)

    def upset_api(self, fault: FaultPlan) -> None:
        self._upsetting["api"].append(fault)

    def upset_wecom(self, fault: FaultPlan) -> None:
        self._upsetting["wecom"].append(fault)

    def roll_out(self, fault: FaultPlan) -> None:
        for instance in self._stage.leading[:1]:
            self._stage.roll_out(instance, after=fault.number / 3)

    def doom(self, fault: FaultPlan) -> None:
        for instance in self._stage.leading[:1]:
            instance.kill_at = instance.requests + fault.number

    def restart(self, fault: FaultPlan) -> None:
        how: Literal["kill", "stop"] = "stop" if fault.kind == "graceful restart" else "kill"
        for instance in self._stage.leading[:1]:
            # Mostly soon, sometimes after a minute and a half.
            self._stage.restart(instance, after=fault.number * fault.number / 10, how=how)

    def _upset_api(self, request: httpx.Request) -> Upset | None:
        for fault in self._upsetting["api"]:
            if self._rng.random() >= fault.chance:
                continue
            if fault.kind == "API server errors":
                return self._rng.choice(_API_ERRORS)
            concerned = "leases" if fault.kind == "lease refused" else "configmaps"
            if request.method != "GET" and concerned in request.url.path:
                return self._rng.choice(_WRITE_ERRORS)
        return None

    def _upset_wecom(self, request: httpx.Request) -> Upset | None:
        for fault in self._upsetting["wecom"]:
            if self._rng.random() < fault.chance:
                upset = self._rng.choice(_OF_WECOM.get(fault.kind, _WECOM_ERRORS))
                return _IN_DINGTALKS_WORDS.get(upset.body, upset) if request.url.host == "ding.test" else upset
        return None


def _errcode(errcode: int) -> Upset:
    body = msgspec.json.encode({"errcode": errcode, "errmsg": "planned"})
    return Upset(kind="answer", status=200, body=body, headers=(("content-type", "application/json"),))


def _page(status: int, *, reaches: bool = False) -> Upset:
    headers = (("content-type", "text/html"),)
    return Upset(kind="answer", status=status, body=b"<html>try later</html>", headers=headers, reaches=reaches)


def _status(code: int, *headers: tuple[str, str]) -> Upset:
    body = msgspec.json.encode({"kind": "Status", "code": code, "reason": "Planned", "message": "planned"})
    return Upset(kind="answer", status=code, body=body, headers=(("content-type", "application/json"), *headers))


_NETWORK = (
    Upset(kind="refused"),
    Upset(kind="reset"),
    Upset(kind="reset", reaches=True),
    Upset(kind="silent"),
    Upset(kind="silent", reaches=True),
    Upset(kind="slow", seconds=6.0),
    Upset(kind="slow", seconds=2.0),
)
_API_ERRORS = (
    *_NETWORK, _status(500), _status(503), _status(429, ("retry-after", "1")), _status(410), _page(502), _page(200),
)  # fmt: skip
_WRITE_ERRORS = (
    _status(403), _status(500), _status(409), Upset(kind="silent"), Upset(kind="silent", reaches=True),
    Upset(kind="reset", reaches=True),
)  # fmt: skip
_WECOM_ERRORS = (
    *_NETWORK, _errcode(-1), _errcode(-1), _errcode(45033), _page(500), _page(502), _page(200), _status(429),
    _page(504, reaches=True),
)  # fmt: skip
_OF_WECOM = {
    "WeCom too fast": (_errcode(45009),),
    "WeCom refuses": (_errcode(40058), _errcode(40058), _errcode(12345)),
    "partition of the leader": (Upset(kind="slow", least=7.0, seconds=7.9),),
}


_IN_DINGTALKS_WORDS = {
    _errcode(code).body: _errcode(other) for code, other in ((45009, 130101), (45033, -1), (40058, 400105))
}
"""What DingTalk answers where WeCom would answer that."""

_BEGIN: dict[str, Callable[[Faults, FaultPlan], None]] = {
    "watches close": Faults.close_watches,
    "watches are cut": Faults.cut_watches,
    "garbage in the watches": Faults.send_garbage,
    "compaction": Faults.compact,
    "compaction and watches close": Faults.compact,
    "restore": Faults.restore,
    "API server down": Faults.api_down,
    "API server down and compaction": Faults.api_down,
    "API server errors": Faults.upset_api,
    "checkpoint refused": Faults.upset_api,
    "checkpoint refused and kill": Faults.upset_api,
    "lease refused": Faults.upset_api,
    "WeCom down": Faults.wecom_down,
    "WeCom errors": Faults.upset_wecom,
    "WeCom refuses": Faults.upset_wecom,
    "WeCom too fast": Faults.upset_wecom,
    "kill under a fault of WeCom": Faults.upset_wecom,
    "robot removed": Faults.remove_robot,
    "partition from the API server": Faults.part,
    "partition from WeCom": Faults.part,
    "partition of the leader": Faults.part,
    "kill": Faults.restart,
    "graceful restart": Faults.restart,
    "kill at a request": Faults.doom,
    "rollout": Faults.roll_out,
}
_END: dict[str, Callable[[Faults, FaultPlan], None]] = {
    "API server down": Faults.api_up,
    "API server down and compaction": Faults.api_up,
    "WeCom down": Faults.wecom_up,
    "robot removed": Faults.add_robot,
    "partition from the API server": Faults.join,
    "partition from WeCom": Faults.join,
    "partition of the leader": Faults.join,
    "checkpoint refused and kill": Faults.restart,
    "kill under a fault of WeCom": Faults.restart,
}


def restorable(api: ApiServer, back: int, *, oldest: int) -> int | None:
    """Return the revision so many writes ago, at least ``oldest``; None where it is forgotten."""
    revision = max(oldest, api.store.revision - back)
    try:
        api.store.list("events", at=revision)
    except StatusError:
        return None
    return revision
