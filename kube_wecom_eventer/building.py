"""From settings to the parts that work: sinks, their HTTP clients, their words. For the daemon and for its checks."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from random import Random
from typing import TypeVar

import httpx

from kube_wecom_eventer import __version__
from kube_wecom_eventer.apprise_library import MAIL, Form
from kube_wecom_eventer.config import (
    ApplicationTarget,
    AppriseTarget,
    CheckpointSettings,
    DingTalkTarget,
    LogTarget,
    RobotTarget,
    RouteDefault,
    Secret,
    SecretField,
    Settings,
    SinkSettings,
    Target,
    WebhookTarget,
)
from kube_wecom_eventer.config.shown import shown_value
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.http1 import DirectTransport, proxied
from kube_wecom_eventer.kube.checkpoint_store import CheckpointStore, ConfigMapStore, FileStore, NoStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.leadership import Alone, Leadership, LeaseLeadership
from kube_wecom_eventer.kube.secrets import SecretReader
from kube_wecom_eventer.render import (
    APPLICATION,
    DINGTALK,
    ROBOT,
    Bodies,
    ChatWording,
    LateWording,
    LogWording,
    Renderer,
    Style,
    Templates,
    WebhookWording,
    Wording,
    notice_bodies,
)
from kube_wecom_eventer.sinks import (
    AccessToken,
    AccessTokens,
    AppriseService,
    DingTalkRobot,
    LogLines,
    ReadKey,
    Sink,
    Threads,
    Webhook,
    WeComApplication,
    WeComRobot,
)
from kube_wecom_eventer.sinks.keys import reading

_NAMED = 20
"""Receivers that the log names."""

_Owner = TypeVar("_Owner")


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
            transport = self._transport
            if transport is None and not proxied():
                transport = DirectTransport(tls=self._contexts[ca_file])
            client = httpx.AsyncClient(
                verify=self._contexts[ca_file],
                headers={"User-Agent": f"kube-wecom-eventer/{__version__}"},
                transport=transport,
            )
        except (ValueError, OSError, httpx.InvalidURL) as error:
            raise ConfigError([_environment_problem(error)]) from None
        self._open.add(client)
        return client

    def with_client(self, make: Callable[..., _Owner], ca_file: str | None) -> _Owner:
        """Return what ``make`` makes, a sink for example, with a client as ``http`` that is closed when it is gone."""
        client = self.client(ca_file)
        owner = make(http=client)
        # Only then: a batch that is being told keeps the sink of a route that is no more.
        weakref.finalize(owner, self._gone, client).atexit = False
        return owner

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


class SinkMaker:
    """Makes sinks that share TLS contexts, Secrets, access tokens and threads.

    ``secrets``: where a key is read from that a target only names. ``now``: the wall clock.
    """

    def __init__(self, *, clients: HttpClients, secrets: SecretReader | None, now: Callable[[], datetime]) -> None:
        self._clients = clients
        self._secrets = secrets
        self._now = now
        self._tokens = AccessTokens(make=self._token)
        self._threads = Threads()

    def sink(self, target: Target) -> Sink:
        """Return the sink of a target.

        Raises:
            ConfigError: the environment's proxy can't be used, or there are no ``secrets`` and the target needs them.
        """
        match target:
            case RobotTarget():
                read_key = self._reader(target.key_secret) if target.key_secret else None
                make = partial(WeComRobot, target=target, read_key=read_key)
                return self._clients.with_client(make, target.ca_file)
            case ApplicationTarget():
                return self._clients.with_client(
                    partial(
                        WeComApplication,
                        target=target,
                        read_secret=reading(target.corp_secret, self._reader),
                        tokens=self._tokens,
                        now=self._now,
                    ),
                    target.ca_file,
                )
            case DingTalkTarget():
                return self._clients.with_client(
                    partial(
                        DingTalkRobot,
                        target=target,
                        read_token=reading(target.access_token, self._reader),
                        read_sign=reading(target.sign, self._reader) if target.sign else None,
                        now=self._now,
                    ),
                    target.ca_file,
                )
            case AppriseTarget():
                return AppriseService(target=target, read_url=reading(target.url, self._reader), threads=self._threads)
            case WebhookTarget():
                return self._clients.with_client(partial(Webhook, target=target), target.ca_file)
            case LogTarget():
                return LogLines(fd=sys.stdout.fileno())

    def _token(self, target: ApplicationTarget, corp_secret: Secret) -> AccessToken:
        make = partial(AccessToken, target=target, corp_secret=corp_secret)
        return self._clients.with_client(make, target.ca_file)

    def _reader(self, place: SecretField) -> ReadKey:
        if self._secrets is None:
            raise ConfigError([f"Secret {place}: there is no API server to read it from"])
        return partial(self._secrets.value, place.namespace, place.name, place.field)


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


def bodies_of(target: Target) -> Bodies | None:
    """Return what the chat of a target takes; None for what is no chat."""
    match target:
        case RobotTarget():
            return ROBOT
        case ApplicationTarget():
            return APPLICATION
        case DingTalkTarget():
            return DINGTALK
        case AppriseTarget():
            return notice_bodies(target.form or MAIL)
    return None


def build_wording(
    sink: SinkSettings,
    template: str | None,
    templates: Templates,
    zone: tzinfo,
    *,
    owners: Callable[[str], Sequence[str]] = lambda _namespace: (),
    made: Sink | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Wording:
    """Return the words of a sink's route. ``template``: the name of its template. ``owners``: of a namespace.

    ``made``: the sink, where only that knows the form of its messages. ``now``: the wall clock.
    """
    if template is not None:
        templates.used_by(template, robot=isinstance(sink.target, RobotTarget))
    if isinstance(made, AppriseService) and isinstance(sink.target, AppriseTarget) and sink.target.form is None:

        def of(form: Form) -> Wording:
            renderer = Renderer(templates=templates, zone=zone, bodies=notice_bodies(form), now=now)
            return ChatWording(renderer=renderer, template=template, style=replace(style_of(sink), msgtype=form.format))

        return LateWording(form=lambda: made.form, make=of)
    if bodies := bodies_of(sink.target):
        renderer = Renderer(templates=templates, zone=zone, bodies=bodies, now=now)
        return ChatWording(renderer=renderer, template=template, style=style_of(sink), owners=owners)
    if isinstance(sink.target, LogTarget):
        return LogWording()
    return WebhookWording(templates=templates, template=template, zone=zone, now=now)


def doubts(sink: SinkSettings) -> tuple[str, ...]:
    """Return a line for each thing in a sink's style that can't work; none for a target that has no style."""
    bodies = bodies_of(sink.target)
    found = tuple(bodies.doubts(style_of(sink))) if bodies else ()
    if sink.mention_owner and bodies is APPLICATION:
        found += ("mention_owner has no effect: an application's message mentions nobody; name receivers in to_user=",)
    return found


def style_of(sink: SinkSettings) -> Style:
    """Return how a sink's built-in messages look."""
    chosen, target = sink.style, sink.target
    if isinstance(target, AppriseTarget):
        # The service decides. As long as nobody has read its URL, it is taken for a mail.
        chosen = replace(chosen, msgtype=(target.form or MAIL).format)
    return Style(
        msgtype=chosen.msgtype,
        lang=chosen.lang,
        cluster=chosen.cluster,
        mentioned_list=chosen.mentioned_list,
        mentioned_mobile_list=chosen.mentioned_mobile_list,
        labels=chosen.labels,
    )


