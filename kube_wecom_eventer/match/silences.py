"""The silences of one ConfigMap, as they stand now: read again at each change, asked for each event of a route.

A bad silence silences nothing: nobody is silenced by what nobody can read. The good ones beside it hold.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import structlog

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match.silence import Silence
from kube_wecom_eventer.metrics import Metrics

SILENCED = "silenced"
"""The reason under which a silenced event is counted as dropped."""

CAPACITY = 1000
"""Silences of the ConfigMap, expired ones included; each costs a moment for each event."""

_MOST_LINES = 100
"""Warnings about one change."""

_SUMMARY = 60.0
"""Seconds between summaries."""

if TYPE_CHECKING:
    from kube_wecom_eventer.match.silence_file import Reading

log = structlog.get_logger()


class Silences:
    """Says of an event whether a route is to tell it, and counts and logs what is silenced.

    The first event that a silence takes is a line in the log (``event_silenced``, which names the event); what it takes
    after that is counted, and told at most once a minute in one line (``events_silenced``), while `run` runs. A silence
    that an edit leaves as it was goes on counting; one that was edited is a new one.

    ``name`` is the ConfigMap's, ``routes`` are the names that exist, times without an offset are in ``zone``, ``now``
    is the wall clock. ``declared``: namespaces declare more routes.
    """

    def __init__(
        self,
        *,
        name: str,
        routes: Collection[str],
        zone: tzinfo,
        metrics: Metrics,
        now: Callable[[], datetime],
        declared: bool = False,
    ) -> None:
        self._declared = declared
        self._name = name
        self._routes = routes
        self._zone = zone
        self._metrics = metrics
        self._now = now
        self._data: Mapping[str, str] | None = {}
        self._readings: dict[str, Reading] = {}
        self._silences: tuple[Silence, ...] = ()
        self._counts: dict[Silence, Counter[str]] = {}
        self._left_out: tuple[str, ...] = ()
        metrics.silences.set_function(self.holding)

    @property
    def problems(self) -> tuple[str, ...]:
        """A line for each thing that silences nothing because it is wrong."""
        read = (f"{key}: {problem}" for key, reading in self._readings.items() for problem in reading.problems)
        return (*read, *self._left_out)

    @property
    def doubts(self) -> tuple[str, ...]:
        """A line for each thing that may not do as it was meant."""
        return tuple(f"{key}: {doubt}" for key, reading in self._readings.items() for doubt in reading.doubts)

    @property
    def name(self) -> str:
        """The ConfigMap's name."""
        return self._name

    @property
    def missing(self) -> bool:
        """Whether there is no such ConfigMap."""
        return self._data is None

    def at(self, now: Callable[[], datetime]) -> Silences:
        """Return the same silences by another clock, with counters of their own."""
        metrics = Metrics()
        other = Silences(
            name=self._name, routes=self._routes, zone=self._zone, metrics=metrics, now=now, declared=self._declared
        )
        other.update(self._data)
        return other

    def holding(self) -> int:
        """Return how many silences hold now."""
        now = self._now()
        return sum(now < silence.until for silence in self._silences)

    def update(self, data: Mapping[str, str] | None) -> None:
        """Take the data of the ConfigMap; None where there is no such ConfigMap, which ends all silences.

        What is wrong is logged and counted once a change: of a key that is as it was, nothing is said again.
        """
        if data == self._data:
            return
        self._data = data
        if data is None:
            log.warning("silences_missing", config_map=self._name, detail="no such ConfigMap, so nothing is silenced")
        before, self._readings = self._readings, {}
        for key, text in sorted((data or {}).items()):
            known = before.get(key)
            self._readings[key] = known if known is not None and known.text == text else self._read(key, text)
        self._keep([silence for reading in self._readings.values() for silence in reading.silences])
        self._say({key: reading for key, reading in self._readings.items() if reading is not before.get(key)})

    def take(self, event: Event, *, route: str) -> bool:
        """Return whether that route is not to tell this event; it is counted then."""
        if not self._silences:
            return False
        silence = self.silencing(event, route=route, now=self._now())
        if silence is None:
            return False
        self._metrics.dropped.labels(route=route, reason=SILENCED).inc()
        if silence in self._counts:
            self._counts[silence][route] += 1
        else:
            self._counts[silence] = Counter()
            log.info(
                "event_silenced",
                **self._described(silence),
                route=route,
                event_name=f"{event.metadata.namespace}/{event.metadata.name}",
                event_reason=event.reason,
            )
        return True

    def silencing(self, event: Event, *, route: str, now: datetime) -> Silence | None:
        """Return the silence because of which that route is not to tell this event, if there is one; count nothing."""
        return next((each for each in self._silences if each.takes(event, route=route, now=now)), None)

    async def run(self) -> None:
        """Log the summaries, for ever; the last one when it is cancelled."""
        try:
            while True:
                await asyncio.sleep(_SUMMARY)
                self._summarise(self._counts)
        finally:
            self._summarise(self._counts)

    def _read(self, key: str, text: str) -> Reading:
        # Only here: YAML costs 2 MB, and most daemons silence nothing.
        from kube_wecom_eventer.match.silence_file import read_silences  # noqa: PLC0415

        return read_silences(key, text, zone=self._zone, routes=self._routes, declared=self._declared)

    def _keep(self, silences: list[Silence]) -> None:
        more = len(silences) - CAPACITY
        self._left_out = ()
        if more > 0:
            place = silences[CAPACITY].where
            self._left_out = (
                f"{place}: {more} silences from here on are above the {CAPACITY} that are read; remove what has ended",
            )
        self._silences = tuple(silences[:CAPACITY])
        gone = self._counts.keys() - set(self._silences)
        self._summarise(gone)
        # The counters of those that stay, each with its new place.
        self._counts = {silence: self._counts[silence] for silence in self._silences if silence in self._counts}

    def _say(self, fresh: Mapping[str, Reading]) -> None:
        problems = [(key, problem) for key, reading in fresh.items() for problem in reading.problems]
        doubts = [(key, doubt) for key, reading in fresh.items() for doubt in reading.doubts]
        self._metrics.silence_problems.inc(len(problems) + len(self._left_out))
        for key, problem in problems[:_MOST_LINES]:
            log.warning("silence_refused", config_map=self._name, key=key, problem=problem)
        for key, doubt in doubts[:_MOST_LINES]:
            log.warning("silence_doubtful", config_map=self._name, key=key, detail=doubt)
        for problem in self._left_out:
            log.warning("silences_too_many", config_map=self._name, problem=problem)
        holding = self.holding()
        log.info(
            "silences_loaded",
            config_map=self._name,
            holding=holding,
            expired=len(self._silences) - holding,
            problems=len(self.problems),
        )

    def _summarise(self, silences: Iterable[Silence]) -> None:
        for silence in silences:
            counts = self._counts[silence]
            if counts:
                log.info("events_silenced", **self._described(silence), count=counts.total(), routes=dict(counts))
                counts.clear()

    def _described(self, silence: Silence) -> dict[str, object]:
        return {
            "config_map": self._name,
            "silence": silence.where,
            "until": silence.until_written,
            "by": silence.by,
            "why": silence.why,
        }
