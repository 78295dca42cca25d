"""The command: its options, what they ask for, and its exit status."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, tzinfo
from typing import TextIO

from kube_wecom_eventer.command_line import PROGRAM, may_have_colours
from kube_wecom_eventer.command_parser import CommandParser
from kube_wecom_eventer.commands.manifests import FoundConfigMap
from kube_wecom_eventer.commands.progress import Progress
from kube_wecom_eventer.commands.render.events import Tried, latest_event, live_event, read_events
from kube_wecom_eventer.commands.render.group_view import Paint
from kube_wecom_eventer.commands.render.inputs import Subject, read_config_maps, read_file, read_sinks, subjects_of
from kube_wecom_eventer.commands.render.output import Shown, as_json, as_table, as_text
from kube_wecom_eventer.commands.render.rendering import Renderings, alike
from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.config.object_name import NAMESPACE, parse_config_map_name
from kube_wecom_eventer.config.source import SourceSettings, parse_source
from kube_wecom_eventer.declared_routes import ROUTE_LABEL
from kube_wecom_eventer.errors import ApiError, ConfigError, Forbidden
from kube_wecom_eventer.kube.client import ApiClient, missing_rule
from kube_wecom_eventer.kube.config_maps import read_config_map
from kube_wecom_eventer.kube.credentials import connect
from kube_wecom_eventer.render.samples import DEFAULT, sample_events, samples
from kube_wecom_eventer.render.templates import CONTENT, CONTENT_J2
from kube_wecom_eventer.suggestion import did_you_mean

_PROGRAM = f"{PROGRAM} render"
_MOST_EVENTS = 2000
"""Of a digest: so many groups may wait for a chat."""


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    zone: tzinfo,
    now: datetime,
    stdin: TextIO,
    out: TextIO,
) -> int:
    """Run the command; ``--help`` tells the exit status."""
    try:
        options = parser().parse_args(argv)
        shown = asyncio.run(_Render(options, environ=environ, zone=zone, now=now, stdin=stdin).run())
        _show(shown, options, environ=environ, out=out)
    except ConfigError as error:
        for problem in error.problems:
            print(f"{_PROGRAM}: {problem}", file=sys.stderr)
        return 2
    return 0 if all(each.well for each in shown) else 1


def parser() -> CommandParser:
    """Return the command's options."""
    found = CommandParser(
        "render",
        description="Shows the message that a template makes of an event, byte for byte as the daemon would send it: "
        "as its WeCom group reads it, and as JSON; how long it is, what would be cut, and what will not work as it is "
        "written, with what to write instead. Sends nothing. All about templates: docs/templates.md.",
        examples=(
            ("render message.tmpl", "A Go template; a file *.j2 is a Jinja2 template."),
            ("render templates.yaml --all-samples", "The templates of a manifest, on each sample."),
            ("render --configmap=payments/wecom-message --latest=Warning", "One of the cluster, on its newest event."),
            ("render --sink='wecom:?msgtype=markdown'", "The built-in message in that style."),
        ),
        statuses={
            0: "The message goes out as it is meant.",
            1: "Something will not work as it is written.",
            2: "An argument or a file can't be used.",
        },
    )
    _add_what(found)
    _add_events(found)
    found.add_argument("-n", "--namespace", help="Of `--latest`. Unset: all.")
    found.add_argument("--digest", metavar="N", help="The one message for N events like these that wait together.")
    found.add_argument(
        "-o",
        "--output",
        choices=("text", "json", "body"),
        default="text",
        help="For people, for programs, or only the bytes that would be posted.",
    )
    found.add_argument("--source", metavar="URI", help="Of the cluster, as the daemon has it.")
    return found


def _add_what(found: CommandParser) -> None:
    found.add_argument(
        "template",
        nargs="?",
        metavar="[TEMPLATE]",
        help="A file with a template, or a manifest (YAML) with ConfigMaps; `-` is stdin.",
    )
    what = found.add_argument_group("what is rendered")
    what.add_argument("--configmap", metavar="[NAMESPACE/]NAME", help=_CONFIG_MAP_HELP)
    what.add_argument(
        "--key", help="Of the ConfigMap. Unset: `content.j2`, else `content`; of a manifest each `content*`."
    )
    what.add_argument(
        "--sink",
        action="append",
        metavar="URI",
        help="As the daemon has it: its style, its template unless another one is given, and whether WeCom or another "
        "service reads the message. A key, `key_file` and `ca_file` are not needed. Repeatable.",
    )


