"""The page itself, in the language that `Say` speaks. All of its facts are the code's."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping

from kube_wecom_eventer.cli import COMMANDS
from kube_wecom_eventer.command_line import PROGRAM
from kube_wecom_eventer.command_parser import option_groups
from kube_wecom_eventer.commands import help as texts
from kube_wecom_eventer.config.declared_sink import DAEMONS_OWN, PLATFORMS
from kube_wecom_eventer.config.go_flags import Flag
from kube_wecom_eventer.config.parameter import Parameter
from kube_wecom_eventer.config.route_default import DEFAULT_PARAMETERS
from kube_wecom_eventer.config.settings import FLAG_GROUPS, KLOG_FLAGS
from kube_wecom_eventer.config.sink import PARAMETER_GROUPS
from kube_wecom_eventer.config.source import SOURCE_PARAMETERS
from kube_wecom_eventer.config.target import SINK_SCHEMES
from kube_wecom_eventer.web.endpoints import PATHS
from tools.reference.catalogue import Say, heads
from tools.reference.markdown import code, linked, table
from tools.reference.metrics import metrics

_OF_ALL = ("--help", "--version")


def reference(say: Say) -> str:
    """Return the whole page."""
    sections = (_head, _flags, _sinks, _lent, _source, _environment, _exit_statuses, _commands, _endpoints, metrics)
    return linked("\n\n".join(block for section in sections for block in section(say))) + "\n"


def _head(say: Say) -> Iterator[str]:
    yield "# " + say("title", "Reference")
    yield say(
        "head",
        "Each flag, parameter, command, endpoint and metric. How they work together is in docs/configuration.md, "
        "docs/routing.md, docs/messages.md and docs/metrics.md. This page is made from the code: `make docs`.",
    )


def _flags(say: Say) -> Iterator[str]:
    yield "## " + say("title.flags", "Flags")
    yield say("help.about", texts.ABOUT)
    yield _examples("help", texts.DAEMON_EXAMPLES, say)
    yield say("help.flags", texts.FLAG_GRAMMAR)
    head = heads(say, "flag", "default", "meaning")
    for group in FLAG_GROUPS:
        yield "### " + say(f"group.{group.title}", group.title)
        yield table(head, (_flag(flag, say) for flag in group.flags))
    names = _listed((code(f"--{flag.name}") for flag in KLOG_FLAGS), say)
    yield say("klog", "klog's flags have no effect, either: FLAGS.").replace("FLAGS", names)


def _flag(flag: Flag, say: Say) -> tuple[str, ...]:
    return code(flag.written), code(flag.default or ""), say(f"flag.{flag.name}", flag.help)


def _sinks(say: Say) -> Iterator[str]:
    yield "## `--sink=SCHEME:URL?NAME=VALUE&...`"
    yield _examples("help.sink", texts.SINK_EXAMPLES, say)
    yield say("help.sink", texts.SINK_GRAMMAR)
    yield table(
        heads(say, "sink", "sends to"),
        ((code(scheme.form), say(f"scheme.{scheme.form}", scheme.help)) for scheme in SINK_SCHEMES),
    )
    head = heads(say, "parameter", "for", "default", "meaning")
    for group in PARAMETER_GROUPS:
        yield "### " + say(f"group.{group.title}", group.title)
        if group.help:
            yield say(f"group.{group.title}.help", group.help)
        yield table(head, (_parameter(group.title, each, say) for each in group.parameters))
    yield "### " + say("title.declared", "Not in routes that namespaces declare")
    yield say("help.declared", "See docs/routing.md. `log:` is not for them, all other schemes are.")
    refused = {**DAEMONS_OWN, **PLATFORMS}
    yield table(
        heads(say, "parameter", "but"),
        ((code(name), say(f"declared.{name}", why)) for name, why in refused.items()),
    )


def _lent(say: Say) -> Iterator[str]:
    yield "## `--route-default=SCHEME:URL?NAME=VALUE&...`"
    yield say("help.lent", texts.DEFAULTS)
    head = heads(say, "parameter", "for", "default", "meaning")
    yield table(head, (_parameter("lent", each, say) for each in DEFAULT_PARAMETERS))


def _parameter(group: str, parameter: Parameter, say: Say) -> tuple[str, ...]:
    sinks = _listed((code(each) if ":" in each else say(f"sinks.{each}", each) for each in parameter.sinks), say)
    return (
        code(parameter.name),
        sinks or say("sinks.all", "all"),
        code(parameter.default),
        say(f"{group}.{parameter.name}", parameter.help),
    )


def _source(say: Say) -> Iterator[str]:
    yield "## `--source=kubernetes:URL?NAME=VALUE&...`"
    yield say("help.source", texts.SOURCE_GRAMMAR)
    yield table(
        heads(say, "option", "default", "meaning"),
        ((code(each.name), code(each.default), say(f"source.{each.name}", each.help)) for each in SOURCE_PARAMETERS),
    )


def _environment(say: Say) -> Iterator[str]:
    yield "## " + say("title.environment", "Environment")
    yield say("help.environment", "Besides these, whatever a sink or source names: `${WECOM_ROBOT_KEY}` and the like.")
    yield table(
        heads(say, "variable", "meaning"),
        (
            (_listed((code(each) for each in names.split(", ")), say), say(f"environment.{names}", text))
            for names, text in texts.ENVIRONMENT.items()
        ),
    )


def _exit_statuses(say: Say) -> Iterator[str]:
    yield "## " + say("title.statuses", "Exit status of the daemon")
    yield _statuses("status", texts.EXIT_STATUSES, say)


def _commands(say: Say) -> Iterator[str]:
    yield "## " + say("title.commands", "Commands")
    yield say(
        "help.commands", "Each has `--help` and `--version`; `help sink` and `help source` print what stands above."
    )
    for name, command in COMMANDS.items():
        yield f"### `{PROGRAM} {name}`"
        yield say(f"{name}.summary", command.summary)
        yield from _command(name, command.parser(), say)


def _command(name: str, parser: ArgumentParser, say: Say) -> Iterator[str]:
    yield code(parser.format_usage().partition(": ")[2].strip())
    if parser.description:
        yield say(f"{name}.description", parser.description)
    head = heads(say, "option", "default", "meaning")
    own = [each for _, options in option_groups(parser) for each in options if each.name not in _OF_ALL]
    if own:
        yield table(
            head,
            ((code(each.written), code(each.default), say(f"{name}.{each.name}", each.help)) for each in own),
        )
    if statuses := getattr(parser, "statuses", None):
        yield _statuses(f"{name}.status", statuses, say)
    if examples := getattr(parser, "examples", None):
        yield _examples(name, examples, say)


def _endpoints(say: Say) -> Iterator[str]:
    yield "## " + say("title.endpoints", "Endpoints")
    yield say("help.endpoints", "On `--healthz-ip` and `--healthz-port`, by plain HTTP.")
    yield table(
        heads(say, "path", "answer"),
        ((code(path), say(f"endpoint.{path}", text)) for path, text in PATHS.items()),
    )


def _statuses(name: str, statuses: Mapping[int, str], say: Say) -> str:
    return table(
        heads(say, "exit status", "meaning"),
        ((str(status), say(f"{name}.{status}", text)) for status, text in statuses.items()),
    )


def _listed(parts: Iterable[str], say: Say) -> str:
    return say("comma", ", ").join(parts)


def _examples(name: str, examples: Iterable[tuple[str, str]], say: Say) -> str:
    lines = (
        f"# {say(f'{name}.example.{number}', text)}\n{PROGRAM} {line}"
        for number, (line, text) in enumerate(examples, start=1)
    )
    return "\n".join(["```", *lines, "```"])
