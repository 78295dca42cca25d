"""Alertmanager in a run: it says that alerts fire, says it again while they do, and that they are over, until it is
answered 200."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert, alert_event
from kube_wecom_eventer.alerts import Posted
from tests.simulation.history import History
from tests.simulation.instance import Instance
from tests.simulation.observe import INSTANCE, Version, version_of
from tests.simulation.plan import EPOCH, AlertPlan, RoutePlan

_AGAIN = 5.0
"""Seconds after which a post that was answered 503 is tried again."""


class Stage(Protocol):
    """What alerts are posted to."""

    instances: list[Instance]
    history: History
    restored_at: list[float]
    began: float

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        ...

    def said(self, line: str) -> None:
        """Note what happened."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A version of an alert, firing or over, that was answered 200. ``by``: who did so last."""

    version: Version
    at: float
    routes: tuple[str, ...]
    by: Instance


@dataclass(kw_only=True)
class Alertmanager:
    """Posts the alerts of a plan to whoever takes them. ``taken`` holds what was answered 200, ``unposted`` what was
    not yet."""

    stage: Stage
    routes: tuple[RoutePlan, ...]
    rng: random.Random
    taken: dict[Version, Taken] = field(default_factory=dict)
    unposted: set[tuple[AlertPlan, bool]] = field(default_factory=set)

    def timeline(self, alerts: Collection[AlertPlan]) -> Iterator[tuple[float, Callable[[], None]]]:
        """Yield what happens when."""
        for alert in alerts:
            for number in range(int(alert.lasts // alert.repeat) + 1):
                yield alert.at + number * alert.repeat, partial(self.post, alert, over=False)
            yield alert.at + alert.lasts, partial(self.post, alert, over=True)

    def untold(self, told: Mapping[str, Collection[Version]]) -> dict[str, list[Taken]]:
        """Return for each route what was answered 200 and that no accepted message told, but what had to be lost."""
        missing: dict[str, list[Taken]] = defaultdict(list)
        for taken in self.taken.values():
            for route in taken.routes:
                if taken.version not in told.get(route, ()) and not self._lost(taken):
                    missing[route].append(taken)
        return missing

    def post(self, plan: AlertPlan, *, over: bool) -> None:
        """Post an alert, and again later where nobody takes it."""
        if not over and self.stage.now >= plan.at + plan.lasts:
            self.unposted.discard((plan, over))
            return
        alert = self._alert(plan, over=over)
        version = version_of(alert_event(alert))
        takes = [each for each in self.stage.instances if each.intake]
        if not takes:
            self.unposted.add((plan, over))
            asyncio.get_running_loop().call_later(_AGAIN, partial(self.post, plan, over=over))
            return
        self.unposted.discard((plan, over))
        instance = self.rng.choice(takes)
        token = INSTANCE.set(instance.name)
        if intake := instance.intake:
            intake.take(Posted(alerts=(alert,)), received_at=asyncio.get_running_loop().time())
        INSTANCE.reset(token)
        routes = tuple(route.name for route in self.routes if route.selects(plan))
        self.taken[version] = Taken(version=version, at=self.stage.now, routes=routes, by=instance)
        self.stage.said(
            f"alert {version[1]}: {alert.status} {plan.reason} {plan.namespace}/{plan.deployment} to {instance.name}"
        )

    def _lost(self, taken: Taken) -> bool:
        """Whether the process that took it is gone and no checkpoint of its knew of it: then it is lost, unless it is
        posted again."""
        if taken.by.running:
            return False
        at = taken.at + self.stage.began
        written = (each for each in self.stage.history.checkpoints if each.writer == taken.by.name)
        return bool(self.stage.restored_at) or not any(each.taken_at >= at for each in written)

    def _alert(self, plan: AlertPlan, *, over: bool) -> Alert:
        starts_at = EPOCH + timedelta(seconds=int(self.stage.began + plan.at))
        return Alert(
            status=RESOLVED if over else FIRING,
            labels={
                "alertname": plan.reason, "severity": plan.severity, "namespace": plan.namespace,
                "deployment": plan.deployment,
            },
            annotations={"summary": f"{plan.deployment} is in trouble"},
            starts_at=starts_at,
            ends_at=starts_at + timedelta(seconds=int(plan.lasts)) if over else None,
        )  # fmt: skip