def described(sink: SinkSettings) -> dict[str, object]:
    """Return what the log says of a route: only what the user has set, and nothing secret."""
    chosen = sink.filter
    described: dict[str, object] = {
        "destination": sink.target.destination,
        "address": sink.target.shown,
        "receivers": _receivers(sink.target),
        "event_level": chosen.level,
        "namespaces": _shown(sorted(chosen.namespaces)) or "all",
        "exclude_namespaces": _shown(sorted(chosen.excluded_namespaces)),
        "kinds": _shown(sorted(chosen.kinds)) or "all",
        "reason": _shown(chosen.reasons) or "all",
        "exclude_reason": _shown(chosen.excluded_reasons),
        "name": _shown(chosen.names),
        "message": _shown(chosen.messages),
        "min_count": chosen.min_count,
        "sources": sorted(chosen.sources) if len(chosen.sources) == 1 else [],
        "labels": [f"{each.label}{each.operator}{each.value}" for each in chosen.labels],
        "severity_map": dict(chosen.severities),
        "send_resolved": "" if chosen.send_resolved else "false",
        "template": str(sink.template) if sink.template else "built-in",
        "default": sink.default,
    }
    return {name: value for name, value in described.items() if value}


def described_default(default: RouteDefault) -> dict[str, object]:
    """Return what the log says of a default of declared routes; nothing secret."""
    target = default.target
    described: dict[str, object] = {
        "destination": target.destination,
        "address": target.shown,
        "allow_receivers": sorted(default.receivers),
        "allow_domains": sorted(default.domains),
        "max_receivers": default.most,
    }
    return {name: value for name, value in described.items() if value}


def _shown(values: Iterable[str]) -> list[str]:
    return [shown_value(value) for value in values]


def _receivers(target: Target) -> list[str]:
    """Return whom an application or a mail server tells, in words; of many only how many."""
    if isinstance(target, AppriseTarget):
        return list(target.receivers)
    if not isinstance(target, ApplicationTarget):
        return []
    users = target.users if len(target.users) <= _NAMED else (f"{len(target.users)} users",)
    return [*users, *(f"party {party}" for party in target.parties), *(f"tag {tag}" for tag in target.tags)]
