"""The course of a check: read the args, ask the cluster, try the events that there were, try the destinations."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from kube_wecom_eventer.alerts import Credentials
from kube_wecom_eventer.building import HttpClients, bodies_of, described, described_default, doubts, style_of
from kube_wecom_eventer.commands.check.alert_words import check_alert_templates
from kube_wecom_eventer.commands.check.arguments import SEND_TEST, Arguments, read_arguments
from kube_wecom_eventer.commands.check.destinations import check_destinations, compare_clocks, send_tests
from kube_wecom_eventer.commands.check.explanation import explain, find_event
from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.commands.check.recent import Recent, read_recent
from kube_wecom_eventer.commands.check.replay import Clock, play
from kube_wecom_eventer.commands.check.replay_words import say_played
from kube_wecom_eventer.commands.check.rights import Right, check_rights, needed
from kube_wecom_eventer.commands.check.routes import check_routes, within
from kube_wecom_eventer.commands.check.stored import (
    check_checkpoint,
    found_elsewhere,
    say_config_maps,
    say_declared,
    say_missing,
)
from kube_wecom_eventer.commands.check.words import check_templates, sample_event
from kube_wecom_eventer.commands.texts import counted
from kube_wecom_eventer.config import (
    AlertListenerSettings,
    AppriseTarget,
    CheckpointSettings,
    LogTarget,
    Settings,
    pod_name,
    resolve,
    secrets_of,
)
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.following import Following
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection, connect
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Message, Renderer, Style
from kube_wecom_eventer.routing import Way

_RECENT = 3600.0
"""Seconds of events that filters and templates are tried on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cluster:
    """What is asked of the cluster by everything below. ``following`` has heard the first answers."""

    settings: Settings
    connection: Connection
    client: ApiClient
    clients: HttpClients
    following: Following
    place: CheckpointSettings

    @property
    def ways(self) -> list[Way]:
        """All routes."""
        return list(self.following.routes.ways.values())


async def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    out: TextIO,
    progress: TextIO | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    neighbour: Path = Path("/proc/1/cmdline"),
) -> int:
    """Run the check. Returns 0 where all is well, 1 where something is not, 2 for args that can't run.

    ``progress``: a terminal where it may be said what is being waited for. ``neighbour``: the command line of the
    daemon in whose container this runs: its args count where none are given.
    """
    arguments = read_arguments(argv, environ=environ, neighbour=neighbour)
    report = Report(out=out, environ=environ, as_json=arguments.as_json, progress=progress)
    settings = _settings(arguments, report)
    if settings is None:
        report.end()
        return 2
    async with AsyncExitStack() as stack:
        stack.callback(report.working, "")
        cluster = await _cluster(settings, environ, stack, report, now)
        if cluster and arguments.event:
            await _explain(cluster, arguments.event, report, now)
        elif cluster:
            await _check(cluster, report, now, send_test=arguments.send_test)
    report.end()
    return 1 if report.failed else 0


def _settings(arguments: Arguments, report: Report) -> Settings | None:
    """Say what is to be said of the args; None where they can't run."""
    report.section("Arguments")
    if arguments.borrowed:
        report.note("args", f"those of the daemon in this container: {arguments.borrowed}")
    try:
        settings = arguments.settings()
    except ConfigError as error:
        _say_problems(error, report)
        return None
    for warning in settings.warnings:
        report.doubtful("args", warning)
    for sink in settings.sinks:
        for doubt in doubts(sink):
            report.doubtful(sink.name, doubt)
        report.good(sink.name, ", ".join(f"{name}={_plain(value)}" for name, value in described(sink).items()))
    for scheme, default in settings.declared_routes.defaults.items() if settings.declared_routes else ():
        facts = described_default(default).items()
        report.good(f"--route-default {scheme}:", ", ".join(f"{name}={_plain(value)}" for name, value in facts))
    if settings.alerts:
        _say_alerts(settings.alerts, report)
    return settings


def _say_alerts(alerts: AlertListenerSettings, report: Report) -> None:
    subject = f"alerts at {alerts.host}:{alerts.port}"
    if alerts.auth_file is None:
        report.note(subject, "are taken from everybody who reaches the port")
        return
    try:
        Credentials(alerts.auth_file)
    except ConfigError as error:
        _say_problems(error, report)
    else:
        report.good(subject, f"are taken from whom {alerts.auth_file} names")


async def _cluster(
    settings: Settings,
    environ: Mapping[str, str],
    stack: AsyncExitStack,
    report: Report,
    now: Callable[[], datetime],
) -> _Cluster | None:
    """Connect, and ask for what a daemon follows until the first answers are there; None where that can't be done."""
    report.section("Cluster")
    clients = HttpClients(stack)
    connection = client = None
    try:
        connection = connect(settings.source, environ=environ)
        client = ApiClient(connection=connection)
        stack.push_async_callback(client.aclose)
    except ConfigError as error:
        _say_problems(error, report)
    ca_files = {
        sink.target.ca_file for sink in settings.sinks if not isinstance(sink.target, LogTarget | AppriseTarget)
    }
    try:
        for ca_file in ca_files | ({None} if settings.declared_routes else set()):
            clients.client(ca_file)
    except ConfigError as error:
        _say_problems(error, report)
    if connection is None or client is None or report.failed:
        return None
    for warning in connection.warnings:
        report.doubtful("--source", warning)
    following = Following(
        settings=settings,
        namespace=connection.namespace,
        client=client,
        clients=clients,
        metrics=Metrics(),
        now=now,
        rng=random.Random(),  # noqa: S311 jitter protects nothing
    )
    report.working(f"asking {connection.server} ...")
    task = asyncio.create_task(following.run())
    try:
        await following.config_maps_known()
        await following.routes_known()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    place = resolve(
        settings.checkpoint,
        in_cluster=connection.in_cluster,
        namespace=connection.namespace,
        pod_name=pod_name(environ),
    )
    return _Cluster(
        settings=settings, connection=connection, client=client, clients=clients, following=following, place=place
    )