def _add_events(found: CommandParser) -> None:
    events = found.add_argument_group("on which event").add_mutually_exclusive_group()
    events.add_argument("--sample", metavar="NAME", help=_SAMPLE_HELP)
    events.add_argument("--all-samples", action="store_true", help="Each sample, a line each: fits, is cut, or fails.")
    events.add_argument("--event", metavar="FILE", help="An Event as YAML or JSON, each of a List; `-` is stdin.")
    events.add_argument(
        "--event-live",
        metavar="NAMESPACE/NAME",
        help="An event of the cluster; `NAMESPACE/KIND/NAME` means the newest about that object.",
    )
    events.add_argument(
        "--latest", choices=("Warning", "Normal", "any"), help="The newest event of the cluster, of that level."
    )


_CONFIG_MAP_HELP = "A ConfigMap of the cluster; `NAMESPACE/NAME/PART` means one of several routes that it declares."
_SAMPLE_HELP = "A built-in one, unless said `{default}`: {samples}.".format(
    default=DEFAULT, samples="; ".join(f"`{each.name}` ({each.about})" for each in samples().values())
)


class _Render:
    """One run of the command."""

    def __init__(
        self, options: argparse.Namespace, *, environ: Mapping[str, str], zone: tzinfo, now: datetime, stdin: TextIO
    ) -> None:
        self._options = options
        self._environ = environ
        self._renderings = Renderings(zone=zone)
        self._now = now
        self._stdin = stdin

    async def run(self) -> list[Shown]:
        """Render all that is asked for. Raises ConfigError."""
        options = self._options
        problems = list(_contradictions(options))
        doubts: list[str] = []
        source = SourceSettings()
        if options.source:
            source = parse_source(options.source, environ=self._environ, problems=problems, warnings=doubts)
        sinks = read_sinks(options.sink or (), environ=self._environ, problems=problems)
        if problems:
            raise ConfigError([*problems, *doubts])
        async with AsyncExitStack() as stack:
            cluster = _Cluster(source, environ=self._environ, stack=stack)
            subjects = await self._subjects(sinks, cluster)
            events = await self._events(cluster)
        return [self._shown(subject, events) for subject in subjects]

    async def _subjects(self, sinks: Sequence[Subject], cluster: _Cluster) -> list[Subject]:
        options = self._options
        if options.template:
            read = read_file(options.template, stdin=self._stdin, key=options.key)
            return subjects_of(read, sinks, where=options.template, key=options.key)
        if options.configmap and (found := _config_map(options.configmap)):
            name, key = found
            return await self._of_config_map(name, sinks, cluster, key=options.key or key)
        subjects: list[Subject] = []
        for sink in sinks:
            if template := sink.sink.template:
                subjects += await self._of_config_map(template, [sink], cluster, key=options.key)
            else:
                subjects.append(sink)
        return subjects

    async def _of_config_map(
        self, name: ObjectName, sinks: Sequence[Subject], cluster: _Cluster, *, key: str | None
    ) -> list[Subject]:
        found = await cluster.config_map(name)
        where = f"ConfigMap {found.namespace}/{found.name}"
        if key is None and found.labels.get(ROUTE_LABEL) != "true":
            key = CONTENT_J2 if CONTENT_J2 in found.data else CONTENT
        read = read_config_maps([found], where=where, key=key)
        return subjects_of(read, sinks, where=where, key=key)

    async def _events(self, cluster: _Cluster) -> list[Tried]:
        options = self._options
        if options.event:
            return read_events(options.event, stdin=self._stdin)
        if options.event_live:
            return [await live_event(cluster.client(), options.event_live)]
        if options.latest:
            namespace = options.namespace or ""
            return [await latest_event(cluster.client(), level=options.latest, namespace=namespace)]
        if options.all_samples:
            return [Tried(name, event) for name, event in sample_events(self._now).items()]
        name = options.sample or DEFAULT
        return [Tried(name, samples()[name].make(self._now))]

    def _shown(self, subject: Subject, events: Sequence[Tried]) -> Shown:
        tried = {**sample_events(self._now), **{each.name: each.event for each in events}}
        findings = self._renderings.findings(subject, tried)
        digest = int(self._options.digest or 0)
        if not digest:
            return Shown(subject, [self._renderings.message(subject, each) for each in events], findings)
        if subject.bodies is None:
            raise ConfigError([f"--digest={digest}: {subject.name} gets one request an event; only chats get digests"])
        many = alike([each.event for each in events], digest)
        return Shown(subject, [self._renderings.digest(subject, many)], findings)


