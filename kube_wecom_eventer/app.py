"""Builds the daemon from its settings, runs it, and ends it cleanly. With pipeline.py it knows every room."""

from __future__ import annotations

import asyncio
import random
import socket
import uuid
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import structlog

from kube_wecom_eventer import __version__
from kube_wecom_eventer.alert_intake import AlertIntake
from kube_wecom_eventer.alerts import PATH as ALERTS_PATH
from kube_wecom_eventer.alerts import Credentials, alerts_endpoint
from kube_wecom_eventer.building import (
    HttpClients,
    build_leadership,
    build_store,
    described,
    described_default,
    doubts,
)
from kube_wecom_eventer.config import Settings, pod_name, resolve
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.following import Following
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection, connect
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.pipeline import Pipeline
from kube_wecom_eventer.route_states import RoutesAnswer, route_states
from kube_wecom_eventer.signals import stop_on_signals
from kube_wecom_eventer.state_metrics import show_states
from kube_wecom_eventer.surroundings import Surroundings
from kube_wecom_eventer.web import Readiness, Served, endpoints, serve

_STAND_BY, _LONGEST_STAND_BY = 30.0, 300.0
"""Seconds for which a daemon leaves the checkpoint to another one that writes it."""

log = structlog.get_logger()


class Daemon:
    """One daemon: the web endpoints, followed ConfigMaps, and a `Pipeline` while this process is to tell events.

    ``identity`` is this process's alone, ``pod`` the name of its pod, if it runs in one. ``now`` gives the wall clock.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        connection: Connection,
        client: ApiClient,
        clients: HttpClients,
        identity: str,
        pod: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rng: random.Random | None = None,
    ) -> None:
        rng = rng or random.Random()  # noqa: S311 jitter protects nothing
        self._settings = settings
        self._connection = connection
        self._client = client
        self._rng = rng
        self.metrics = Metrics()
        self._following = Following(
            settings=settings,
            namespace=connection.namespace,
            client=client,
            clients=clients,
            metrics=self.metrics,
            now=now,
            rng=rng,
        )
        alerts = settings.alerts
        self._credentials = Credentials(alerts.auth_file) if alerts and alerts.auth_file else None
        self._stopping = asyncio.Event()
        self._pipeline: Pipeline | None = None
        self._standing_by = ""
        self._lease_seen = False
        self._leadership = build_leadership(
            settings, client=client, namespace=connection.namespace, identity=identity, now=now, rng=rng
        )
        self._place = resolve(
            settings.checkpoint, in_cluster=connection.in_cluster, namespace=connection.namespace, pod_name=pod
        )
        self._build_store = partial(build_store, self._place, client=client, writer=identity)
        self._now = now
        self._around = Surroundings(
            settings=settings,
            client=client,
            metrics=self.metrics,
            event_metrics=EventerMetrics(registry=self.metrics.registry, last_contact=self._last_contact),
            routes=self._following.routes,
            silences=self._following.silences,
            writer=identity,
            may_start_until=self._leadership.may_start_until,
            routes_known=self._following.routes_known,
            prepared=self._following.config_maps_known,
            departures=self._following.departures,
            attempts={},
            now=now,
            rng=rng,
        )
        show_states(self.metrics, following=self._following, pipeline=lambda: self._pipeline)

    def stop(self) -> None:
        """Ask the daemon to end: stop reading, send what waits, leave."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve the web endpoints and tell events until `stop` is called.

        Raises:
            ConfigError: the address of the web endpoints, or of the alerts, can't be bound.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._client.aclose)
            self._say_start(await self._serve(stack))
            await self._serve_alerts(stack)
            await self.tell()
        log.info("daemon_stopped")

    async def tell(self) -> None:
        """Tell events until `stop` is called, and then what waits; while another process leads, stand by."""
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(self._following.run())
            await self._lead_and_stand_by()
            following.cancel()
        await self._leadership.release()

    async def _lead_and_stand_by(self) -> None:
        loop = asyncio.get_running_loop()
        stand_by = _STAND_BY
        while not self._stopping.is_set():
            self._standing_by = "another process leads"
            if not await self._before_stop(self._leadership.acquire()):
                return
            self._standing_by = ""
            started = loop.time()
            pipeline = await self._term()
            if self._stopping.is_set():
                return
            pipeline.count_lost()
            other = pipeline.superseded_by
            if other and not pipeline.took_over:
                # It wrote between our reading and our first write, as in a rollout: read again.
                await self._before_stop(asyncio.sleep(self._rng.uniform(0.1, 1.0)))
            if not other or not pipeline.took_over:
                continue
            if loop.time() - started > 2 * _LONGEST_STAND_BY:
                stand_by = _STAND_BY
            self._standing_by = f"{other} writes the checkpoint"
            delay = stand_by * self._rng.uniform(1.0, 1.2)
            log.error(
                "checkpoint_has_another_writer",
                writer=other,
                takes_over_in_seconds=round(delay),
                detail="two daemons use one checkpoint: give each its own --checkpoint, or use --leader-elect",
            )
            await self._before_stop(asyncio.sleep(delay))
            stand_by = min(2 * stand_by, _LONGEST_STAND_BY)

    async def _before_stop(self, waiting: Coroutine[Any, Any, None]) -> bool:
        """Wait; return whether it ended before `stop` was called."""
        task, stopping = asyncio.create_task(waiting), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return not self._stopping.is_set()
        finally:
            await _cancelled(task, stopping)

    async def _term(self) -> Pipeline:
        """Tell events until stopped, no longer leading, or superseded; return what did that."""
        pipeline = self._pipeline = Pipeline(self._around, store=self._build_store())
        running, holding = asyncio.create_task(pipeline.run()), asyncio.create_task(self._leadership.hold())
        stopping = asyncio.create_task(self._stopping.wait())
        self.metrics.leading.set(1)
        try:
            await asyncio.wait((running, holding, stopping), return_when=asyncio.FIRST_COMPLETED)
            if stopping.done() and not holding.done() and not running.done():
                await self._drain(pipeline, running, holding)
            if running.done() and not running.cancelled():
                running.result()
            return pipeline
        finally:
            await _cancelled(running, holding, stopping)
            self._pipeline = None
            self.metrics.leading.set(0)

    @staticmethod
    async def _drain(pipeline: Pipeline, running: asyncio.Task[None], holding: asyncio.Task[None]) -> None:
        draining = asyncio.create_task(pipeline.drain())
        try:
            await asyncio.wait((draining, holding, running), return_when=asyncio.FIRST_COMPLETED)
            if draining.done() and not holding.done() and not running.done():
                draining.result()
                await _cancelled(running)
                await pipeline.close()
        finally:
            await _cancelled(draining)

    async def _serve(self, stack: AsyncExitStack) -> Served:
        host, port = self._settings.web_host, self._settings.web_port
        application = endpoints(metrics=self.metrics, readiness=self._readiness, routes=self._route_states)
        try:
            return await stack.enter_async_context(serve(application, host=host, port=port))
        except OSError as error:
            raise ConfigError(
                [f"--healthz-ip={host} --healthz-port={port}: can't listen there: {error.strerror or error}"]
            ) from None

    async def _serve_alerts(self, stack: AsyncExitStack) -> None:
        wanted = self._settings.alerts
        if wanted is None:
            return
        application = alerts_endpoint(
            intake=self._intake, credentials=self._credentials, metrics=self.metrics, now=self._now
        )
        try:
            served = await stack.enter_async_context(serve(application, host=wanted.host, port=wanted.port))
        except OSError as error:
            raise ConfigError(
                [f"--alertmanager-listen={wanted.host}:{wanted.port}: can't listen there: {error.strerror or error}"]
            ) from None
        log.info("alerts_taken_at", url=f"{served.url}{ALERTS_PATH}", authorization=self._credentials is not None)

    def _intake(self) -> AlertIntake | None:
        """Return who takes alerts; nobody once this process is to stop: the next one tells what comes now."""
        return self._pipeline.intake if self._pipeline and not self._stopping.is_set() else None

    def _readiness(self) -> Readiness:
        reading = self._pipeline.reading if self._pipeline else None
        details: dict[str, object] = {
            "api_server": (reading.trouble or "ok") if reading else "not asked for events yet",
            "checkpoint": (self._pipeline.checkpoint_trouble if self._pipeline else "") or "ok",
            "destinations_in_trouble": self._pipeline.troubles if self._pipeline else {},
        }
        if self._following.declares:
            details["routes"] = self._following.routes_trouble or "ok"
        if self._credentials:
            details["alert_credentials"] = self._credentials.trouble or "ok"
        if self._standing_by:
            details |= {"standing_by": self._standing_by, "leader": self._leadership.leader}
            # Who has never seen the Lease knows of nobody who tells.
            self._lease_seen = self._lease_seen or bool(self._leadership.leader)
        standing_by = self._standing_by and (self._lease_seen or not self._settings.leader_election)
        return Readiness(ready=bool(standing_by or (reading and reading.synced)), details=details)

    def _route_states(self) -> bytes:
        states = route_states(
            self._following.routes.ways.values(),
            self._following.declared,
            troubles=self._pipeline.troubles if self._pipeline else {},
            templates=self._following.templates,
            last_told=self._following.departures.last_told,
        )
        return msgspec.json.encode(
            RoutesAnswer(routes=states, trouble=self._following.routes_trouble, standing_by=self._standing_by)
        )

    def _last_contact(self) -> float:
        reading = self._pipeline.reading if self._pipeline else None
        contact = reading.last_contact() if reading else None
        return contact.timestamp() if contact else 0.0

    def _say_start(self, served: Served) -> None:
        for warning in (*self._settings.warnings, *self._connection.warnings):
            log.warning("configuration_doubtful", detail=warning)
        if self._settings.leader_election and self._place.kind == "none":
            detail = "--leader-elect without --checkpoint: a new leader begins from now, and what came before is lost"
            log.warning("configuration_doubtful", detail=detail)
        for sink in self._settings.sinks:
            for doubt in doubts(sink):
                log.warning("configuration_doubtful", detail=f"{sink.name}: {doubt}")
            log.info("route", route=sink.name, **described(sink))
        if declared := self._settings.declared_routes:
            for scheme, default in declared.defaults.items():
                log.info("route_default", scheme=scheme, **described_default(default))
        log.info(
            "daemon_started",
            version=__version__,
            api_server=self._connection.server,
            credentials=self._connection.described,
            checkpoint=self._build_store().described,
            web=served.url,
        )


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait for their end, whatever it is."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run(settings: Settings, *, environ: Mapping[str, str]) -> None:
    """Run the daemon until SIGTERM or SIGINT; a second signal ends it at once.

    Raises:
        ConfigError: there are no usable credentials, or no address to listen on.
    """
    connection = connect(settings.source, environ=environ)
    pod = pod_name(environ)
    async with AsyncExitStack() as stack:
        daemon = Daemon(
            settings=settings,
            connection=connection,
            client=ApiClient(connection=connection),
            clients=HttpClients(stack),
            # Never the same twice: a restarted process is not its predecessor, whose requests may still be under way.
            identity=f"{pod or socket.gethostname()}-{uuid.uuid4().hex[:8]}",
            pod=pod,
        )
        stop_on_signals(daemon.stop)
        await daemon.run()
