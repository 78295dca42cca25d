"""Which ways there are for events: those of the args, and those that come and go with ConfigMaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.config import CLUSTER_SCOPE, SinkSettings
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.match import Route, Traits, traits_of
from kube_wecom_eventer.notify import Terms

ARGS = ""
"""The source of the ways that the args name."""

REMEMBERED = 4096
"""Sets of traits for which it is remembered which ways may take them; beyond, all are forgotten: 2 MB at most."""

_LONGEST_REMEMBERED = 512
"""Characters of traits that are remembered: whoever writes events may write a megabyte of them."""


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


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The ways that take all events with the same traits, but for what their filters ask of the single event."""

    ways: tuple[Way, ...]
    defaults: tuple[Way, ...]


class RouteTable:
    """All ways, by the source that declares them. An event of one namespace is not compared with another's ways.

    Filters are asked once for events that are alike in what most conditions ask; of the single event only the rest.
    """

    def __init__(self) -> None:
        self._sources: dict[str, dict[str, Way]] = {}
        self._ways: dict[str, Way] = {}
        self._bound: dict[str, list[tuple[int, Way]]] = {}
        self._free: list[tuple[int, Way]] = []
        self._candidates: dict[tuple[Traits, bool], _Candidates] = {}
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
        traits = traits_of(event)
        # The API server refuses an event about another namespace's object; who wrote this one must not depend on that.
        at_home = event.metadata.namespace == traits.namespace
        candidates = self._candidates.get((traits, at_home)) or self._candidates_for(traits, at_home)
        taken = False
        for way in candidates.ways:
            if _takes_rest(way, event):
                taken = True
                yield way
        if not taken:
            yield from (way for way in candidates.defaults if _takes_rest(way, event))

    def _candidates_for(self, traits: Traits, at_home: bool) -> _Candidates:
        bound = self._bound.get(traits.namespace or CLUSTER_SCOPE, ())
        asked = (way for _, way in sorted((*self._free, *bound), key=_place) if at_home or not way.namespace)
        found: tuple[list[Way], list[Way]] = [], []
        for way in asked:
            if not way.route.filter.refusal_of(traits):
                found[way.default and not way.namespace].append(way)
        candidates = _Candidates(*map(tuple, found))
        if sum(map(len, traits)) <= _LONGEST_REMEMBERED:
            if len(self._candidates) >= REMEMBERED:
                self._candidates.clear()
            self._candidates[traits, at_home] = candidates
        return candidates

    def _arrange(self) -> None:
        self._candidates.clear()
        self._bound, self._free = {}, []
        # What namespaces declare comes after what is for all.
        for place in enumerate(sorted(self._ways.values(), key=lambda way: bool(way.namespace))):
            _, way = place
            namespaces = [way.namespace] if way.namespace else way.route.filter.namespaces
            for namespace in namespaces:
                self._bound.setdefault(namespace, []).append(place)
            if not namespaces:
                self._free.append(place)


def _place(placed: tuple[int, Way]) -> int:
    return placed[0]


def _takes_rest(way: Way, event: Event) -> bool:
    filters = way.route.filter
    return not (filters.asks_more and filters.refusal_of_rest(event))
