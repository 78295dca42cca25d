"""An event stream over an API server whose answers a test writes."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import httpx

from kube_wecom_eventer.kube.event_stream import EventStream
from kube_wecom_eventer.metrics import Metrics
from tests.support.events import event_json
from tests.support.scripted import Answer, ScriptedApi, json_answer, watch_answer, watch_line

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FOREVER = 10_000_000.0


def event(version: int, *, name: str = "", **changes: Any) -> dict[str, Any]:
    metadata = {"name": name or f"e{version}", "namespace": "ns", "resourceVersion": str(version)}
    return event_json(metadata=metadata, **changes)


def listing(version: int, *items: dict[str, Any], more: str = "") -> httpx.Response:
    return json_answer({"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)})


def added(version: int, **changes: Any) -> bytes:
    return watch_line("ADDED", event(version, **changes))


class Following:
    """A stream over scripted answers, in the order in which they are asked for."""

    def __init__(self, *answers: Answer, **options: Any) -> None:
        self._answers = list(answers)
        self.api = ScriptedApi(self._next)
        self.metrics = Metrics()
        self.stream = EventStream(
            client=self.api.client, metrics=self.metrics, now=lambda: NOW, rng=random.Random(1), **options
        )

    def _next(self, _request: httpx.Request) -> Answer:
        return self._answers.pop(0) if self._answers else watch_answer(FOREVER)

    async def take(self, count: int) -> list[str]:
        """Return the versions of the next ``count`` events."""
        taken: list[str] = []
        async with aclosing(self.stream.follow()) as events:
            while len(taken) < count:
                async with asyncio.timeout(FOREVER / 2):
                    taken.append((await anext(events)).metadata.resource_version)
        return taken

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kube_wecom_eventer_{name}", labels) or 0.0
