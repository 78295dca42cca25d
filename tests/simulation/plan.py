"""What will happen in a run: routes, events and faults, all from one seed, decided before it starts.

A plan is data, so that a trace can show it. Each aspect draws from a stream of its own: a change of how faults are
drawn leaves the events as they were.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime

EPOCH = datetime(2026, 11, 20, tzinfo=UTC)
"""What the wall clock shows when the loop's clock shows 0."""
NAMESPACES = ("payments", "shop", "search")
REASONS = ("BackOff", "Failed", "FailedScheduling", "Unhealthy", "Evicted")
KEYS = ("11111111-aaaa-4bbb-8ccc-000000000001", "22222222-aaaa-4bbb-8ccc-000000000002")
CORP, AGENT, CORP_SECRET = "ww01", 1000002, "secret-of-the-application"
DING_TOKEN, DING_SIGN = "token-of-the-robot", "SEC-of-the-robot"
CHECKPOINT = "checkpoint"
APPS = ("cart", "ledger", "indexer", "checkout")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_MESSAGES = (
    "Back-off restarting failed container app in pod {pod}",
    "Readiness probe failed: HTTP probe failed with statuscode: 503",
    "0/3 nodes are available: 3 Insufficient cpu.",
    "Liveness probe failed on {pod} after 12 s",
    'Failed to pull image "registry/{app}:v{n}": not found',
)


def stream(seed: int, name: str) -> random.Random:
    """Return the random numbers of one aspect of a run."""
    return random.Random(f"{seed}/{name}")


_TO = {
    "wecom": "wecom:?key={key}&api=http://wecom.test",
    "wechat": f"wechat:?corp_id={CORP}&agent_id={AGENT}&corp_secret={CORP_SECRET}&api=http://wecom.test",
    "dingtalk": f"dingtalk:http://ding.test/robot/send?access_token={DING_TOKEN}&sign={DING_SIGN}",
    "apprise": "apprise:json://hook.test/in?",
}


@dataclass(frozen=True, kw_only=True)
class RoutePlan:
    """One ``--sink``, and by itself which events it selects. ``chat``: the scheme; ``key``: of a robot of WeCom."""

    name: str
    chat: str = "wecom"
    key: str
    level: str
    namespaces: tuple[str, ...]
    reasons: tuple[str, ...]
    repeat_interval: int
    group_wait: int
    msgtype: str

    def argument(self) -> str:
        """Return the flag as a user writes it."""
        options = [_TO[self.chat].format(key=self.key), f"route={self.name}", f"level={self.level}"]
        options.append(f"repeat_interval={self.repeat_interval}s")
        if self.msgtype:
            options.append(f"msgtype={self.msgtype}")
        if self.group_wait:
            options.append(f"group_wait={self.group_wait}s")
        if self.namespaces:
            options.append(f"namespaces={','.join(self.namespaces)}")
        if self.reasons:
            options.append(f"reason={','.join(f'^{reason}$' for reason in self.reasons)}")
        return f"--sink={'&'.join(options)}"

    def selects(self, event: EventPlan | AlertPlan) -> bool:
        """Whether the route is to tell this event, or alert."""
        return (
            (event.level == "Warning" or self.level == "Normal")
            and (not self.namespaces or event.namespace in self.namespaces)
            and (not self.reasons or event.reason in self.reasons)
        )


@dataclass(frozen=True, kw_only=True)
class EventPlan:
    """One write of an event object; the same ``name`` again is its next version."""

    at: float
    name: str
    namespace: str
    pod: str
    reason: str
    message: str
    level: str


@dataclass(frozen=True, kw_only=True)
class AlertPlan:
    """An alert that fires for ``lasts`` seconds, once in a run; every ``repeat`` seconds it is posted again.

    ``reason``: its name.
    """

    at: float
    reason: str
    namespace: str
    deployment: str
    severity: str
    lasts: float
    repeat: float

    @property
    def level(self) -> str:
        """The level of its severity."""
        return "Normal" if self.severity == "info" else "Warning"


