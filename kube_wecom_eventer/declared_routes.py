"""Routes that ConfigMaps declare: read, refused with a reason, put into the table of ways and taken out again.

A ConfigMap with the label ROUTE_LABEL holds a sink under ``sink`` and its Go template under ``content``, for alerts
under ``alert_content``; several as ``sink.NAME``, ``content.NAME`` and ``alert_content.NAME``. One that is edited into
something wrong keeps its last good route, as templates do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import structlog

from kube_wecom_eventer.config import RouteDefaults, SinkSettings, parse_declared_sink
from kube_wecom_eventer.render import Limits, Templates
from kube_wecom_eventer.render.alert_templates import ALERT_CONTENT
from kube_wecom_eventer.routing import RouteTable, Way

ROUTE_LABEL = "kube-wecom-eventer.io/route"

MAX_ROUTES = 20
"""Routes of one namespace but the platform's own; whoever may write ConfigMaps there can make up names without end."""

LONGEST_TEMPLATE = 32 * 1024
"""Bytes."""

LIMITS = Limits(source=LONGEST_TEMPLATE, steps=20_000, output=64 * 1024)
"""A step takes about 1 µs, and a usual template 25 µs: nobody's template holds the others for more than 25 ms."""

_SINK, _CONTENT = "sink", "content"

log = structlog.get_logger()

