"""How each route is doing: what `/routes` serves and the command ``routes`` shows. No secrets are in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from kube_wecom_eventer.declared_routes import DeclaredRoute
from kube_wecom_eventer.render import Templates
from kube_wecom_eventer.routing import Way


class RouteState(msgspec.Struct, frozen=True, rename="camel"):
    """``source``: the args, or the ConfigMap that declares it. ``state``: ``ok``; ``broken``: its destination takes
    nothing now; ``refused``: what is written can't be a route; ``unchanged``: the same, and the last good one stays.

    ``trouble``: why, and what to do. ``doubts``: what may not be what was meant. ``last_told``: when its last
    message was accepted, of those that this process sent.
    """

    route: str
    source: str
    state: str
    destination: str = ""
    trouble: str = ""
    doubts: tuple[str, ...] = ()
    last_told: datetime | None = None


class RoutesAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What `/routes` answers. ``trouble``: why there may be routes that it does not know; ``standing_by``: why this
    process tells nothing now, so that only another one knows of destinations in trouble. Both are empty mostly."""

    routes: tuple[RouteState, ...] = ()
    trouble: str = ""
    standing_by: str = ""


def route_states(
    ways: Iterable[Way],
    declared: Iterable[DeclaredRoute],
    *,
    troubles: Mapping[str, str],
    templates: Templates,
    last_told: Mapping[str, datetime],
) -> tuple[RouteState, ...]:
    """Return the state of every route, those of the args first. ``troubles``: by destination."""
    by_name = {way.route.name: way for way in ways}
    written = {route.name: route for route in declared}
    states = [_of_way(way, written.get(name), troubles, templates, last_told) for name, way in by_name.items()]
    states += [
        RouteState(
            route=route.name,
            source=f"ConfigMap {route.source}",
            state="refused",
            trouble="; ".join(route.problems),
            doubts=route.doubts,
        )
        for name, route in written.items()
        if name not in by_name
    ]
    return tuple(sorted(states, key=lambda state: (state.source != "args", state.route)))


def _of_way(
    way: Way,
    written: DeclaredRoute | None,
    troubles: Mapping[str, str],
    templates: Templates,
    last_told: Mapping[str, datetime],
) -> RouteState:
    doubts = written.doubts if written else ()
    if way.template and (problem := templates.trouble(way.template)):
        doubts = (*doubts, f"its template: {problem}; the built-in body, or the last good template, is used")
    if way.template:
        doubts = (*doubts, *(f"its template: {doubt}" for doubt in templates.doubts(way.template)))
    trouble = troubles.get(way.route.destination, "")
    state = "broken" if trouble else "ok"
    if written and written.problems:
        state, trouble = "unchanged", "; ".join([*written.problems, *filter(None, [trouble])])
    return RouteState(
        route=way.route.name,
        source=f"ConfigMap {written.source}" if written else "args",
        state=state,
        destination=way.route.destination,
        trouble=trouble,
        doubts=doubts,
        last_told=last_told.get(way.route.name),
    )
