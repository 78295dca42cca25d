"""Builds the daemon from its settings, runs it, and ends it cleanly. The only file that knows every room."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from kube_wecom_eventer import __version__
from kube_wecom_eventer.building import HttpClients, build_sink, build_wording, described, doubts
from kube_wecom_eventer.config import ObjectName, RobotTarget, Settings, SinkSettings
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.config_maps import ConfigMapFollower
from kube_wecom_eventer.kube.credentials import Connection, connect
from kube_wecom_eventer.kube.event_stream import EventStream
from kube_wecom_eventer.match import SILENCED, EventFilter, Route, Silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import DROP_REASONS, Dispatcher, MergingPending, NoPace, OneByOne, Pace, notification
from kube_wecom_eventer.render import Renderer, Templates, Wording
from kube_wecom_eventer.sinks import Sink
from kube_wecom_eventer.web import Readiness, Served, endpoints, serve

GRACE = 20.0
"""Seconds that a stopping daemon goes on sending what waits; a pod is killed after 30."""

_CONFIG_MAPS_WITHIN = 5.0
"""Seconds that the first events may wait for the first answer about templates and silences."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """All that an event meets: which it is for, in which words, by which sink."""

    route: Route
    wording: Wording
    sink: Sink
    repeat_interval: float


class Daemon:
    """One daemon: an event stream, routes, a dispatcher for each destination, and the web endpoints."""

    def __init__(self, *, settings: Settings, connection: Connection, clients: HttpClients) -> None:
        self._settings = settings
        self._connection = connection
        self._metrics = Metrics()
        self._templates = Templates(metrics=self._metrics)
        self._renderer = Renderer(templates=self._templates, zone=settings.zone)
        self._client = ApiClient(connection=connection)
        self._stream = EventStream(
            client=self._client,
            metrics=self._metrics,
            now=lambda: datetime.now(UTC),
            warnings_only=not settings.event_metrics and all(sink.filter.level == "Warning" for sink in settings.sinks),
        )
        self._event_metrics = EventerMetrics(registry=self._metrics.registry, last_contact=self._last_contact)
        self._dispatchers = self._build_dispatchers()
        self._ways = tuple(self._way(sink, clients) for sink in settings.sinks)
        names = {sink.template for sink in settings.sinks if sink.template}
        followed = tuple(self._follower(name, partial(self._templates.update, str(name))) for name in sorted(names))
        silences = settings.silences and settings.silences.within(connection.namespace)
        self._silences = Silences(
            name=str(silences or ""),
            routes=[sink.name for sink in settings.sinks],
            zone=settings.zone,
            metrics=self._metrics,
            now=lambda: datetime.now(UTC),
        )
        self._followers = (*followed, self._follower(silences, self._silences.update)) if silences else followed
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask the daemon to end: stop reading, send what waits, leave."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until `stop` is called.

        Raises:
            ConfigError: the address of the web endpoints can't be bound.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._client.aclose)
            self._say_start(await self._serve(stack))
            async with asyncio.TaskGroup() as tasks:
                telling = [tasks.create_task(dispatcher.run()) for dispatcher in self._dispatchers.values()]
                following = [tasks.create_task(follower.follow()) for follower in self._followers]
                if self._settings.silences:
                    following.append(tasks.create_task(self._silences.run()))
                reading = tasks.create_task(self._read())
                await self._stopping.wait()
                for task in (reading, *following):
                    task.cancel()
                await self._drain()
                for task in telling:
                    task.cancel()
        log.info("daemon_stopped")

    async def _serve(self, stack: AsyncExitStack) -> Served:
        host, port = self._settings.web_host, self._settings.web_port
        application = endpoints(metrics=self._metrics, readiness=self._readiness)
        try:
            return await stack.enter_async_context(serve(application, host=host, port=port))
        except OSError as error:
            raise ConfigError(
                [f"--healthz-ip={host} --healthz-port={port}: can't listen there: {error.strerror or error}"]
            ) from None

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        asked = False
        async for event in self._stream.follow():
            received_at = loop.time()
            if not asked:
                # Only now: the stream has its position, so nothing is lost while we wait.
                await self._first_config_maps()
                asked = True
            for way in self._ways:
                if not way.route.takes(event):
                    continue
                route = way.route.name
                self._metrics.matched.labels(route=route).inc()
                if self._silences.take(event, route=route):
                    continue
                self._dispatchers[way.route.destination].offer(
                    notification(
                        event,
                        route=route,
                        wording=way.wording,
                        sink=way.sink,
                        received_at=received_at,
                        repeat_interval=way.repeat_interval,
                    )
                )
            if self._settings.event_metrics:
                self._event_metrics.event(
                    level=event.type,
                    reason=event.reason,
                    namespace=event.involved_object.namespace,
                    kind=event.involved_object.kind,
                    milliseconds=(loop.time() - received_at) * 1000,
                )

    async def _first_config_maps(self) -> None:
        waiting = [asyncio.create_task(follower.asked.wait()) for follower in self._followers]
        if not waiting:
            return
        try:
            await asyncio.wait(waiting, timeout=_CONFIG_MAPS_WITHIN)
        finally:
            for task in waiting:
                task.cancel()

    async def _drain(self) -> None:
        waiting = sum(dispatcher.waiting for dispatcher in self._dispatchers.values())
        log.info("daemon_stopping", waiting=waiting)
        try:
            async with asyncio.timeout(GRACE):
                for dispatcher in self._dispatchers.values():
                    await dispatcher.drained()
        except TimeoutError:
            left = sum(dispatcher.waiting for dispatcher in self._dispatchers.values())
            log.error("events_left_at_stop", left=left, grace_seconds=GRACE)

    def _readiness(self) -> Readiness:
        troubles = {name: item.trouble for name, item in self._dispatchers.items() if item.trouble}
        details = {"api_server": self._stream.trouble or "ok", "destinations_in_trouble": troubles}
        return Readiness(ready=self._stream.synced.is_set(), details=details)

    def _last_contact(self) -> float:
        contact = self._stream.last_contact()
        return contact.timestamp() if contact else 0.0

    def _build_dispatchers(self) -> dict[str, Dispatcher]:
        dispatchers: dict[str, Dispatcher] = {}
        for sink in self._settings.sinks:
            target = sink.target
            if target.destination in dispatchers:
                continue
            chat = isinstance(target, RobotTarget)
            dispatchers[target.destination] = Dispatcher(
                destination=target.destination,
                pending=MergingPending() if chat else OneByOne(),
                metrics=self._metrics,
                pace=Pace() if chat else NoPace(),
                told=partial(self._event_metrics.told, target.destination.partition("-")[0]),
            )
        return dispatchers

    def _way(self, sink: SinkSettings, clients: HttpClients) -> _Way:
        for counter in (self._metrics.matched, self._metrics.told):
            counter.labels(route=sink.name)
        for reason in (*DROP_REASONS, SILENCED):
            self._metrics.dropped.labels(route=sink.name, reason=reason)
        return _Way(
            route=Route(name=sink.name, filter=EventFilter(sink.filter), destination=sink.target.destination),
            wording=build_wording(sink, self._renderer, self._templates, self._settings.zone),
            sink=build_sink(sink.target, clients),
            repeat_interval=sink.repeat_interval,
        )

    def _follower(self, name: ObjectName, changed: Callable[[Mapping[str, str] | None], None]) -> ConfigMapFollower:
        return ConfigMapFollower(client=self._client, namespace=name.namespace, name=name.name, changed=changed)

    def _say_start(self, served: Served) -> None:
        for warning in (*self._settings.warnings, *self._connection.warnings):
            log.warning("configuration_doubtful", detail=warning)
        for sink in self._settings.sinks:
            for doubt in doubts(sink):
                log.warning("configuration_doubtful", detail=f"{sink.name}: {doubt}")
            log.info("route", route=sink.name, **described(sink))
        log.info(
            "daemon_started",
            version=__version__,
            api_server=self._connection.server,
            credentials=self._connection.described,
            web=served.url,
        )


async def run(settings: Settings, *, environ: Mapping[str, str]) -> None:
    """Run the daemon until SIGTERM or SIGINT; a second signal ends it at once.

    Raises:
        ConfigError: there are no usable credentials, or no address to listen on.
    """
    connection = connect(settings.source, environ=environ)
    async with AsyncExitStack() as stack:
        daemon = Daemon(settings=settings, connection=connection, clients=HttpClients(stack))
        _on_signals(daemon)
        await daemon.run()


def _on_signals(daemon: Daemon) -> None:
    """Stop on the first SIGTERM or SIGINT, and end at once on the second: as process 1 of a container we have no
    default action that would."""
    loop = asyncio.get_running_loop()
    received: list[signal.Signals] = []

    def on_signal(number: signal.Signals) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        daemon.stop()
        log.info("signal_received", signal=number.name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
