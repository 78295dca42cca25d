"""The command's own options, among the daemon's flags and in the same grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kube_wecom_eventer.command_parser import CommandParser
from kube_wecom_eventer.config import Settings, load_settings
from kube_wecom_eventer.config.go_flags import Flag, parse_flags
from kube_wecom_eventer.config.settings import FLAGS
from kube_wecom_eventer.errors import ConfigError

SEND_TEST = Flag(
    "send-test",
    "Also send one marked message to each destination of the flags, by each address that the sinks name for it, and "
    "say what was answered. A chat gets the built-in words, which mention nobody; another URL the body that it would "
    "get from its template.",
    is_bool=True,
)
EVENT = Flag(
    "event",
    "Explain one event, route by route: which filter takes or refuses it, and what would be sent. "
    "`NAMESPACE/KIND/NAME` means the newest event about that object.",
    value="NAMESPACE/NAME",
)
OUTPUT = Flag("output", "The form: `table` or `json`.", "table", value="table|json")
_SHORT_OUTPUT = Flag("o", OUTPUT.help, value=OUTPUT.value)
_SINCE = (
    "Also play the events of so long ago until now through the routes, without sending: how many messages each group "
    "would have got, and which events no route took."
)
_OWN: Mapping[str, Flag] = {flag.name: flag for flag in (SEND_TEST, EVENT, OUTPUT, _SHORT_OUTPUT)}
_KNOWN: Mapping[str, Flag] = {**FLAGS, **_OWN}
_PROGRAMS = ("kube-wecom-eventer", "kube-eventer")


def parser() -> CommandParser:
    """Return the command's own options, for its help; `read_arguments` reads them among the daemon's flags."""
    found = CommandParser(
        "check",
        takes="[the daemon's flags]",
        description="Reads the daemon's flags and prints a line for each finding: `✓` well, `!` doubtful, `✗` wrong, "
        "`·` a note, and what to do. It asks the API server for the rights that are needed, tries filters and "
        "templates on the events of the last hour, looks for ConfigMaps, Secrets, silences, declared routes and the "
        "checkpoint (it writes nothing), and whether each destination can be reached. In the daemon's own container, "
        "where no flag is given, the daemon's count.",
        examples=(
            ("check --sink='wecom:?key=KEY&namespaces=payments'", "Would this work?"),
            ("check --send-test --sink='wecom:?key=KEY'", "Does the group get a message?"),
            ("check --since=1h", "How many messages would each group have got? In the daemon's container."),
            ("check --event=payments/pod/api-7d4b9", "Why did nothing arrive about this pod?"),
        ),
        statuses={0: "All is well.", 1: "Something is wrong.", 2: "These flags can't run."},
    )
    found.add_argument("--since", metavar="DURATION", help=_SINCE)
    found.add_argument("--event", metavar=EVENT.value, help=EVENT.help)
    found.add_argument("--send-test", action="store_true", help=SEND_TEST.help)
    found.add_argument("-o", "--output", choices=("table", "json"), default=OUTPUT.default, help=OUTPUT.help)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What is to be done. ``borrowed``: whose args count, where none were given."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    send_test: bool
    event: str
    as_json: bool
    borrowed: str = ""
    problems: tuple[str, ...] = ()

    def settings(self) -> Settings:
        """Read the daemon's flags.

        Raises:
            ConfigError: with every problem found.
        """
        try:
            settings = load_settings(self.argv, environ=self.environ, known=_KNOWN)
        except ConfigError as error:
            raise ConfigError([*self.problems, *error.problems], doubts=error.doubts) from None
        if self.problems:
            raise ConfigError(self.problems, doubts=settings.warnings)
        return settings


def read_arguments(argv: Sequence[str], *, environ: Mapping[str, str], neighbour: Path) -> Arguments:
    """Read the command line. ``neighbour``: the command line of the daemon in whose container this runs."""
    flags = parse_flags(argv, _KNOWN)
    borrowed: tuple[str, ...] = ()
    if not flags.problems and flags.values.keys() <= {*_OWN, "since"}:
        borrowed = _args_of(neighbour)
    output = flags.last(_SHORT_OUTPUT) or flags.last(OUTPUT)
    known = output in ("table", "json")
    return Arguments(
        # Its own last, so that they count.
        argv=(*borrowed, *argv),
        environ=environ,
        send_test=flags.last(SEND_TEST) in ("1", "t", "T", "true", "TRUE", "True"),
        event=flags.last(EVENT) or "",
        as_json=output == "json",
        borrowed=f"process 1, {len(borrowed)} of them" if borrowed else "",
        problems=() if known else (f"--{OUTPUT.name}={output}: write table or json",),
    )


def _args_of(neighbour: Path) -> tuple[str, ...]:
    """Return the args of a running daemon, read from its command line; none where it is none."""
    try:
        words = neighbour.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return ()
    for number, word in enumerate(words[:3]):
        if Path(word).name in _PROGRAMS:
            args = tuple(words[number + 1 :])
            return args if args and args[0].startswith("-") else ()
    return ()