@dataclass(frozen=True, kw_only=True)
class FaultPlan:
    """A fault from ``at`` on for ``lasts`` seconds (0: it is over at once). ``chance``: of each request to be hit."""

    at: float
    kind: str
    lasts: float = 0.0
    chance: float = 1.0
    number: int = 0

    def __str__(self) -> str:
        span = f" for {self.lasts:.1f} s" if self.lasts else ""
        chance = f" on {self.chance:.0%} of requests" if self.chance < 1 else ""
        return f"{self.kind}{span}{chance}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A whole run.

    ``mode``: alone (no checkpoint, never ended before the end), restarts (one after the other, with a checkpoint),
    replicas (two that elect a leader), or rollouts (the next one starts before the last one stops, none elected).
    ``max_groups`` and ``page``, the events in a page of a list, may be so small that they matter. ``drains``: the run
    ends with SIGTERM. ``idle``: seconds after which it ends.
    """

    seed: int
    mode: str
    routes: tuple[RoutePlan, ...]
    events: tuple[EventPlan, ...]
    alerts: tuple[AlertPlan, ...]
    faults: tuple[FaultPlan, ...]
    ends_at: float
    event_metrics: bool
    max_groups: int
    page: int
    max_age: int
    drains: bool
    idle: float

    @property
    def calm(self) -> bool:
        """Whether nothing goes wrong in it."""
        return not self.faults

    def arguments(self) -> list[str]:
        """Return the daemon's flags."""
        flags = [route.argument() for route in self.routes]
        flags.append(f"--event-metrics={str(self.event_metrics).lower()}")
        flags += [f"--max-groups={self.max_groups}", f"--max-age={self.max_age}s"]
        flags.append("--checkpoint=none" if self.mode == "alone" else f"--checkpoint=configmap:default/{CHECKPOINT}")
        if self.mode == "replicas":
            flags.append("--leader-elect")
        return flags


def make_plan(seed: int) -> Plan:
    """Return the plan of a seed."""
    rng = stream(seed, "shape")
    shape = rng.choices(("quiet", "busy", "steady", "storm", "long"), (50, 33, 10, 6, 1))[0]
    mode = rng.choices(("alone", "restarts", "replicas", "rollouts"), (30, 45, 15, 10))[0]
    length = {"quiet": 240.0, "busy": 420.0, "steady": 200.0, "storm": 300.0, "long": 5400.0}[shape] * rng.uniform(
        0.5, 1.5
    )
    if mode == "replicas":
        length = min(length, 300.0)
    routes = (
        *_routes(stream(seed, "routes")),
        *_other_chats(stream(seed, "chats")),
        *_threads(stream(seed, "threads")),
    )
    plan = Plan(
        seed=seed,
        mode=mode,
        routes=routes,
        events=_events(stream(seed, "events"), shape, length),
        alerts=(),
        faults=() if rng.random() < 0.1 else _faults(stream(seed, "faults"), length, mode, pressing=shape == "steady"),
        ends_at=length,
        event_metrics=rng.random() < 0.5,
        max_groups=rng.choice((2000, 2000, 2000, 2000, 12)),
        page=rng.choice((500, 500, 4)),
        max_age=rng.choice((3600, 3600, 3600, 120)),
        drains=rng.random() < 0.3,
        idle=rng.choice((0.0, 5.0, 30.0, 400.0)),
    )
    if plan.max_groups < 100:
        # What has no group of its own is kept as a sum across a restart: which alerts it stands for nobody knows then.
        return plan
    return replace(plan, alerts=_alerts(stream(seed, "alerts"), length))


