"""``kube-wecom-eventer check``: reads the daemon's own arguments and says what would not work, and what to do.

Sends nothing, unless asked to by ``--send-test``: then one marked message to each destination, mentioning nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from kube_wecom_eventer.building import HttpClients, build_sink, build_store, build_wording, described, doubts
from kube_wecom_eventer.command_line import CommandParser
from kube_wecom_eventer.config import (
    ObjectName,
    RobotTarget,
    Settings,
    SinkSettings,
    Target,
    load_settings,
    pod_name,
    resolve,
)
from kube_wecom_eventer.errors import ApiError, CheckpointError, ConfigError, Forbidden
from kube_wecom_eventer.event import Event, EventSource, ObjectMeta, ObjectReference
from kube_wecom_eventer.kube.checkpoint import UnusableCheckpoint, decode
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient, missing_rule
from kube_wecom_eventer.kube.credentials import Connection, connect
from kube_wecom_eventer.kube.secrets import SecretReader
from kube_wecom_eventer.match import Silences
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Message, Renderer, Templates, Wording
from kube_wecom_eventer.sinks import Verdict

GOOD, DOUBTFUL, BAD = "✓", "!", "✗"
SEND_TEST = "--send-test"


def parser() -> CommandParser:
    """Return the command's own options; it reads the daemon's flags beside them."""
    found = CommandParser(
        "check",
        takes="[the daemon's flags]",
        description="Reads the daemon's flags and prints a line for each finding: `✓` well, `!` doubtful, `✗` wrong, "
        "and what to do. It asks the API server whether events can be listed, looks at the checkpoint (it writes "
        "nothing), renders each template on a sample event, and reads the silences.",
        examples=(
            ("check --sink='wecom:?key=KEY&namespaces=payments'", "Would this work?"),
            ("check --send-test --sink='wecom:?key=KEY'", "Does the group get a message?"),
        ),
        statuses={0: "All is well.", 1: "Something is wrong.", 2: "These flags can't run."},
    )
    found.add_argument(
        SEND_TEST,
        action="store_true",
        help="Also send one marked message to each destination, by each address that the sinks name for it, and say "
        "what was answered. A robot gets the built-in words, which mention nobody; another URL the body that it would "
        "get from its template.",
    )
    return found


class _ConfigMap(msgspec.Struct):
    data: dict[str, str] | None = None


class _ConfigMapList(msgspec.Struct):
    items: list[_ConfigMap] | None = None


class Check:
    """One run of the command. Each finding is a line with a mark; ``failed`` tells whether one of them was bad."""

    def __init__(self, *, environ: Mapping[str, str], out: TextIO) -> None:
        self._environ = environ
        self._out = out
        self._templates = Templates(metrics=Metrics())
        self.failed = False

    async def run(self, argv: Sequence[str]) -> int:
        """Check the daemon's args. Returns 0 where all is well, 1 where something is not, 2 for args that can't run."""
        daemon_args = [each for each in argv if each not in (SEND_TEST, SEND_TEST[1:], f"{SEND_TEST}=true")]
        try:
            settings = load_settings(daemon_args, environ=self._environ)
        except ConfigError as error:
            self._say_problems(error)
            return 2
        for warning in settings.warnings:
            self._say(DOUBTFUL, warning)
        for sink in settings.sinks:
            for doubt in doubts(sink):
                self._say(DOUBTFUL, f"{sink.name}: {doubt}")
            shown = ", ".join(f"{name}={_plain(value)}" for name, value in described(sink).items())
            self._say(GOOD, f"{sink.name}: {shown}")
        await self._cluster(settings)
        if len(daemon_args) < len(argv):
            await self._send_tests(settings)
        else:
            self._say(DOUBTFUL, f"no message was sent; {SEND_TEST} sends one to each destination, mentioning nobody")
        return 1 if self.failed else 0

    async def _cluster(self, settings: Settings) -> None:
        try:
            connection = connect(settings.source, environ=self._environ)
            client = ApiClient(connection=connection)
        except ConfigError as error:
            self._say_problems(error)
            return
        for warning in connection.warnings:
            self._say(DOUBTFUL, warning)
        try:
            await self._events(client, connection)
            for name in sorted({sink.template for sink in settings.sinks if sink.template}):
                await self._template(client, name, settings)
            await self._checkpoint(client, connection, settings)
            if settings.silences:
                await self._silences(client, settings.silences.within(connection.namespace), settings)
        finally:
            await client.aclose()

    async def _events(self, client: ApiClient, connection: Connection) -> None:
        try:
            await client.get("/api/v1/events", {"limit": 1})
        except ApiError as error:
            hint = f"; grant {missing_rule('events', kind='ClusterRole')}" if isinstance(error, Forbidden) else ""
            self._say(BAD, f"{connection.server} ({connection.described}): events can't be listed: {error}{hint}")
        else:
            self._say(GOOD, f"{connection.server} ({connection.described}): events can be listed")

    async def _checkpoint(self, client: ApiClient, connection: Connection, settings: Settings) -> None:
        place = resolve(
            settings.checkpoint,
            in_cluster=connection.in_cluster,
            namespace=connection.namespace,
            pod_name=pod_name(self._environ),
        )
        store = build_store(place, client=client, writer="check")
        where = f"checkpoint in {store.described}"
        try:
            stored = await store.read()
            written = decode(stored).written_at if stored else None
        except CheckpointError as error:
            hint = f"; grant {error.hint}" if error.hint else ""
            self._say(BAD, f"{where}: {error}; a restart would lose events{hint}")
        except UnusableCheckpoint as error:
            self._say(BAD, f"{where}: {error}; the daemon would keep it aside and start from now")
        else:
            if place.kind == "none":
                self._say(DOUBTFUL, "no checkpoint: a restart begins from now; --checkpoint=file:PATH keeps one")
            elif written is None:
                self._say(GOOD, f"{where}: none yet")
            else:
                when = datetime.fromtimestamp(written, settings.zone)
                self._say(GOOD, f"{where}: written at {when:%Y-%m-%d %H:%M:%S}")

    async def _config_map(
        self, client: ApiClient, name: ObjectName, *, mark: str, missing: str
    ) -> Mapping[str, str] | None:
        """Ask for a ConfigMap as the daemon does: by a list, so that a right to get alone is not called enough.

        Returns its data; None, after a line, where there is no such ConfigMap, or it can't be read.
        """
        where = f"ConfigMap {name}"
        path = f"/api/v1/namespaces/{name.namespace}/configmaps"
        try:
            body = await client.get(path, {"fieldSelector": f"metadata.name={name.name}"})
            items = msgspec.json.decode(body, type=_ConfigMapList).items
        except Forbidden as error:
            rule = missing_rule("configmaps", kind=f"Role of namespace {name.namespace}")
            self._say(BAD, f"{where}: {error}; grant {rule}")
            return None
        except (ApiError, *UNREADABLE) as error:
            self._say(BAD, f"{where}: can't be read: {error}")
            return None
        if not items:
            self._say(mark, f"{where}: there is no such ConfigMap, so {missing}; create it there")
            return None
        return items[0].data or {}

    async def _template(self, client: ApiClient, name: ObjectName, settings: Settings) -> None:
        data = await self._config_map(client, name, mark=BAD, missing="the built-in body would be sent")
        if data is not None:
            self._render(f"ConfigMap {name}", str(name), data, settings)

    async def _silences(self, client: ApiClient, name: ObjectName, settings: Settings) -> None:
        data = await self._config_map(client, name, mark=DOUBTFUL, missing="nothing is silenced")
        if data is None:
            return
        silences = Silences(
            name=str(name),
            routes=[sink.name for sink in settings.sinks],
            zone=settings.zone,
            metrics=Metrics(),
            now=lambda: datetime.now(UTC),
        )
        silences.update(data)
        for problem in silences.problems:
            self._say(BAD, f"ConfigMap {name}: {problem}; it silences nothing")
        for doubt in silences.doubts:
            self._say(DOUBTFUL, f"ConfigMap {name}: {doubt}")
        self._say(GOOD, f"ConfigMap {name}: silences that hold now: {silences.holding()}")

    def _render(self, where: str, name: str, data: Mapping[str, str], settings: Settings) -> None:
        self._templates.update(name, data)
        if problem := self._templates.trouble(name):
            self._say(BAD, f"{where}: {problem}; the built-in body would be sent")
            return
        for sink in settings.sinks:
            if str(sink.template) != name:
                continue
            message = self._wording(sink, settings).message([Merged(sample_event())])
            if problem := self._templates.trouble(name):
                self._say(BAD, f"{where}: fails on a sample event: {problem}; the built-in body would be sent")
            else:
                self._say(GOOD, f"{where}: {sink.name}'s body of a sample event has {len(message.body)} bytes")

    def _secrets(self, settings: Settings, stack: AsyncExitStack) -> SecretReader | None:
        try:
            client = ApiClient(connection=connect(settings.source, environ=self._environ))
        except ConfigError:
            return None  # said already
        stack.push_async_callback(client.aclose)
        return SecretReader(client=client)

    async def _send_tests(self, settings: Settings) -> None:
        async with AsyncExitStack() as stack:
            clients, secrets = HttpClients(stack), self._secrets(settings, stack)
            tested: set[Target] = set()
            for sink in settings.sinks:
                if sink.target in tested:
                    self._say(GOOD, f"{sink.name}: the same destination as above")
                    continue
                tested.add(sink.target)
                try:
                    built = build_sink(sink.target, clients, secrets)
                except ConfigError as error:
                    self._say_problems(error)
                    continue
                outcome = await built.ready() or await built.send(self._test_message(sink, settings))
                if outcome.verdict is Verdict.ACCEPTED:
                    self._say(GOOD, f"{sink.name}: the test message was accepted by {sink.target.shown}")
                else:
                    self._say(BAD, f"{sink.name}: {sink.target.shown}: {outcome.detail}")

    def _test_message(self, sink: SinkSettings, settings: Settings) -> Message:
        """Return a robot's message in our own words, which mention nobody; others get the body that they expect."""
        if isinstance(sink.target, RobotTarget):
            return Renderer(templates=self._templates, zone=settings.zone).built_in(sample_event())
        return self._wording(sink, settings).message([Merged(sample_event())])

    def _wording(self, sink: SinkSettings, settings: Settings) -> Wording:
        renderer = Renderer(templates=self._templates, zone=settings.zone)
        template = str(sink.template) if sink.template else None
        return build_wording(sink, template, renderer, self._templates, settings.zone)

    def _say_problems(self, error: ConfigError) -> None:
        for problem in error.problems:
            self._say(BAD, problem)
        for doubt in error.doubts:
            self._say(DOUBTFUL, doubt)

    def _say(self, mark: str, text: str) -> None:
        self.failed = self.failed or mark == BAD
        print(f"{mark} {text}", file=self._out, flush=True)


def sample_event() -> Event:
    """Return an event that says of itself that it is a test."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Event(
        type="Warning",
        reason="TestMessage",
        message="A test from 'kube-wecom-eventer check', nothing has happened. 这是一条测试消息，没有发生任何事情。",
        metadata=ObjectMeta(name="kube-wecom-eventer-test", namespace="default", creation_timestamp=now),
        involved_object=ObjectReference(kind="Pod", namespace="default", name="kube-wecom-eventer-test"),
        source=EventSource(component="kube-wecom-eventer"),
        first_timestamp=now,
        last_timestamp=now,
        count=1,
    )


def _plain(value: object) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list) else str(value)
