"""What the last process left waiting, found again in the first list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.checkpoint import Unsettled, Waiting


class Resumption:
    """Which listed events wait for which routes, though their versions are not new.

    ``routes``: whether an event is for a route, for each of those that there are now. It ends with the first whole
    list.
    """

    def __init__(self, waiting: Mapping[str, Waiting], *, routes: Mapping[str, Callable[[Event], bool]]) -> None:
        counted = {name: each for name, each in waiting.items() if each.count}
        self._routes = {name: _Left(each, routes[name]) for name, each in counted.items() if name in routes}
        self.removed = {name: each.count for name, each in counted.items() if name not in routes}
        """Routes that are no more, with the number of versions that waited."""

    def __bool__(self) -> bool:
        return bool(self._routes)

    def listed(self, event: Event, *, new: bool) -> list[str]:
        """Take note of a listed event; return the routes that it still waits for, though it is not ``new``."""
        return [name for name, left in self._routes.items() if left.found(event) and not new]

    def finish(self) -> dict[str, int]:
        """End; return for each route how many of its versions are no longer in the API server."""
        gone = {name: left.missing for name, left in self._routes.items()}
        self._routes = {}
        return {name: number for name, number in gone.items() if number}

    def unsettled(self) -> Iterator[tuple[str, Unsettled]]:
        """Yield routes with what has not been found so far."""
        for name, left in self._routes.items():
            yield name, left.unsettled()


class _Left:
    """What waited of one route."""

    def __init__(self, waiting: Waiting, takes: Callable[[Event], bool]) -> None:
        self._takes = takes
        self._objects = dict(waiting.objects)
        self._ranges = waiting.ranges
        self._found: set[int] = set()
        self._count = waiting.count

    @property
    def missing(self) -> int:
        """How many have not been found. Of ranges those count that were changed meanwhile, too: they have no names."""
        return len(self._objects) if not self._ranges else max(0, self._count - len(self._found))

    def found(self, event: Event) -> bool:
        """Return whether this very version waits; it is noted as found, and so is an object with a newer one."""
        version = event.version
        if self._ranges:
            within = any(low <= version <= high for low, high in self._ranges)
            if not within or version in self._found or not self._takes(event):
                return False
            self._found.add(version)
            return True
        waits = self._objects.get(event.identity)
        if waits is None or waits > version or not self._takes(event):
            return False
        del self._objects[event.identity]
        return waits == version

    def unsettled(self) -> Unsettled:
        """Return what has not been found; ranges as a whole."""
        beyond = [(lowest, highest, 0) for lowest, highest in self._ranges]
        if beyond:
            beyond[0] = (*self._ranges[0], self._count)
        return Unsettled(dict(self._objects), beyond)
