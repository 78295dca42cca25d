"""The grammar of Go's ``flag`` package, in which kube-eventer's users write their args.

``-x`` equals ``--x``; a value stands behind ``=`` or in the next argument; a bool takes one only behind ``=``.
Source: https://pkg.go.dev/flag#hdr-Command_line_flag_syntax
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kube_wecom_eventer.command_line import start_of
from kube_wecom_eventer.suggestion import did_you_mean

_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that the program knows.

    ``help``: sentences for a person; code in backquotes, a page as ``docs/NAME.md``. ``value``: what stands behind
    the ``=``, as ``PORT``. The help and docs/reference.md are made of these.
    """

    name: str
    help: str
    default: str | None = None
    is_bool: bool = False
    repeatable: bool = False
    value: str = "VALUE"

    @property
    def written(self) -> str:
        """Return how the flag is written, as ``--healthz-port=PORT``."""
        written = f"-{self.name}" if len(self.name) == 1 else f"--{self.name}"
        if not self.is_bool:
            return f"{written}={self.value}"
        return f"{written}=false" if self.default == "true" else written


@dataclass(frozen=True, slots=True)
class FlagGroup:
    """Flags that are shown together."""

    title: str
    flags: tuple[Flag, ...]


@dataclass(slots=True)
class ParsedFlags:
    """``values`` in the order written, by flag name; what is wrong (``problems``) or doubtful (``warnings``)."""

    values: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def last(self, flag: Flag) -> str | None:
        """Return the value that counts: the last one written, as in Go, else the default."""
        written = self.values.get(flag.name)
        return written[-1] if written else flag.default


def parse_bool(text: str) -> bool | None:
    """Read a bool as Go's ``strconv.ParseBool`` does; None where it would fail."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return None


def parse_flags(argv: Sequence[str], known: Mapping[str, Flag]) -> ParsedFlags:
    """Read ``argv`` (without the program's name). Raises nothing: what is wrong is in ``problems``."""
    parsed = ParsedFlags()
    arguments = iter(argv)
    for argument in arguments:
        if argument == "--":
            ignored = len(list(arguments))
            if ignored:
                parsed.warnings.append(f"{ignored} argument(s) behind '--' are ignored")
            break
        if len(argument) < 2 or not argument.startswith("-"):
            hint = "a command stands before all flags; a bool flag takes its value behind '=': --flag=false"
            parsed.warnings.append(f"{start_of(argument)!r} is no flag and is ignored ({hint})")
            continue
        _take(argument, arguments, known, parsed)
    return parsed


def _take(argument: str, arguments: Iterator[str], known: Mapping[str, Flag], parsed: ParsedFlags) -> None:
    body = argument.removeprefix("-").removeprefix("-")
    name, equals, value = body.partition("=")
    if not name or name.startswith("-"):
        parsed.problems.append(f"{start_of(argument)!r}: bad flag syntax; write --name=value")
        return
    flag = known.get(name)
    if flag is None:
        parsed.problems.append(
            f"--{name}: unknown flag{did_you_mean(name, known, written='--{}') or ';'} --help lists the known ones"
        )
        return
    if not equals:
        following = "true" if flag.is_bool else next(arguments, None)
        if following is None:
            parsed.problems.append(f"--{name}: needs a value; write --{name}=VALUE")
            return
        value = following
    if flag.is_bool and parse_bool(value) is None:
        parsed.problems.append(f"--{name}={value}: not a bool; write --{name}=true or --{name}=false")
        return
    written = parsed.values.setdefault(name, [])
    if written and not flag.repeatable:
        parsed.warnings.append(f"--{name} is written more than once; the last one counts")
    written.append(value)
