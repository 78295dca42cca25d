"""From settings to the parts that work: sinks, their HTTP clients, their words. For the daemon and for its checks."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, tzinfo
from functools import partial
from random import Random
from typing import TypeVar

import httpx

from kube_wecom_eventer import __version__
from kube_wecom_eventer.config import (
    CheckpointSettings,
    LogTarget,
    RobotTarget,
    Settings,
    SinkSettings,
    Target,
    WebhookTarget,
)
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore, ConfigMapStore, FileStore, NoStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.leadership import Alone, Leadership, LeaseLeadership
from kube_wecom_eventer.kube.secrets import SecretReader
from kube_wecom_eventer.render import (
    LogWording,
    Renderer,
    RobotWording,
    Style,
    Templates,
    WebhookWording,
    Wording,
    style_doubts,
)
from kube_wecom_eventer.sinks import LogLines, Sink, Webhook, WeComRobot

_AnySink = TypeVar("_AnySink", bound=Sink)


class HttpClients:
    """The HTTP clients of sinks: each sink has its own, closed when the sink is gone, and at the end.

    A shared client's pool of connections is searched from end to end for each request: with 500 destinations that took
    97% of the daemon's time. A client costs 3 KB, but a TLS context 4 MB: that is shared. ``transport`` takes the
    network's place.
    """

    def __init__(self, stack: AsyncExitStack, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._contexts: dict[str | None, ssl.SSLContext] = {}
        self._open: set[httpx.AsyncClient] = set()
        self._closing: set[asyncio.Task[None]] = set()
        stack.push_async_callback(self._close_all)

    def client(self, ca_file: str | None) -> httpx.AsyncClient:
        """Return a client that trusts ``ca_file``, or what the system trusts. Proxies come from the environment.

        Raises:
            ConfigError: the environment names a proxy or a certificate file that can't be used.
        """
        try:
            if ca_file not in self._contexts:
                self._contexts[ca_file] = (
                    ssl.create_default_context(cafile=ca_file) if ca_file else httpx.create_ssl_context()
                )
            client = httpx.AsyncClient(
                verify=self._contexts[ca_file],
                headers={"User-Agent": f"kube-wecom-eventer/{__version__}"},
                transport=self._transport,
            )
        except (ValueError, OSError, httpx.InvalidURL) as error:
            raise ConfigError([_environment_problem(error)]) from None
        self._open.add(client)
        return client

    def of_sink(self, make: Callable[[httpx.AsyncClient], _AnySink], ca_file: str | None) -> _AnySink:
        """Return the sink that ``make`` makes with a client of its own."""
        client = self.client(ca_file)
        sink = make(client)
        # Only then: a batch that is being told keeps the sink of a route that is no more.
        weakref.finalize(sink, self._gone, client).atexit = False
        return sink

    def _gone(self, client: httpx.AsyncClient) -> None:
        self._open.discard(client)
        with contextlib.suppress(RuntimeError):  # no loop runs any more, and no connection is open
            task = asyncio.get_running_loop().create_task(client.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_all(self) -> None:
        await asyncio.gather(*self._closing, *(client.aclose() for client in self._open))
        self._open.clear()


def _environment_problem(error: Exception) -> str:
    if isinstance(error, OSError):
        return (
            f"SSL_CERT_FILE or SSL_CERT_DIR: can't be read: {error.strerror or error}; unset them, or write a PEM file"
        )
    return "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: no proxy's URL; write http://HOST:PORT or socks5://HOST:PORT"


def build_sink(target: Target, clients: HttpClients, secrets: SecretReader | None) -> Sink:
    """Return the sink of a target. ``secrets``: where a key is read from that the target only names.

    Raises:
        ConfigError: the environment's proxy can't be used, or there are no ``secrets`` and the target needs them.
    """
    match target:
        case RobotTarget():
            read_key = None
            if place := target.key_secret:
                if secrets is None:
                    raise ConfigError([f"key_secret={place}: there is no API server to read it from"])
                read_key = partial(secrets.value, place.namespace, place.name, place.field)
            robot = target
            return clients.of_sink(lambda http: WeComRobot(target=robot, http=http, read_key=read_key), robot.ca_file)
        case WebhookTarget():
            webhook = target
            return clients.of_sink(lambda http: Webhook(target=webhook, http=http), webhook.ca_file)
        case LogTarget():
            return LogLines(fd=sys.stdout.fileno())


def build_store(place: CheckpointSettings, *, client: ApiClient, writer: str) -> CheckpointStore:
    """Return the place where the checkpoint is kept. ``writer``: who writes it."""
    if place.name:
        return ConfigMapStore(client=client, namespace=place.name.namespace, name=place.name.name, writer=writer)
    if place.path:
        return FileStore(path=place.path, writer=writer)
    return NoStore()


def build_leadership(
    settings: Settings, *, client: ApiClient, namespace: str, identity: str, now: Callable[[], datetime], rng: Random
) -> Leadership:
    """Return how this process comes to lead. ``namespace``: the daemon's own."""
    election = settings.leader_election
    if election is None:
        return Alone()
    return LeaseLeadership(
        client=client,
        name=election.lease.within(namespace),
        identity=identity,
        lease_duration=election.lease_duration,
        renew_deadline=election.renew_deadline,
        retry_period=election.retry_period,
        now=now,
        rng=rng,
    )


def build_wording(
    sink: SinkSettings,
    template: str | None,
    renderer: Renderer,
    templates: Templates,
    zone: tzinfo,
    *,
    owners: Callable[[str], Sequence[str]] = lambda _namespace: (),
) -> Wording:
    """Return the words of a sink's route. ``template``: the name of its template. ``owners``: of a namespace."""
    if template is not None:
        templates.used_by(template, robot=isinstance(sink.target, RobotTarget))
    match sink.target:
        case RobotTarget():
            return RobotWording(renderer=renderer, template=template, style=_style(sink), owners=owners)
        case WebhookTarget():
            return WebhookWording(templates=templates, template=template, zone=zone)
        case LogTarget():
            return LogWording()


def doubts(sink: SinkSettings) -> tuple[str, ...]:
    """Return a line for each thing in a sink's style that can't work; none for a target that has no style."""
    return style_doubts(_style(sink)) if isinstance(sink.target, RobotTarget) else ()


def _style(sink: SinkSettings) -> Style:
    chosen = sink.style
    return Style(
        msgtype=chosen.msgtype,
        lang=chosen.lang,
        cluster=chosen.cluster,
        mentioned_list=chosen.mentioned_list,
        mentioned_mobile_list=chosen.mentioned_mobile_list,
    )


def described(sink: SinkSettings) -> dict[str, object]:
    """Return what the log says of a route: only what the user has set, and nothing secret."""
    chosen = sink.filter
    described: dict[str, object] = {
        "destination": sink.target.destination,
        "address": sink.target.shown,
        "event_level": chosen.level,
        "namespaces": sorted(chosen.namespaces) or "all",
        "exclude_namespaces": sorted(chosen.excluded_namespaces),
        "kinds": sorted(chosen.kinds) or "all",
        "reason": list(chosen.reasons) or "all",
        "exclude_reason": list(chosen.excluded_reasons),
        "name": list(chosen.names),
        "message": list(chosen.messages),
        "min_count": chosen.min_count,
        "template": str(sink.template) if sink.template else "built-in",
    }
    return {name: value for name, value in described.items() if value}