async def _check(cluster: _Cluster, report: Report, now: Callable[[], datetime], *, send_test: bool) -> None:
    settings, following = cluster.settings, cluster.following
    recent = await _events(cluster, max(_RECENT, settings.since), report, now)
    await check_rights(cluster.client, list(_rights(cluster)), report)
    await say_missing(cluster.client, settings.watched, report)
    compare_clocks(cluster.client.date, "the API server", report, now=now())
    await check_checkpoint(cluster.client, cluster.place, settings.zone, report)
    say_config_maps(cluster.following, settings, report)
    report.section("Routes")
    say_declared(following, report)
    check_routes(following.routes, recent.within(_RECENT, now()), report)
    elsewhere = {
        str(name): await found_elsewhere(cluster.client, name, cluster.connection.namespace)
        for name in {sink.template for sink in settings.sinks if sink.template}
        if following.templates.get(str(name)) is None
    }
    unread = following.config_map_troubles
    check_templates(cluster.ways, following.templates, recent, report, elsewhere=elsewhere, unread=unread)
    check_alert_templates(cluster.ways, following.templates, report, now=now())
    report.section("Destinations")
    await check_destinations(cluster.ways, cluster.clients, report, now=now())
    if send_test:
        report.section("Test messages")
        names = {sink.name for sink in settings.sinks}
        own = [way for way in cluster.ways if way.route.name in names]
        await send_tests(own, report, test_message=lambda way: _test_message(way, cluster))
    else:
        report.note("test messages", f"none was sent; --{SEND_TEST.name} sends one to each destination")
    if settings.since:
        report.section(f"Events {within(settings.since)}, played through the routes")
        await _play(cluster, recent.within(settings.since, now()), report, now())


async def _events(cluster: _Cluster, seconds: float, report: Report, now: Callable[[], datetime]) -> Recent:
    connection = cluster.connection
    report.working("reading events ...")
    recent = await read_recent(cluster.client, cluster.settings.watched, now=now(), seconds=seconds)
    subject = "API server"
    if recent.trouble:
        report.bad(subject, f"{connection.server} ({connection.described}): events can't be listed: {recent.trouble}")
    else:
        report.good(
            subject,
            f"{connection.server} ({connection.described}): {counted(len(recent.events), 'event')} {within(seconds)}",
        )
    return recent


def _rights(cluster: _Cluster) -> Iterator[Right]:
    settings = cluster.settings
    silences = settings.silences.within(cluster.connection.namespace) if settings.silences else None
    templates = {sink.template for sink in settings.sinks if sink.template}
    defaults = settings.declared_routes.defaults if settings.declared_routes else {}
    targets = [*(way.settings.target for way in cluster.ways), *(each.target for each in defaults.values())]
    return needed(
        settings,
        namespace=cluster.connection.namespace,
        place=cluster.place,
        config_maps={*templates, *([silences] if silences else [])},
        secrets={secret for target in targets for secret in secrets_of(target)},
        namespaces_wanted=any(
            way.settings.mention_owner or way.settings.filter.namespace_selector for way in cluster.ways
        ),
    )


async def _play(cluster: _Cluster, recent: Recent, report: Report, until: datetime) -> None:
    report.working(f"playing {counted(len(recent.events), 'event')} ...")
    clock = Clock(until - timedelta(seconds=recent.seconds))
    silences = cluster.following.silences.at(clock)
    # In a thread of its own: it has a loop of its own.
    played = await asyncio.to_thread(play, recent.events, cluster.following.routes, silences, clock=clock, until=until)
    say_played(played, recent, report)


async def _explain(cluster: _Cluster, name: str, report: Report, now: Callable[[], datetime]) -> None:
    report.working(f"looking for {name} ...")
    event = await find_event(cluster.client, name)
    if isinstance(event, str):
        report.bad(f"--event={name}", event)
        return
    following = cluster.following
    explain(
        event,
        following.routes,
        silences=following.silences,
        templates=following.templates,
        zone=cluster.settings.zone,
        now=now,
        report=report,
    )


def _test_message(way: Way, cluster: _Cluster) -> Message:
    """Return a chat's message in our own words, which mention nobody; others get the body that they expect."""
    if bodies := bodies_of(way.settings.target):
        renderer = Renderer(templates=cluster.following.templates, zone=cluster.settings.zone, bodies=bodies)
        # A DingTalk robot may want a label's word in each message.
        return renderer.built_in(sample_event(), style=Style(labels=style_of(way.settings).labels))
    return way.terms.wording.message([Merged(sample_event())])


def _say_problems(error: ConfigError, report: Report) -> None:
    for problem in error.problems:
        report.bad("", problem)
    for doubt in error.doubts:
        report.doubtful("", doubt)


def _plain(value: object) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list) else str(value)
