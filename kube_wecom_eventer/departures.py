"""What is kept of routes by name, and of their destinations and templates: metrics, and when one last told something.

Routes that namespaces declare are named by whoever may write ConfigMaps there, so what is kept of them must not stay
for ever. Nor may it vanish at once: the last that is counted of a route is often what was dropped with it, and that is
to be scraped first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.routing import RouteTable, Way

LINGER = 600.0
"""Seconds for which the metrics stay: Prometheus looks back five minutes, and scrapes more often than that."""

MOST = 500
"""Names that linger; of more the oldest go at once. So whoever makes up names without end gets no further."""

_Name = tuple[str, str]
"""A label and its value."""


class Departures:
    """Removes what is exported of a route, a destination and a template some minutes after they are gone.

    Whoever comes back meanwhile goes on counting; whoever comes back later begins at 0, as a counter does after a
    restart. ``last_told``: when each route's last message was accepted.
    """

    def __init__(self, *, metrics: Metrics, routes: RouteTable) -> None:
        self._metrics = metrics
        self.last_told: dict[str, datetime] = {}
        self._used: Counter[_Name] = Counter(name for way in routes.ways.values() for name in _names(way))
        self._gone: dict[_Name, float] = {}
        """When each that is gone left, on the loop's clock; the first to leave comes first."""
        self._left = asyncio.Event()
        routes.listen(self._changed)

    def count_for(self, route: str) -> None:
        """Hear that something is counted for a route, which may be one that was gone before this process began."""
        if not self._used[("route", route)]:
            self._leave(("route", route))

    async def run(self) -> None:
        """Remove what is due, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self._left.clear()
            if due := [name for name, at in self._gone.items() if at + LINGER <= loop.time()]:
                self._remove(due)
            if self._gone:
                await asyncio.sleep(next(iter(self._gone.values())) + LINGER - loop.time())
            else:
                await self._left.wait()

    def _changed(self, old: Way | None, new: Way | None) -> None:
        for name in _names(new) if new else ():
            self._used[name] += 1
            self._gone.pop(name, None)
        for name in _names(old) if old else ():
            self._used[name] -= 1
            if not self._used[name]:
                del self._used[name]
                self._leave(name)

    def _leave(self, name: _Name) -> None:
        self._gone.pop(name, None)
        self._gone[name] = asyncio.get_running_loop().time()
        if len(self._gone) > MOST:
            # Many at once, because each removal looks through all that is exported.
            self._remove(list(self._gone)[: MOST // 2])
        self._left.set()

    def _remove(self, names: list[_Name]) -> None:
        for name in names:
            del self._gone[name]
        for label in {label for label, _ in names}:
            stay = {value for known, value in (*self._used, *self._gone) if known == label}
            self._metrics.keep_only(label, stay)
            if label == "route":
                for route in self.last_told.keys() - stay:
                    del self.last_told[route]


def _names(way: Way) -> Iterator[_Name]:
    yield "route", way.route.name
    yield "destination", way.route.destination
    if way.template:
        yield "template", way.template
