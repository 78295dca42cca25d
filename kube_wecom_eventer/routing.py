"""Which ways there are for events: those of the args, and those that come and go with ConfigMaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.config import SinkSettings
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match import Route
from kube_wecom_eventer.notify import Terms

ARGS = ""
"""The source of the ways that the args name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """All that an event meets: which it is for, in which words, by which sink.

    ``settings``: as they are written. ``identity``: of its route, in the checkpoint. ``template``: the name of its own,
    if it has one. ``merges``: its destination is a chat. ``namespace``: the only one that it is for; empty: its filter
    knows. ``default``: it is for events that no other way took.
    """

    settings: SinkSettings
    route: Route
    identity: str
    terms: Terms
    merges: bool
    template: str | None = None
    namespace: str = ""
    default: bool = False


Changed = Callable[[Way | None, Way | None], None]
"""Hears of a way as it was and as it is; None where there was none, or is none any more."""


class RouteTable:
    """All ways, by the source that declares them. An event of one namespace is not compared with another's ways."""

    def __init__(self) -> None:
        self._sources: dict[str, dict[str, Way]] = {}
        self._ways: dict[str, Way] = {}
        self._own: dict[str, tuple[Way, ...]] = {}
        self._common: tuple[Way, ...] = ()
        self._defaults: tuple[Way, ...] = ()
        self._listeners: list[Changed] = []

    @property
    def ways(self) -> Mapping[str, Way]:
        """All ways by their routes' identities."""
        return self._ways

    def listen(self, changed: Changed) -> Callable[[], None]:
        """Call ``changed`` for each change from now on; the returned callable ends that."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def set(self, source: str, ways: Sequence[Way]) -> None:
        """Let ``source`` declare just these ways; their identities are its own."""
        before = self._sources.pop(source, {})
        now = {way.identity: way for way in ways}
        if now:
            self._sources[source] = now
        for identity in before.keys() - now.keys():
            del self._ways[identity]
        self._ways.update(now)
        self._arrange()
        for identity in dict.fromkeys([*before, *now]):
            old, new = before.get(identity), now.get(identity)
            if old is not new:
                for changed in self._listeners:
                    changed(old, new)

    def ways_of(self, event: Event) -> Iterator[Way]:
        """Yield the ways that take an event; the default ones where no other does."""
        taken = False
        about = event.involved_object.namespace
        # The API server refuses an event about another namespace's object; who wrote this one must not depend on that.
        own = self._own.get(about, ()) if event.metadata.namespace == about else ()
        for way in (*self._common, *own):
            if way.route.takes(event):
                taken = True
                yield way
        if not taken:
            yield from (way for way in self._defaults if way.route.takes(event))

    def _arrange(self) -> None:
        own: dict[str, list[Way]] = {}
        for way in self._ways.values():
            if way.namespace:
                own.setdefault(way.namespace, []).append(way)
        self._own = {namespace: tuple(ways) for namespace, ways in own.items()}
        rest = [way for way in self._ways.values() if not way.namespace]
        self._common = tuple(way for way in rest if not way.default)
        self._defaults = tuple(way for way in rest if way.default)
