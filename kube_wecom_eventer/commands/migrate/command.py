"""``kube-wecom-eventer migrate``: reads, prints the manifest, and says on standard error what a person must know.

Exit status: 0 where all was migrated; 1 where a sink was left out, or could not be checked; 2 where nothing is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO, get_args

from kube_wecom_eventer.command_line import PROGRAM
from kube_wecom_eventer.command_parser import CommandParser
from kube_wecom_eventer.commands.migrate.arguments import Arguments, migrate_arguments
from kube_wecom_eventer.commands.migrate.deployments import DEFAULT_NAMESPACE, Found, checked, choose, read_objects
from kube_wecom_eventer.commands.migrate.live import ask_config_maps, ask_deployment, ask_pull_secrets
from kube_wecom_eventer.commands.migrate.manifest import Manifest, Plan, new_name
from kube_wecom_eventer.commands.migrate.notes import Language
from kube_wecom_eventer.commands.migrate.summary import summarize
from kube_wecom_eventer.commands.migrate.templates import template_notes
from kube_wecom_eventer.commands.migrate.yaml_writer import write_documents
from kube_wecom_eventer.commands.progress import Progress
from kube_wecom_eventer.config import SourceSettings
from kube_wecom_eventer.config.object_name import NAMESPACE, SUBDOMAIN
from kube_wecom_eventer.errors import ConfigError
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Where the command reads and prints."""

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO


def run(argv: Sequence[str], *, environ: Mapping[str, str], streams: Streams) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(argv)
    try:
        return _migrate(options, environ, streams)
    except ConfigError as error:
        for problem in error.problems:
            print(f"kube-wecom-eventer migrate: {problem}", file=streams.stderr)
        for doubt in error.doubts:
            print(f"kube-wecom-eventer migrate: warning: {doubt}", file=streams.stderr)
        return 2


def parser() -> CommandParser:
    """Return the command's options."""
    found = CommandParser(
        "migrate",
        description="Reads a Deployment of kube-eventer and prints ours, ready for `kubectl apply -f`, with a comment "
        "at each change of behaviour. Keys that stand in its args move into a Secret. On standard error it says what "
        "changes, and what a person must still do. It writes nothing into the cluster.\n\n"
        "The walk, with both running side by side: docs/migrate.md.",
        examples=(
            ("migrate kube-eventer.yaml > new.yaml", "From a file with one or many YAML documents, or a List."),
            ("migrate -n kube-system --name=kube-eventer", "From the cluster, through your kubeconfig."),
            ("migrate - --secrets=command", "From standard input; the output holds no key, so it may go into Git."),
        ),
        statuses={
            0: "All was migrated.",
            1: "A sink was left out, or could not be checked: the summary says why.",
            2: "Nothing was printed: what was read can't be migrated, or an option is wrong.",
        },
    )
    found.add_argument(
        "file", nargs="?", metavar="FILE", help="YAML or JSON with the Deployment; - for standard input."
    )
    found.add_argument(
        "-n", "--namespace", help=f"Of the Deployment. Without a file it is {DEFAULT_NAMESPACE}, unless said."
    )
    found.add_argument("--name", help="Of the Deployment. Without a file it is asked of the API server.")
    found.add_argument(
        "--as",
        dest="new_name",
        metavar="NAME",
        help="What the new Deployment and its account are called; unless said kube-wecom-eventer, where it was "
        "kube-eventer.",
    )
    found.add_argument("--image", help=f"The image; {PROGRAM} with this program's version, unless said.")
    found.add_argument(
        "--sink",
        action="append",
        metavar="URI",
        help="A sink of ours to add, for those that there are not here; may be repeated.",
    )
    found.add_argument(
        "--secrets",
        choices=("inline", "command"),
        default="inline",
        help="The keys as a Secret in the output, or the command that makes it, with dots for the keys.",
    )
    found.add_argument(
        "--lang", choices=get_args(Language), help="Language of the comments; that of the locale, unless said."
    )
    found.add_argument("-o", "--output", metavar="FILE", help="Where to write; standard output, unless said.")
    return found


