"""The faults of a plan, done to a running world."""

from __future__ import annotations

import random
from typing import Literal, Protocol

import httpx
import msgspec

from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.status import StatusError
from kube_wecom_eventer.demo.wecom import WeComGroup
from tests.simulation.instance import Instance
from tests.simulation.plan import KEYS, FaultPlan
from tests.simulation.transport import Direction, Peer, Upset

_PARTITIONS: tuple[tuple[Direction, ...], ...] = (("requests", "answers"), ("requests",), ("answers",))


class Stage(Protocol):
    """What faults are done to."""

    api: ApiServer
    wecom: WeComGroup
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
    """Begins and ends faults. ``healed``: no request is upset any more."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self._stage = stage
        self._rng = rng
        self._upsetting: dict[str, list[FaultPlan]] = {"api": [], "wecom": []}
        stage.api_peer.upset = self._upset_api
        stage.wecom_peer.upset = self._upset_wecom

    def begin(self, fault: FaultPlan) -> None:
        """Let it happen; a lasting one goes on until `end`."""
        stage = self._stage
        match fault.kind:
            case "watches close":
                stage.api.close_watches()
            case "watches are cut":
                stage.api.cut_watches()
            case "garbage in the watches":
                stage.api.send_garbage()
            case "compaction":
                stage.api.compact()
            case "compaction and watches close":
                stage.api.compact()
                stage.api.close_watches()
            case "restore":
                stage.restore(fault.number)
            case "API server down" | "API server down and compaction":
                stage.api_peer.go_down()
                stage.api.close_watches()
            case "WeCom down":
                stage.wecom_peer.go_down()
            case "robot removed":
                stage.wecom.remove_robot(KEYS[fault.number % 2])
            case "partition from the API server" | "partition from WeCom":
                for instance in stage.running:
                    instance.cards["WeCom" in fault.kind].block(*_PARTITIONS[fault.number % 3])
            case "partition of the leader":
                for instance in stage.leading[:1]:
                    instance.cards[0].block(*_PARTITIONS[fault.number % 3])
            case "rollout":
                for instance in stage.leading[:1]:
                    stage.roll_out(instance, after=fault.number / 3)
            case "API server errors" | "checkpoint refused" | "checkpoint refused and kill" | "lease refused":
                self._upsetting["api"].append(fault)
            case "WeCom errors" | "WeCom too fast" | "kill under a fault of WeCom":
                self._upsetting["wecom"].append(fault)
            case "kill" | "graceful restart":
                self._restart(fault)
            case "kill at a request":
                for instance in stage.leading[:1]:
                    instance.kill_at = instance.requests + fault.number
            case _:
                raise ValueError(fault.kind)

    def end(self, fault: FaultPlan) -> None:
        """Let a lasting fault be over."""
        stage = self._stage
        for upsetting in self._upsetting.values():
            if fault in upsetting:
                upsetting.remove(fault)
        match fault.kind:
            case "API server down and compaction":
                stage.api.compact()
                stage.api_peer.down = False
            case "API server down":
                stage.api_peer.down = False
            case "WeCom down":
                stage.wecom_peer.down = False
            case "robot removed":
                stage.wecom.add_robot(KEYS[fault.number % 2])
            case "partition from the API server" | "partition from WeCom" | "partition of the leader":
                for instance in stage.running:
                    instance.cards["WeCom" in fault.kind].unblock(breaking=fault.number % 2 == 0)
            case "checkpoint refused and kill" | "kill under a fault of WeCom":
                self._restart(fault)
            case _:
                pass

    def _restart(self, fault: FaultPlan) -> None:
        how: Literal["kill", "stop"] = "stop" if fault.kind == "graceful restart" else "kill"
        for instance in self._stage.leading[:1]:
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

    def _upset_wecom(self, _request: httpx.Request) -> Upset | None:
        for fault in self._upsetting["wecom"]:
            if self._rng.random() < fault.chance:
                return _errcode(45009) if fault.kind == "WeCom too fast" else self._rng.choice(_WECOM_ERRORS)
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


def restorable(api: ApiServer, back: int, *, oldest: int) -> int | None:
    """Return the revision so many writes ago, at least ``oldest``; None where it is forgotten."""
    revision = max(oldest, api.store.revision - back)
    try:
        api.store.list("events", at=revision)
    except StatusError:
        return None
    return revision