def _contradictions(options: argparse.Namespace) -> Iterator[str]:
    if options.template and options.configmap:
        yield f"{options.template} and --configmap={options.configmap}: write one of them"
    if not (options.template or options.configmap or options.sink):
        yield "nothing to render: write a template's file, --configmap=NAMESPACE/NAME, or --sink=URI"
    yield from _bad_names(options)
    if options.template == "-" and options.event == "-":
        yield "- and --event=-: stdin can be only one of them; write a file for the other"
    if options.namespace and not options.latest:
        yield f"--namespace={options.namespace}: is for --latest; write --latest=Warning, or leave it out"
    if options.all_samples and options.digest:
        yield "--all-samples and --digest: write --sample=NAME for the events of a digest"
    if options.all_samples and options.output == "body":
        yield "--all-samples and -o body: that shows one body; write --sample=NAME"


def _config_map(text: str) -> tuple[ObjectName, str | None] | None:
    """Read ``[NAMESPACE/]NAME``, or ``NAMESPACE/NAME/PART`` as a declared route is called; None where it is neither.

    Returns the ConfigMap's name, and the key of the part's template.
    """
    namespace, _, rest = text.partition("/")
    config_map, slash, part = rest.partition("/")
    name = parse_config_map_name(f"{namespace}/{config_map}" if slash else text)
    return (name, f"{CONTENT}.{part}" if part else None) if name and not (slash and not part) else None


def _bad_names(options: argparse.Namespace) -> Iterator[str]:
    if options.sample and options.sample not in samples():
        meant = did_you_mean(options.sample, samples()) or f"; write one of {', '.join(samples())}"
        yield f"--sample={options.sample}: there is no such sample{meant}"
    if options.configmap and _config_map(options.configmap) is None:
        yield f"--configmap={options.configmap}: no ConfigMap's name; write NAMESPACE/NAME"
    namespace, _, name = (options.event_live or "").partition("/")
    if options.event_live and not (NAMESPACE.fullmatch(namespace) and name):
        yield f"--event-live={options.event_live}: no event's name; write NAMESPACE/NAME, or NAMESPACE/KIND/NAME"
    digest = options.digest or "2"
    if not (digest.isascii() and digest.isdigit() and len(digest) < 6 and 2 <= int(digest) <= _MOST_EVENTS):
        yield f"--digest={digest}: write a number from 2 to {_MOST_EVENTS}"
    if options.namespace and not NAMESPACE.fullmatch(options.namespace):
        yield f"--namespace={options.namespace}: no namespace's name; write for example --namespace=payments"


class _Cluster:
    """The API server, connected to when it is first asked for something."""

    def __init__(self, source: SourceSettings, *, environ: Mapping[str, str], stack: AsyncExitStack) -> None:
        self._source = source
        self._environ = environ
        self._stack = stack
        self._client: ApiClient | None = None
        self._namespace = ""

    def client(self) -> ApiClient:
        """Return the client. Raises ConfigError: there are no usable credentials."""
        if self._client is None:
            connection = connect(self._source, environ=self._environ)
            self._stack.enter_context(Progress(sys.stderr).saying(f"asking {connection.server} ..."))
            self._namespace = connection.namespace
            self._client = ApiClient(connection=connection)
            self._stack.push_async_callback(self._client.aclose)
        return self._client

    async def config_map(self, name: ObjectName) -> FoundConfigMap:
        """Return a ConfigMap. Raises ConfigError: there is none, or it can't be read."""
        client = self.client()
        name = name.within(self._namespace)
        try:
            found = await read_config_map(client, namespace=name.namespace, name=name.name)
        except ApiError as error:
            rule = missing_rule("configmaps", kind=f"Role of namespace {name.namespace}")
            hint = f"; grant {rule}" if isinstance(error, Forbidden) else ""
            raise ConfigError([f"ConfigMap {name}: can't be read from {client.server}: {error}{hint}"]) from None
        if found is None:
            problem = f"there is no such ConfigMap at {client.server}; create it, or give its manifest as a file"
            raise ConfigError([f"ConfigMap {name}: {problem}"])
        labels, data = found.metadata.labels or {}, found.data or {}
        return FoundConfigMap(namespace=name.namespace, name=name.name, labels=labels, data=data)


def _show(shown: Sequence[Shown], options: argparse.Namespace, *, environ: Mapping[str, str], out: TextIO) -> None:
    if options.output == "body":
        messages = [each.message for one in shown for each in one.rendered]
        if len(messages) != 1:
            raise ConfigError([f"-o body: there are {len(messages)} messages; choose one, by --key or one --sink"])
        out.flush()
        out.buffer.write(messages[0].body)
        return
    paint = Paint(colours=may_have_colours(out, environ=environ))
    if options.output == "json":
        print(as_json(shown), file=out)
    else:
        print((as_table if options.all_samples else as_text)(shown, paint=paint), file=out)
