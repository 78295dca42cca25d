"""Mistakes made on purpose, each a small patch: what would be worth nothing if no invariant noticed it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from kube_wecom_eventer import paces
from kube_wecom_eventer.alerts.told import ToldAlerts
from kube_wecom_eventer.errors import Gone
from kube_wecom_eventer.kube.event_stream import EventStream
from kube_wecom_eventer.kube.last_seen import LastSeen
from kube_wecom_eventer.kube.leadership import LeaseLeadership
from kube_wecom_eventer.kube.resumption import Resumption
from kube_wecom_eventer.notify import Dispatcher, MergingPending, Notification, Pace, RecordedPace
from kube_wecom_eventer.notify.pace import WINDOW
from kube_wecom_eventer.notify.repeats import Repeats
from kube_wecom_eventer.render import digest
from kube_wecom_eventer.sinks import AppriseService, Outcome, Verdict, wecom_application
from kube_wecom_eventer.sinks.access_token import AccessToken
from kube_wecom_eventer.sinks.codes import Codes
from tests.simulation.invariants import violations
from tests.simulation.observe import Counted
from tests.simulation.plan import make_plan
from tests.simulation.world import World

Patch = AbstractContextManager[Any]
WITH_CHECKPOINT = ("restarts", "replicas", "rollouts")
EVERY = ("alone", *WITH_CHECKPOINT)


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A mistake. ``noticed_by``: the invariants that may notice it. ``modes``: of the runs in which it matters;
    ``chat``: to which a route of these runs leads; ``alerts``: they have some."""

    name: str
    says: str
    noticed_by: tuple[str, ...]
    make: Callable[[], Patch]
    modes: Sequence[str] = EVERY
    chat: str = "wecom"
    alerts: bool = False
    seeds: range = range(600)


def _replaced(owner: Any, name: str, value: Any) -> Callable[[], Patch]:
    return lambda: mock.patch.object(owner, name, value)


