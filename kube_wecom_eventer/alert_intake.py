"""The way of posted alerts to the dispatchers, and of those that wait through a restart."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

from kube_wecom_eventer.alert import AlertEvent, alert_event
from kube_wecom_eventer.alerts import Posted, Taken, ToldAlerts
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.stored_alerts import MOST_TOLD, StoredAlerts, WaitingAlert, stored_alerts
from kube_wecom_eventer.notify import Dispatcher, Notification, notification
from kube_wecom_eventer.render import Merged
from kube_wecom_eventer.routing import Way
from kube_wecom_eventer.surroundings import Surroundings


class AlertIntake:
    """Offers alerts to their ways, as a pipeline offers events.

    ``selects``: whether a way is to tell an event that it takes; it counts, and asks the silences. ``dispatcher``: of a
    way. ``lose`` counts alerts that no message tells: their route, and how many. ``changed`` hears that there is
    something to store. ``stored``: what the last process left.
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        selects: Callable[[Event, Way], bool],
        dispatcher: Callable[[Way], Dispatcher],
        lose: Callable[[str, int], None],
        changed: Callable[[], None],
        stored: StoredAlerts,
    ) -> None:
        self._routes = around.routes
        self._metrics = around.metrics
        self._selects = selects
        self._dispatcher = dispatcher
        self._lose = lose
        self._changed = changed
        self._now = around.now
        self._left = stored
        self._told = ToldAlerts()
        self._unsaved: Counter[str] = Counter()
        self._being_saved: Counter[str] = Counter()
        self.is_open = False

    async def open_when(self, prepared: Callable[[], Awaitable[None]]) -> None:
        """Open once alerts may be rendered."""
        await prepared()
        self.open()

    def open(self) -> None:
        """Let what an earlier process left wait, and take more from now on."""
        left, self._left = self._left, StoredAlerts()
        for route, entries in left.told.items():
            for entry in entries:
                self._told.restore(route, entry)
        received_at = asyncio.get_running_loop().time()
        together: dict[str, list[Notification]] = {}
        for each in left.waiting:
            way = self._routes.ways.get(each.route)
            if way is None:
                self._lose(each.route, each.count)
                continue
            self._metrics.matched.labels(route=way.route.name).inc(each.count)
            event = way.route.seen(alert_event(each.alert))
            together.setdefault(each.route, []).append(
                notification(event, way.terms, received_at=received_at, count=each.count, several=each.several)
            )
        for identity, notifications in together.items():
            self._dispatcher(self._routes.ways[identity]).offer(*notifications)
        self.is_open = True

    def stored(self, waiting: Iterable[tuple[str, Merged]]) -> StoredAlerts:
        """Return what the next process is to know. ``waiting``: the alerts that wait, with their routes' names."""
        if not self.is_open:
            return self._left
        self._being_saved, self._unsaved = self._being_saved + self._unsaved, Counter()
        identities = {way.route.name: identity for identity, way in self._routes.ways.items()}
        known = ((identities[route], item) for route, item in waiting if route in identities)
        return stored_alerts(_noted(known), self._told.entries(MOST_TOLD))

    def saved(self) -> None:
        """Say that what was last returned by `stored` has been written."""
        self._being_saved.clear()

    def unsaved(self, waiting: Iterable[tuple[str, Merged]]) -> Counter[str]:
        """Return how many alerts no checkpoint knows of, by route. ``waiting``: those that wait, with their routes."""
        counts: Counter[str] = Counter()
        for route, item in waiting:
            counts[route] += item.count
        return counts & (self._being_saved + self._unsaved)

    def take(self, posted: Posted, *, received_at: float) -> Taken:
        """Offer each alert to the ways that are to tell it; those of one way leave together."""
        together: dict[str, list[Notification]] = {}
        taken = False
        full: dict[str, None] = {}
        now = self._now().timestamp()
        for alert in posted.alerts:
            event, identity = alert_event(alert), alert.identity
            for way in self._routes.ways_of(event):
                repeat = way.settings.alert_repeat_interval
                if not self._told.is_news(way.identity, identity, alert, listed=posted.listed, repeat=repeat, now=now):
                    continue
                if self._dispatcher(way).full:
                    full[way.route.name] = None
                    continue
                seen = way.route.seen(event)
                if not self._selects(seen, way):
                    continue
                self._told.note(way.identity, identity, alert, now=now)
                self._unsaved[way.route.name] += 1
                taken = True
                offered = notification(seen, way.terms, received_at=received_at)
                if way.merges:
                    together.setdefault(way.identity, []).append(offered)
                else:
                    self._dispatcher(way).offer(offered)
        for name, notifications in together.items():
            self._dispatcher(self._routes.ways[name]).offer(*notifications)
        if taken:
            self._changed()
        return Taken(f"too much waits for route {', '.join(full)}; the others have them" if full else "")


def _noted(waiting: Iterable[tuple[str, Merged]]) -> Iterator[WaitingAlert]:
    for route, item in waiting:
        event = item.event
        if isinstance(event, AlertEvent):
            yield WaitingAlert(route=route, alert=event.alert, count=item.count, several=bool(item.name))
