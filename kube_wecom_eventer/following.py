"""What is followed in the cluster beside the events: templates, silences, declared routes, Namespaces.

It lives as long as the process, whether or not that one leads; the pipeline asks what it has found.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from kube_wecom_eventer.building import HttpClients, SinkMaker
from kube_wecom_eventer.config import ObjectName, Settings
from kube_wecom_eventer.declared_routes import ROUTE_LABEL, DeclaredRoute, DeclaredRoutes
from kube_wecom_eventer.departures import Departures
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.config_maps import ConfigMapFollower
from kube_wecom_eventer.kube.labelled import LabelledFollower
from kube_wecom_eventer.kube.secrets import SecretReader
from kube_wecom_eventer.match import Silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.namespaces import Namespaces
from kube_wecom_eventer.render import Templates
from kube_wecom_eventer.routing import ARGS, RouteTable
from kube_wecom_eventer.ways import WayMaker

_CONFIG_MAPS_WITHIN = 5.0
"""Seconds that the first events may wait for the first answer about templates and silences."""

_ROUTES_WITHIN = 10.0
"""Seconds that the events may wait for the first answer about the routes that namespaces declare."""


class Following:
    """Templates, silences and routes as they stand now. ``namespace``: the daemon's own. ``now``: the wall clock.

    Raises ConfigError where the environment names a proxy or a certificate file that can't be used.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        namespace: str,
        client: ApiClient,
        clients: HttpClients,
        metrics: Metrics,
        now: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self._client = client
        self._rng = rng
        self.templates = Templates(metrics=metrics)
        silences = settings.silences and settings.silences.within(namespace)
        self.silences = Silences(
            name=str(silences or ""),
            routes=[sink.name for sink in settings.sinks],
            zone=settings.zone,
            metrics=metrics,
            now=now,
            declared=settings.declared_routes is not None,
        )
        names = sorted({sink.template for sink in settings.sinks if sink.template})
        self._config_maps = [self._config_map(name, partial(self.templates.update, str(name))) for name in names]
        self._silences_followed = silences is not None
        if silences:
            self._config_maps.append(self._config_map(silences, self.silences.update))
        self._namespaces = Namespaces()
        self._namespaces_followed = LabelledFollower(
            client=client,
            path="/api/v1/namespaces",
            selector="",
            subject="namespaces",
            changed=self._namespaces.changed,
            gone=self._namespaces.gone,
            rng=rng,
        )
        make = WayMaker(
            templates=self.templates,
            zone=settings.zone,
            sinks=SinkMaker(clients=clients, secrets=SecretReader(client=client), now=now),
            namespaces=self._namespaces,
            metrics=metrics,
            now=now,
            wecom_api=settings.wecom_api,
        )
        self.routes = RouteTable()
        self.routes.set(ARGS, make.of_args(settings.sinks))
        self.departures = Departures(metrics=metrics, routes=self.routes)
        self._declared: DeclaredRoutes | None = None
        self._routes_followed: tuple[LabelledFollower, ...] = ()
        if settings.declared_routes:
            # A proxy or a certificate file that can't be used is refused now, not with the first route.
            clients.client(None)
            self._declared = DeclaredRoutes(
                table=self.routes,
                templates=self.templates,
                namespace=namespace,
                allowed_hosts=settings.declared_routes.allowed_hosts,
                defaults=settings.declared_routes.defaults,
                make_way=make.way,
            )
            self._routes_followed = self._route_followers(self._declared, settings.watched)

    @property
    def declared(self) -> list[DeclaredRoute]:
        """All routes that ConfigMaps declare, also those that were refused."""
        return self._declared.routes if self._declared else []

    @property
    def declares(self) -> bool:
        """Whether ConfigMaps may declare routes."""
        return self._declared is not None

    @property
    def routes_trouble(self) -> str:
        """What keeps routes, or the labels that they select by, from being known; empty where nothing does."""
        followers = (*self._routes_followed, self._namespaces_followed)
        return "; ".join(sorted({follower.trouble for follower in followers if follower.trouble}))

    @property
    def config_map_troubles(self) -> dict[str, str]:
        """What keeps ConfigMaps with templates and silences from being read, by their names."""
        return {follower.name: follower.trouble for follower in self._config_maps if follower.trouble}

    @property
    def unreadable(self) -> dict[str, bool]:
        """Whether something keeps objects from being read, by what they hold or are."""
        kinds: dict[str, Sequence[ConfigMapFollower | LabelledFollower]] = {
            "config_maps": self._config_maps,
            "routes": self._routes_followed,
            "namespaces": (self._namespaces_followed,),
        }
        return {kind: any(follower.trouble for follower in followers) for kind, followers in kinds.items()}

    async def run(self) -> None:
        """Follow all of that, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for config_map in self._config_maps:
                tasks.create_task(config_map.follow())
            for routes in self._routes_followed:
                tasks.create_task(routes.follow())
            tasks.create_task(self._follow_namespaces())
            tasks.create_task(self.departures.run())
            if self._silences_followed:
                tasks.create_task(self.silences.run())

    async def config_maps_known(self) -> None:
        """Wait for the first answers about templates and silences, but not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONFIG_MAPS_WITHIN):
                for follower in self._config_maps:
                    await follower.asked.wait()

    async def routes_known(self) -> None:
        """Wait for the routes that namespaces declare: what waited for one of them must not look like nobody's."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ROUTES_WITHIN):
                for follower in self._routes_followed:
                    await follower.asked.wait()
                if self._namespaces.wanted.is_set():
                    await self._namespaces_followed.asked.wait()

    async def _follow_namespaces(self) -> None:
        await self._namespaces.wanted.wait()
        await self._namespaces_followed.follow()

    def _config_map(self, name: ObjectName, changed: Callable[[Mapping[str, str] | None], None]) -> ConfigMapFollower:
        return ConfigMapFollower(client=self._client, namespace=name.namespace, name=name.name, changed=changed)

    def _route_followers(self, declared: DeclaredRoutes, watched: tuple[str, ...]) -> tuple[LabelledFollower, ...]:
        paths = [f"/api/v1/namespaces/{name}/configmaps" for name in watched] or ["/api/v1/configmaps"]
        return tuple(
            LabelledFollower(
                client=self._client,
                path=path,
                selector=f"{ROUTE_LABEL}=true",
                subject="routes",
                changed=lambda each: declared.changed(each.namespace, each.name, each.data),
                gone=declared.gone,
                rng=self._rng,
            )
            for path in paths
        )