def _wrapped(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Callable[[], Patch]:
    return lambda: mock.patch.object(owner, name, wrap(getattr(owner, name)))


@contextmanager
def _window_of_59_s() -> Iterator[None]:
    defaults = Pace.__init__.__kwdefaults__
    with mock.patch.dict(defaults, {"window": WINDOW - 1}):
        yield


def _slot_from_start(_finish: Any) -> Any:
    def finish(self: Any, now: float) -> None:
        self._in_flight -= 1
        self._answered.append(self.started_at)

    return finish


@contextmanager
def _slot_released_from_the_start() -> Iterator[None]:
    start = Pace.start

    def noted(self: Any, now: float) -> None:
        self.started_at = now
        start(self, now)

    with mock.patch.object(Pace, "start", noted), _wrapped(Pace, "finish", _slot_from_start)():
        yield


def _gone_forgets(attempt: Any) -> Any:
    async def forgetting(self: Any) -> Any:
        try:
            async with contextlib.aclosing(attempt(self)) as events:
                async for event in events:
                    yield event
        except Gone:
            self._position = None

    return forgetting


def _busy_is_fine(classify: Any) -> Any:
    return lambda self, errcode: (Verdict.ACCEPTED, "") if errcode == -1 else classify(self, errcode)


def _held_count_lost(release: Any) -> Any:
    def released(self: Any, now: float) -> None:
        for waiting in self._routes.values():
            for held in waiting.held.values():
                if held.due_at <= now and isinstance(held.group.count, Counted):
                    held.group.count = Counted(1, *held.group.count.versions()[:1])
        release(self, now)

    return released


def _sums_without_other(sums: Any) -> Any:
    return lambda items, words, clean: sums(items[: len(items) // 2], words, clean)


def _merged_twice(merge: Any) -> Any:
    def merged(group: Any, event: Any, count: int) -> None:
        merge(group, event, count)
        if isinstance(count, Counted) and not group.several:
            group.count = Counted(int(group.count) + 1, group.count)

    return staticmethod(merged)


def _told_twice(attempt: Any) -> Any:
    async def twice(self: Any, attempts: Any) -> Outcome:
        outcome: Outcome = await attempt(self, attempts)
        if outcome.verdict is Verdict.ACCEPTED and attempts.batch.count > 3:
            outcome = await attempt(self, attempts)
        return outcome

    return twice


def _overtaking(_offer: Any) -> Any:
    def offer(self: Any, notification: Notification) -> None:
        now = asyncio.get_running_loop().time()
        self._pending.add(notification, now)
        if self._pending.merges and self._alone is None and self._pending.events == 1 and self._pace.free(now) > 5:
            self._alone = self._pending.take(now)
        self._wake()

    return offer


def _drops_in_silence(drop: Any) -> Any:
    def dropped(self: Any, route: str, items: Any, reason: str, detail: str) -> None:
        if reason not in ("too_old", "refused"):
            drop(self, route, items, reason, detail)

    return dropped


@contextmanager
def _leads_for_ever() -> Iterator[None]:
    hold = LeaseLeadership.hold

    async def held(self: Any) -> None:
        while True:
            await hold(self)
            self._renewed_at = asyncio.get_running_loop().time()

    with mock.patch.object(LeaseLeadership, "hold", held):
        yield


def _oldest_first(_due: Any) -> Any:
    def due_at(self: Any, event: Any, now: float) -> float | None:
        interval: float = self.interval
        key = (event.involved_object.uid, event.reason)
        told: dict[Any, float] = self.__dict__.setdefault("planted", {})
        if interval <= 0 or key not in told:
            told[key] = now
            return None
        return now + interval

    return due_at


def _forgets_calls(send: Any) -> Any:
    async def forgetful(self: AppriseService, message: Any) -> Outcome:
        outcome: Outcome = await send(self, message)
        self._sending = None
        return outcome

    return forgetful


PLANTS: tuple[Plant, ...] = (
    Plant(name="pace-window", says="the pace's window has 59 s", noticed_by=("paced",), make=_window_of_59_s),
    Plant(
        name="slot-from-start",
        says="a slot is free 60 s after the attempt's start, not after its answer",
        noticed_by=("paced",),
        make=_slot_released_from_the_start,
    ),
    Plant(
        name="gone-from-newest",
        says="after 410 the watch goes on from the newest version, without a list",
        noticed_by=("represented",),
        make=_wrapped(EventStream, "_attempt", _gone_forgets),
    ),
    Plant(
        name="busy-is-accepted",
        says="errcode -1 counts as accepted",
        noticed_by=("represented",),
        make=_wrapped(Codes, "classify", _busy_is_fine),
    ),
    Plant(
        name="application-too-fast",
        says="an application sends 20 messages a minute",
        noticed_by=("paced",),
        make=_replaced(wecom_application, "_LIMIT", 20),
        chat="wechat",
    ),
    Plant(
        name="token-kept",
        says="an access token that was refused is used again",
        noticed_by=("represented",),
        make=_replaced(AccessToken, "spoil", lambda _self, _value: None),
        chat="wechat",
    ),
    Plant(
        name="silent-drop",
        says="what is refused or too old is dropped without being counted",
        noticed_by=("represented", "balanced"),
        make=_wrapped(Dispatcher, "_drop", _drops_in_silence),
    ),
    Plant(
        name="held-count",
        says="repeats that were held back count as one",
        noticed_by=("balanced", "represented"),
        make=_wrapped(MergingPending, "release", _held_count_lost),
    ),
    Plant(
        name="merged-twice",
        says="a merged version counts twice",
        noticed_by=("counted",),
        make=_wrapped(MergingPending, "_merge", _merged_twice),
    ),
    Plant(
        name="digest-sums",
        says="the sums in a digest's last line leave some out",
        noticed_by=("counted",),
        make=_wrapped(digest, "sums_line", _sums_without_other),
    ),
    Plant(
        name="told-twice",
        says="an accepted digest is sent once more",
        noticed_by=("once",),
        make=_wrapped(Dispatcher, "_attempt", _told_twice),
    ),
    Plant(
        name="overtaking",
        says="an event that waits for a digest may leave alone, after those behind it",
        noticed_by=("ordered",),
        make=_wrapped(Dispatcher, "offer", _overtaking),
        # Needs a repeat in the three seconds before a digest: rare.
        seeds=range(300, 600),
    ),
    Plant(
        name="no-cap",
        says="groups have no cap",
        noticed_by=("bounded",),
        make=_replaced(MergingPending, "_within_cap", lambda _self, _waiting, key: key),
    ),
    Plant(
        name="in-flight-not-noted",
        says="the checkpoint forgets what is being sent",
        noticed_by=("represented",),
        make=_replaced(Dispatcher, "versions", lambda self: self._pending.versions()),
        modes=WITH_CHECKPOINT,
    ),
    Plant(
        name="waiting-not-resumed",
        says="what waited in the checkpoint is not looked for in the list",
        noticed_by=("dropped_rightly", "represented"),
        make=_replaced(Resumption, "listed", lambda _self, event, *, new: []),
        modes=WITH_CHECKPOINT,
    ),
    Plant(
        name="send-times-lost",
        says="the checkpoint has no send times",
        noticed_by=("paced",),
        make=_replaced(RecordedPace, "attempts", lambda _self, _now: []),
        modes=WITH_CHECKPOINT,
    ),
    Plant(
        name="unclean-start-trusted",
        says="after a kill nothing counts as just sent",
        noticed_by=("paced",),
        make=_replaced(paces, "UNRECORDED", 0),
        modes=WITH_CHECKPOINT,
    ),
    Plant(
        name="newer-writer-ignored",
        says="another one's name in the checkpoint means nothing",
        noticed_by=("superseded", "once"),
        make=_replaced(LastSeen, "check", lambda self, document: self.note(document)),
        modes=("rollouts",),
        # Much must be waiting while two processes send: rare.
        seeds=range(900, 1000),
    ),
    Plant(
        name="lease-not-asked",
        says="a request starts whoever leads",
        noticed_by=("led",),
        make=_replaced(LeaseLeadership, "may_start_until", lambda _self: float("inf")),
        modes=("replicas",),
        # A request must start in the last seconds before the loss, arrive late, and find another leading: rare.
        seeds=range(1600, 1650),
    ),
    Plant(
        name="lease-never-lost",
        says="a leader that can't renew goes on",
        noticed_by=("led",),
        make=_leads_for_ever,
        modes=("replicas",),
    ),
    Plant(
        name="repeat-by-reason",
        says="repeats are told apart by object and reason, and each puts the end off",
        noticed_by=("represented", "ordered"),
        make=_wrapped(Repeats, "due_at", _oldest_first),
    ),
    Plant(
        name="alerts-not-noted",
        says="the checkpoint forgets alerts that wait",
        noticed_by=("represented",),
        make=_replaced(Dispatcher, "alerts", lambda _self: iter(())),
        modes=WITH_CHECKPOINT,
        alerts=True,
    ),
    Plant(
        name="told-alerts-forgotten",
        says="the checkpoint forgets which alerts were told",
        noticed_by=("once",),
        make=_replaced(ToldAlerts, "entries", lambda _self, _most: {}),
        modes=WITH_CHECKPOINT,
        alerts=True,
    ),
    Plant(
        name="alerts-always-news",
        says="an alert that is posted again is told again",
        noticed_by=("once",),
        make=_replaced(ToldAlerts, "is_news", lambda *_args, **_options: True),
        alerts=True,
    ),
    Plant(
        name="call-not-waited-for",
        says="what hangs in a thread is sent again instead of being waited for",
        noticed_by=("once",),
        make=_wrapped(AppriseService, "send", _forgets_calls),
        chat="apprise",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """The first seed whose run shows a mistake, the number of runs until then, and the invariants that noticed."""

    seed: int
    runs: int
    invariants: tuple[str, ...]


def noticed(plant: Plant) -> Noticed | None:
    """Play seeds with the mistake until an invariant notices that should; None where none does."""
    runs = 0
    for seed in plant.seeds:
        plan = make_plan(seed)
        matters = plan.mode in plant.modes and (plan.alerts or not plant.alerts)
        if not matters or all(route.chat != plant.chat for route in plan.routes):
            continue
        runs += 1
        world = World(plan=plan)
        with plant.make():
            world.run()
        found = tuple(violation.invariant for violation in violations(world))
        if "alive" in found and "alive" not in plant.noticed_by:
            raise AssertionError(f"{plant.name} breaks the daemon itself, and proves nothing; correct the plant")
        if any(invariant in plant.noticed_by for invariant in found):
            return Noticed(seed=seed, runs=runs, invariants=found)
    return None
