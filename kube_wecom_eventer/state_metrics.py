"""What the metrics show of how things are: asked for when somebody scrapes, so it is never a moment old.

Also of a process that stands by: it has routes, but nothing waits there and no destination is in trouble.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import ProcessCollector

from kube_wecom_eventer.declared_routes import DeclaredRoute
from kube_wecom_eventer.following import Following
from kube_wecom_eventer.match import Route
from kube_wecom_eventer.metrics import ROUTE_STATES, Metrics
from kube_wecom_eventer.notify import Dispatcher
from kube_wecom_eventer.pipeline import Pipeline

_Values = Mapping[tuple[str, ...], float]


def show_states(
    metrics: Metrics,
    *,
    following: Following,
    pipeline: Callable[[], Pipeline | None],
) -> None:
    """Let the metrics ask for states, and for the process's own figures, under their usual names (``process_``).

    ``pipeline``: the one that tells now, if this process leads.
    """

    def last_heard() -> float:
        running = pipeline()
        heard = running.reading.last_heard() if running and running.reading else None
        return heard.timestamp() if heard else 0.0

    def of_destinations(value: Callable[[Dispatcher], float]) -> Callable[[], _Values]:
        def read() -> _Values:
            running = pipeline()
            return {(name,): value(each) for name, each in running.dispatchers.items()} if running else {}

        return read

    metrics.last_heard.set_function(last_heard)
    metrics.pending.read = of_destinations(lambda dispatcher: dispatcher.waiting)
    metrics.waiting.read = of_destinations(_waiting_seconds)
    metrics.broken.read = of_destinations(lambda dispatcher: dispatcher.broken)
    metrics.checkpoint_broken.set_function(lambda: bool((running := pipeline()) and running.checkpoint_trouble))
    metrics.unreadable_objects.read = lambda: {(objects,): trouble for objects, trouble in following.unreadable.items()}
    metrics.routes.read = lambda: {(each.name, each.destination): 1 for each in _routes(following)}
    metrics.declared_routes.read = lambda: _declared_routes(following)
    ProcessCollector(registry=metrics.registry)


def _waiting_seconds(dispatcher: Dispatcher) -> float:
    since = dispatcher.waiting_since
    return 0.0 if since is None else asyncio.get_running_loop().time() - since


def _routes(following: Following) -> Iterator[Route]:
    return (way.route for way in following.routes.ways.values())


def _declared_routes(following: Following) -> _Values:
    names = {route.name for route in _routes(following)}
    counts = Counter(_state(route, made=route.name in names) for route in following.declared)
    namespaces = {namespace for namespace, _ in counts}
    return {(namespace, state): counts[namespace, state] for namespace in namespaces for state in ROUTE_STATES}


def _state(route: DeclaredRoute, *, made: bool) -> tuple[str, str]:
    """Return the namespace that declares a route, and what became of it."""
    namespace, _, _ = route.source.partition("/")
    ok, refused, unchanged = ROUTE_STATES
    return namespace, ok if not route.problems else unchanged if made else refused