MakeWay = Callable[[SinkSettings, str | None, str], Way]
"""Makes a way of a sink, the name of its template, and the namespace that it is for (empty: its filter knows)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRoute:
    """A route that a ConfigMap declares, whether or not it could be made. ``source``: the ConfigMap's name.

    ``problems``: why it was refused, or not changed. ``doubts``: what may not be what was meant.
    """

    name: str
    source: str
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


class DeclaredRoutes:
    """``namespace``: the daemon's own, whose routes are for any namespace. ``allowed_hosts``: where the others' may
    send; the platform's own, too. ``defaults``: by whose way those are sent that name only people."""

    def __init__(
        self,
        *,
        table: RouteTable,
        templates: Templates,
        namespace: str,
        allowed_hosts: Collection[str],
        make_way: MakeWay,
        defaults: RouteDefaults | None = None,
    ) -> None:
        self._table = table
        self._templates = templates
        self._namespace = namespace
        self._allowed_hosts = allowed_hosts
        self._defaults = defaults
        self._make_way = make_way
        self._made: dict[str, dict[str, Way]] = {}
        self._written: dict[str, tuple[SinkSettings, bool]] = {}
        self._declared: dict[str, tuple[DeclaredRoute, ...]] = {}

    @property
    def routes(self) -> list[DeclaredRoute]:
        """All that is declared now, by name."""
        return sorted((route for routes in self._declared.values() for route in routes), key=lambda route: route.name)

    def changed(self, namespace: str, name: str, data: Mapping[str, str]) -> None:
        """Take a ConfigMap with the label as it is now."""
        source = f"{namespace}/{name}"
        before = self._made.get(source, {})
        made: dict[str, Way] = {}
        declared = []
        keys = self._keys(source, data)
        most = len(keys) if namespace == self._namespace else MAX_ROUTES
        for key in keys[:most]:
            route, way = self._read(namespace, source, key, data, taken=len(made))
            declared.append(route)
            if kept := way or before.get(route.name):
                made[route.name] = kept
        if rest := keys[most:]:
            # Said once for all of them: a ConfigMap has room for 100,000.
            problem = f"it has more than {most} sinks, and a namespace at most {most} routes: this one and "
            problem += f"{len(rest) - 1} more are not read; remove some"
            declared.append(
                self._said(DeclaredRoute(name=_route_name(source, rest[0]), source=source, problems=(problem,)))
            )
        if not declared:
            problem = f"it has no key {_SINK}; write the sink there, as sink: wecom:?key_secret=NAME"
            declared.append(self._said(DeclaredRoute(name=source, source=source, problems=(problem,))))
        self._declared[source] = tuple(declared)
        self._put(source, made)

    def gone(self, namespace: str, name: str) -> None:
        """Forget a ConfigMap that is no more, or has lost its label."""
        source = f"{namespace}/{name}"
        self._declared.pop(source, None)
        self._put(source, {})

    def _put(self, source: str, made: dict[str, Way]) -> None:
        before = self._made.pop(source, {})
        if made:
            self._made[source] = made
        self._table.set(source, list(made.values()))
        for name in before.keys() - made.keys():
            self._templates.forget(name)
            self._written.pop(name, None)
            log.info("route_withdrawn", route=name)
        for name, way in made.items():
            if way is not before.get(name):
                log.info("route_declared", route=name, destination=way.route.destination)

    def _keys(self, source: str, data: Mapping[str, str]) -> list[str]:
        """Return the keys with sinks, those of routes that there are first: a new one must not take their place."""
        before = self._made.get(source, {})
        keys = (key for key in data if key == _SINK or key.startswith(f"{_SINK}."))
        return sorted(keys, key=lambda key: (_route_name(source, key) not in before, key))

    def _read(
        self, namespace: str, source: str, key: str, data: Mapping[str, str], *, taken: int
    ) -> tuple[DeclaredRoute, Way | None]:
        part, name = _part(key), _route_name(source, key)
        everywhere = namespace == self._namespace
        problems: list[str] = []
        doubts: list[str] = []
        content = self._content(part, data, problems)
        if not everywhere and self._others(namespace, source) + taken >= MAX_ROUTES:
            problems.append(f"namespace {namespace} has {MAX_ROUTES} routes already; remove one")
        sink = parse_declared_sink(
            data[key],
            name=name,
            namespace=namespace,
            allowed_hosts=self._allowed_hosts,
            everywhere=everywhere,
            defaults=self._defaults,
            problems=problems,
            warnings=doubts,
        )
        route = DeclaredRoute(name=name, source=source, problems=tuple(problems), doubts=tuple(doubts))
        self._said(route)
        if problems or sink is None:
            return route, None
        if content:
            self._templates.update(name, content, limits=LIMITS)
        else:
            self._templates.forget(name)
        written = (sink, bool(content))
        before = self._made.get(source, {}).get(name)
        if before and self._written.get(name) == written:
            return route, before
        self._written[name] = written
        return route, self._make_way(sink, name if content else None, "" if everywhere else namespace)

    @staticmethod
    def _content(part: str, data: Mapping[str, str], problems: list[str]) -> dict[str, str]:
        """Return the route's own templates by the keys that a template's ConfigMap has."""
        found = {}
        for kind in (_CONTENT, ALERT_CONTENT):
            key = f"{kind}.{part}" if part else kind
            if f"{key}.j2" in data:
                problems.append(
                    f"{key}.j2: Jinja2 templates are not for declared routes; write a Go template under {key}"
                )
            content = data.get(key)
            if content is None:
                continue
            if len(content.encode()) > LONGEST_TEMPLATE:
                problems.append(f"{key}: has more than {LONGEST_TEMPLATE} bytes; a message has room for 4096")
            else:
                found[kind] = content
        return found

    def _others(self, namespace: str, source: str) -> int:
        """Return how many routes the other ConfigMaps of a namespace have."""
        prefix = f"{namespace}/"
        return sum(len(made) for other, made in self._made.items() if other != source and other.startswith(prefix))

    def _said(self, route: DeclaredRoute) -> DeclaredRoute:
        """Log what is wrong; once a change, because each change of a ConfigMap comes here once."""
        instead = "the last good route" if route.name in self._made.get(route.source, {}) else "none"
        for problem in route.problems:
            log.warning("route_refused", route=route.name, problem=problem, used_instead=instead)
        for doubt in route.doubts:
            log.warning("route_doubtful", route=route.name, detail=doubt)
        return route


def _part(key: str) -> str:
    return key.removeprefix(_SINK).removeprefix(".")


def _route_name(source: str, key: str) -> str:
    part = _part(key)
    return f"{source}/{part}" if part else source