def _routes(rng: random.Random) -> tuple[RoutePlan, ...]:
    return tuple(
        RoutePlan(
            name=f"route-{number}",
            key=rng.choice(KEYS),
            level=rng.choice(("Warning", "Warning", "Normal")),
            namespaces=rng.choice(((), (), NAMESPACES[:1], NAMESPACES[1:])),
            reasons=rng.choice(((), (), (), REASONS[:2])),
            repeat_interval=rng.choice((0, 0, 20, 300)),
            group_wait=rng.choice((0, 0, 0, 0, 8)),
            msgtype=rng.choice(("text", "markdown", "markdown_v2")),
        )
        for number in range(rng.choices((1, 2, 3), (5, 3, 2))[0])
    )


def _other_chats(rng: random.Random) -> tuple[RoutePlan, ...]:
    """Return a route to a chat that is no group of WeCom's, in every third run."""
    if rng.random() >= 1 / 3:
        return ()
    return (
        RoutePlan(
            name="route-chat",
            chat=rng.choice(("wechat", "dingtalk")),
            key="",
            level=rng.choice(("Warning", "Normal")),
            namespaces=rng.choice(((), NAMESPACES[:1])),
            reasons=(),
            repeat_interval=rng.choice((0, 20, 300)),
            group_wait=rng.choice((0, 0, 8)),
            msgtype=rng.choice(("text", "markdown")),
        ),
    )


def _threads(rng: random.Random) -> tuple[RoutePlan, ...]:
    """Return a route to a service of Apprise's, in every sixth run."""
    if rng.random() >= 1 / 6:
        return ()
    return (
        RoutePlan(
            name="route-threads",
            chat="apprise",
            key="",
            level=rng.choice(("Warning", "Normal")),
            namespaces=rng.choice(((), NAMESPACES[:1])),
            reasons=(),
            repeat_interval=rng.choice((0, 20, 300)),
            group_wait=rng.choice((0, 0, 8)),
            msgtype="",
        ),
    )


def _alerts(rng: random.Random, length: float) -> tuple[AlertPlan, ...]:
    """Return some alerts, in every third run."""
    if rng.random() >= 1 / 3:
        return ()
    return tuple(
        AlertPlan(
            at=rng.uniform(5.0, length),
            reason=rng.choice(REASONS),
            namespace=rng.choice(NAMESPACES),
            deployment=f"{rng.choice(APPS)}-{number}",
            severity=rng.choice(("critical", "warning", "info")),
            lasts=rng.choice((3.0, 30.0, 200.0)) * rng.uniform(0.5, 1.5),
            repeat=rng.choice((10.0, 60.0)),
        )
        for number in range(rng.choice((1, 3, 8, 30)))
    )


def _events(rng: random.Random, shape: str, length: float) -> tuple[EventPlan, ...]:
    made: list[EventPlan] = []
    at = rng.uniform(0.1, 5.0)
    while at < length:
        burst = rng.random()
        if shape == "steady":
            number, span = rng.randint(1, 2), rng.uniform(0.0, 2.0)
        elif shape == "storm" and burst < 0.2:
            number, span = rng.randint(50, 150), rng.uniform(0.1, 20.0)
        elif burst < (0.2 if shape == "busy" else 0.1):
            number, span = rng.randint(5, 25), rng.uniform(0.1, 5.0)
        else:
            number, span = rng.randint(1, 3), rng.uniform(0.0, 10.0)
        app, pods = rng.choice(APPS), [_pod(rng) for _ in range(rng.choice((1, 3, 30)))]
        spread = rng.random() < 0.3
        for moment in sorted(rng.uniform(at, at + span) for _ in range(number)):
            if made and rng.random() < 0.35:
                made.append(_again(rng, made, moment))
            else:
                made.append(_new(rng, len(made), moment, rng.choice(APPS) if spread else app, rng.choice(pods)))
        quiet = {"busy": 25.0, "steady": 1.0, "storm": 30.0, "quiet": 60.0, "long": 500.0}[shape]
        at += span + rng.expovariate(1 / quiet)
    return tuple(event for event in made if event.at < length)


def _pod(rng: random.Random) -> str:
    return f"{''.join(rng.choices(_SUFFIX, k=9))}-{''.join(rng.choices(_SUFFIX, k=5))}"


