"""What a pipeline finds when it begins, and leaves when it ends."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from kube_wecom_eventer.config import Settings
from kube_wecom_eventer.departures import Departures
from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.match import Silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.routing import RouteTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What outlives a pipeline. ``writer`` names the process in the checkpoint. ``may_start_until``: seconds on the
    loop's clock, when the last request may start. ``routes_known`` returns when all routes have been read, ``prepared``
    when events may be rendered. ``departures`` keeps what is known of routes by name.
    ``attempts``: what a pace knew when the last pipeline ended, by account, on the loop's clock."""

    settings: Settings
    client: ApiClient
    metrics: Metrics
    event_metrics: EventerMetrics
    routes: RouteTable
    silences: Silences
    writer: str
    may_start_until: Callable[[], float]
    routes_known: Callable[[], Awaitable[None]]
    prepared: Callable[[], Awaitable[None]]
    departures: Departures
    attempts: dict[str, list[float]]
    now: Callable[[], datetime]
    rng: random.Random