def _language(environ: Mapping[str, str]) -> Language:
    """Return the language of the locale, as programs choose it."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "zh" if locale.startswith("zh") else "en"


def _migrate(options: argparse.Namespace, environ: Mapping[str, str], streams: Streams) -> int:
    if problems := list(_bad_names(options)):
        raise ConfigError(problems)
    found = _read(options, streams) if options.file else asyncio.run(_ask(options, environ, streams))
    plan = Plan(
        name=_new_name(options, found),
        image=options.image,
        language=options.lang or _language(environ),
        secret_inline=options.secrets == "inline",
    )
    arguments = migrate_arguments(
        found.container,
        more_sinks=options.sink or (),
        replicas=found.deployment["spec"].get("replicas") or 1,
        host_network=bool(found.pod.get("hostNetwork")),
        ours="kube-wecom-eventer" in str(found.container.get("image")),
    )
    if not options.file:
        found = asyncio.run(_ask_for_the_rest(found, arguments, environ, streams))
    about_templates = partial(template_notes, known=found.config_maps, zone=arguments.settings.zone)
    arguments = arguments.with_notes(about_templates)
    manifest = Manifest(found=found, arguments=arguments, plan=plan)
    text = write_documents(manifest.documents())
    _write(text, options.output, secret=plan.secret_inline and bool(arguments.secrets.values), streams=streams)
    summarize(found, arguments, manifest.said, plan=plan, err=streams.stderr)
    return 1 if any(not sink.arg or not sink.checked for sink in arguments.sinks) else 0


def _bad_names(options: argparse.Namespace) -> Iterator[str]:
    if options.name and not SUBDOMAIN.fullmatch(options.name):
        yield f"--name={options.name!r}: no Deployment's name; write for example --name=kube-eventer"
    if options.namespace and not NAMESPACE.fullmatch(options.namespace):
        yield f"--namespace={options.namespace!r}: no namespace's name; write for example --namespace=kube-system"


def _new_name(options: argparse.Namespace, found: Found) -> str:
    name = options.new_name or new_name(found.name)
    if not SUBDOMAIN.fullmatch(name):
        raise ConfigError([f"--as={name}: can be no Deployment's name; write for example kube-wecom-eventer"])
    if name == found.name:
        raise ConfigError([f"--as={name}: is the old one's name; both run for a while, so write another one"])
    return str(name)


def _read(options: argparse.Namespace, streams: Streams) -> Found:
    where = "standard input" if options.file == "-" else options.file
    try:
        data = streams.stdin.read() if options.file == "-" else Path(options.file).read_bytes()
    except OSError as error:
        raise ConfigError([f"{where}: can't be read: {error.strerror}"]) from None
    objects = read_objects(data, where=where)
    return choose(objects, where=where, name=options.name, namespace=options.namespace)


async def _ask(options: argparse.Namespace, environ: Mapping[str, str], streams: Streams) -> Found:
    if not options.name and not options.namespace:
        raise ConfigError(["what is to be migrated? write FILE, - for standard input, or --name=NAME; see --help"])
    namespace = options.namespace or DEFAULT_NAMESPACE
    async with _connected(environ, streams) as client:
        deployment = await ask_deployment(client, name=options.name or "kube-eventer", namespace=namespace)
        found = checked(deployment, where=client.server, namespace=namespace)
        pull_secrets = await ask_pull_secrets(client, name=found.account, namespace=namespace)
        return replace(found, pull_secrets=pull_secrets)


async def _ask_for_the_rest(found: Found, arguments: Arguments, environ: Mapping[str, str], streams: Streams) -> Found:
    async with _connected(environ, streams) as client:
        return replace(found, config_maps=await ask_config_maps(client, arguments.templates))


@asynccontextmanager
async def _connected(environ: Mapping[str, str], streams: Streams) -> AsyncIterator[ApiClient]:
    client = ApiClient(connection=connect(SourceSettings(), environ=environ))
    try:
        with Progress(streams.stderr).saying(f"asking {client.server} ..."):
            yield client
    finally:
        await client.aclose()


def _write(text: str, output: str | None, *, secret: bool, streams: Streams) -> None:
    if output is None:
        streams.stdout.write(text)
        streams.stdout.flush()
        return
    try:
        # A file with keys is for its owner only.
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if secret else 0o644)
        with open(descriptor, "w", encoding="utf-8") as file:
            if secret and stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fchmod(descriptor, 0o600)  # also one that was there before
            file.write(text)
    except OSError as error:
        raise ConfigError([f"--output={output}: can't be written: {error.strerror}"]) from None
