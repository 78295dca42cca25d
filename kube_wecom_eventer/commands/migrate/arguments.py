"""From the args of kube-eventer's container to ours: the flags, and the sinks with their notes.

What is written is read again by `load_settings` before it leaves: what it would refuse is not written.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kube_wecom_eventer.commands.migrate import argument_notes as notes
from kube_wecom_eventer.commands.migrate.environment import Environment, kubelets
from kube_wecom_eventer.commands.migrate.notes import Note
from kube_wecom_eventer.commands.migrate.secrecy import SecretFields
from kube_wecom_eventer.commands.migrate.sinks import MigratedSink, migrate_sink
from kube_wecom_eventer.config import ObjectName, Settings, SinkSettings, load_settings
from kube_wecom_eventer.config.go_flags import ParsedFlags, parse_bool, parse_flags
from kube_wecom_eventer.config.leader_election import LEADER_ELECT
from kube_wecom_eventer.config.settings import FLAGS, HEALTHZ_IP, HEALTHZ_PORT, SINK, SOURCE, without_effect
from kube_wecom_eventer.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg:
    """An arg as it is to be written, and what to say above it. Without ``text`` it is a comment only."""

    text: str
    notes: tuple[Note, ...] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """``settings``: what the daemon makes of the args; sinks that could not be checked are not in it."""

    flags: tuple[Arg, ...]
    sinks: tuple[MigratedSink, ...]
    settings: Settings
    secrets: SecretFields

    @property
    def args(self) -> tuple[Arg, ...]:
        """All args in the order in which they are to be written."""
        return (*self.flags, *(_sink_arg(sink) for sink in self.sinks))

    @property
    def templates(self) -> list[ObjectName]:
        """The ConfigMaps with templates that the sinks name."""
        return sorted({sink.template for sink in self.sinks if sink.template})

    def with_notes(self, about: Callable[[SinkSettings], tuple[Note, ...]]) -> Arguments:
        """Add what is to be said of each sink whose settings are known."""
        noted = (
            replace(sink, notes=(*sink.notes, *about(sink.settings))) if sink.settings else sink for sink in self.sinks
        )
        return replace(self, sinks=tuple(noted))


def argv_of(container: Mapping[str, Any]) -> list[str]:
    """Return the args of the program, without its name."""
    return [*(container.get("command") or ())[1:], *(container.get("args") or ())]


def migrate_arguments(
    container: Mapping[str, Any], *, more_sinks: Sequence[str], replicas: int, host_network: bool, ours: bool
) -> Arguments:
    """Write the args of the container anew.

    ``more_sinks``: sinks of ours to add. ``replicas``: of the Deployment. ``host_network``: the pod has the machine's.
    ``ours``: the args were written for this program already.

    Raises:
        ConfigError: nothing is left that could run.
    """
    environ = Environment(container)
    flags = parse_flags(argv_of(container), FLAGS)
    if flags.problems:
        raise ConfigError(flags.problems, doubts=flags.warnings)
    secrets = SecretFields(taken={entry["name"] for entry in container.get("env") or ()})
    sinks = [
        migrate_sink(text, environ=environ, secrets=secrets, ours=ours) for text in flags.values.get(SINK.name, ())
    ]
    sinks += [migrate_sink(text, environ=environ, secrets=secrets, ours=True) for text in more_sinks]
    secrets.keep_all(environ.literal)
    kept = [*_flags(flags, environ, host_network=host_network)]
    if replicas > 1 and not parse_bool(flags.last(LEADER_ELECT) or ""):
        kept.append(Arg(text=f"--{LEADER_ELECT.name}", notes=(notes.replicas(replicas),)))
    settings = _settings(kept, sinks, environ, secrets)
    if flags.warnings:
        kept.insert(0, Arg(text="", notes=tuple(notes.not_carried_over(doubt) for doubt in flags.warnings)))
    return Arguments(flags=tuple(kept), sinks=_template_said_once(sinks), settings=settings, secrets=secrets)


def _flags(flags: ParsedFlags, environ: Environment, *, host_network: bool) -> list[Arg]:
    """Return the flags but the sinks, the source first; each once, with the value that counts."""
    names = [name for name in flags.values if name not in (SINK.name, SOURCE.name)]
    args = []
    for name in [*([SOURCE.name] if SOURCE.name in flags.values else []), *names]:
        value = flags.values[name][-1]
        note = _dropped(name, kubelets(value, environ.values()), host_network=host_network)
        args.append(Arg(text="", notes=(note,)) if note else Arg(text=f"--{name}={value}"))
    return args


def _dropped(name: str, value: str, *, host_network: bool) -> Note | None:
    """Return why a flag is left out; None where it is kept."""
    if without_effect(name):
        return notes.flag_dropped(name)
    if name == HEALTHZ_PORT.name and value == "0":
        return notes.HEALTHZ_PORT
    if name == HEALTHZ_IP.name and value in _LOOPBACK and not host_network:
        return notes.healthz_ip(value)
    return None


def _sink_arg(sink: MigratedSink) -> Arg:
    return Arg(text=f"--{SINK.name}={sink.arg}" if sink.arg else "", notes=sink.notes, shown=sink.shown)


def _template_said_once(sinks: Sequence[MigratedSink]) -> tuple[MigratedSink, ...]:
    """Say of the first sink with a template what holds for all of them."""
    first = next((sink for sink in sinks if sink.template), None)
    return tuple(replace(sink, notes=(*sink.notes, notes.TEMPLATE_KEPT)) if sink is first else sink for sink in sinks)


def _settings(
    kept: Sequence[Arg], sinks: Sequence[MigratedSink], environ: Environment, secrets: SecretFields
) -> Settings:
    """Return what the daemon makes of what can be checked. Raises ConfigError where it could not run."""
    values: Mapping[str, str] = ChainMap(secrets.values, environ.values())  # type: ignore[arg-type]  # nothing writes into it
    if not any(sink.arg for sink in sinks):
        problems = [f"{sink.shown}: {problem}" for sink in sinks for problem in sink.problems]
        raise ConfigError(
            [*problems, "no sink is left that can run here; add one: --sink='wecom:?key=KEY&level=Warning'"]
        )
    checked = [sink for sink in sinks if sink.arg and sink.checked]
    args = [arg.text for arg in kept if arg.text] + [f"--{SINK.name}={sink.arg}" for sink in checked]
    if not checked:
        args.append(f"--{SINK.name}=log:")  # in the place of those that can't be checked
    return load_settings([kubelets(arg, values) for arg in args], environ=values)