def _new(rng: random.Random, number: int, at: float, app: str, pod: str) -> EventPlan:
    name = f"{app}-{pod}"
    return EventPlan(
        at=at,
        name=f"{name}.{number:x}",
        namespace=rng.choice(NAMESPACES),
        pod=name,
        reason=rng.choice(REASONS),
        message=rng.choice(_MESSAGES).format(pod=name, app=app, n=rng.randint(1, 3)),
        level=rng.choice(("Warning", "Warning", "Warning", "Normal")),
    )


def _again(rng: random.Random, made: list[EventPlan], at: float) -> EventPlan:
    before = rng.choice(made[-20:])
    message = before.message + " again" if rng.random() < 0.1 else before.message
    return EventPlan(
        at=at,
        name=before.name,
        namespace=before.namespace,
        pod=before.pod,
        reason=before.reason,
        message=message,
        level=before.level,
    )


_INSTANT = (
    "watches close", "watches are cut", "garbage in the watches", "compaction", "compaction and watches close",
    "restore",
)  # fmt: skip
_LASTING = (
    "API server down", "API server down and compaction", "API server errors", "partition from the API server",
    "partition from WeCom", "WeCom errors", "WeCom errors", "WeCom down", "WeCom too fast", "robot removed",
    "WeCom refuses",
)  # fmt: skip
_OF_RESTARTS = (
    "kill", "kill", "kill at a request", "graceful restart", "checkpoint refused", "checkpoint refused and kill",
    "kill under a fault of WeCom",
)  # fmt: skip
_AT_ONCE = ("kill", "kill at a request", "graceful restart", "rollout")
_OF_MODES = {
    "alone": (),
    "restarts": _OF_RESTARTS * 3,
    "replicas": (*_OF_RESTARTS * 2, *("partition of the leader", "lease refused") * 3),
    "rollouts": (*_OF_RESTARTS, *("rollout",) * 12),
}


_PRESSING = {
    "restarts": (*("checkpoint refused and kill",) * 2, "kill", "kill at a request", "graceful restart"),
    "replicas": (*("partition of the leader",) * 2, "checkpoint refused and kill", "kill"),
    "rollouts": ("rollout", "checkpoint refused and kill"),
}
"""What may bring two senders too close to each other, while much is to be told."""


def _faults(rng: random.Random, length: float, mode: str, *, pressing: bool) -> tuple[FaultPlan, ...]:
    made: list[FaultPlan] = []
    if pressing and mode in _PRESSING:
        for _ in range(rng.randint(1, 3)):
            at, kind = rng.uniform(30.0, length), rng.choice(_PRESSING[mode])
            # Longer than a Lease, or so short that the next one finds the minute's messages.
            lasts = _lasts(rng, kind, (25.0,) if mode == "replicas" else (15.0,))
            made.append(FaultPlan(at=at, kind=kind, lasts=lasts, number=rng.randint(1, 8)))
        return tuple(sorted(made, key=lambda fault: fault.at))
    kinds = (*_INSTANT, *_LASTING, *_OF_MODES[mode])
    for _ in range(rng.choices((1, 2, 3, 5, 8), (3, 3, 3, 2, 1))[0]):
        kind = rng.choice(kinds)
        # The beginning is not disturbed: from where on a first start tells is a matter of its own.
        at, lasts = rng.uniform(5.0, length), _lasts(rng, kind, (2.0, 10.0, 40.0, 120.0))
        chance = rng.choice((0.1, 0.4, 1.0)) if "errors" in kind or "refused" in kind else 1.0
        made.append(FaultPlan(at=at, kind=kind, lasts=lasts, chance=chance, number=rng.randint(1, 30)))
    return tuple(sorted(made, key=lambda fault: fault.at))


def _lasts(rng: random.Random, kind: str, spans: tuple[float, ...]) -> float:
    return 0.0 if kind in (*_INSTANT, *_AT_ONCE) else rng.choice(spans) * rng.uniform(0.5, 1.5)
