"""The options of a command: read, refused in words, shown as help. Only commands need it: the daemon has Go's flags."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from kube_wecom_eventer import __version__
from kube_wecom_eventer.command_line import (
    PROGRAM,
    definitions,
    examples,
    paragraphs,
    show,
    start_of,
    with_default,
)
from kube_wecom_eventer.suggestion import did_you_mean


@dataclass(frozen=True, slots=True)
class Option:
    """An option or argument of a command, ``written`` as ``-o, --output=table|json``; no ``default``: empty."""

    name: str
    written: str
    help: str
    default: str


class CommandParser(argparse.ArgumentParser):
    """The options of one command, its help, and what its exit statuses mean.

    ``examples``: what stands behind the program's name, and what for. ``statuses``: the meaning of each exit status.
    ``takes``: what else the command takes, where it reads that by itself. Options are never abbreviated.
    """

    def __init__(
        self,
        command: str,
        *,
        description: str,
        examples: Sequence[tuple[str, str]] = (),
        statuses: Mapping[int, str] | None = None,
        takes: str = "",
    ) -> None:
        super().__init__(prog=f"{PROGRAM} {command}", description=description, add_help=False, allow_abbrev=False)
        self.examples = tuple(examples)
        self.statuses = dict(statuses or {})
        self._takes = takes
        self.add_argument("-h", "--help", action="help", help="Print this help.")
        self.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="Print the version.")

    def format_usage(self) -> str:
        """Return one line."""
        arguments = [value_name(action) for action in self._actions if not action.option_strings]
        return " ".join(filter(None, ["Usage:", self.prog, "[options]", *arguments, self._takes])) + "\n"

    def format_help(self) -> str:
        """Return the whole help, without colours."""
        parts = [self.format_usage().rstrip(), paragraphs(self.description or "")]
        for title, options in option_groups(self):
            parts.append(
                definitions(title, ((each.written, with_default(each.help, each.default)) for each in options))
            )
        if self.examples:
            parts.append(examples(self.examples))
        if self.statuses:
            parts.append(definitions("Exit status", ((str(status), text) for status, text in self.statuses.items())))
        return "\n\n".join(parts) + "\n"

    def print_help(self, file: Any = None) -> None:
        """Print the whole help, with bold headings on a terminal."""
        show(self.format_help(), file or sys.stdout, environ=os.environ)

    # The class's overloads say the same in more words.
    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Read the options. Where that can't be done: exit status 2, and a line for each option that is unknown."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.refuse([self._unknown(each) for each in unknown])
        return found

    def error(self, message: str) -> NoReturn:
        """End the process with status 2 and one line."""
        self.refuse([message])

    def refuse(self, problems: Sequence[str]) -> NoReturn:
        """End the process with status 2 and a line for each problem."""
        lines = [*problems, "--help lists the options"]
        self.exit(2, "".join(f"{self.prog}: {line}\n" for line in lines))

    def _unknown(self, argument: str) -> str:
        if not argument.startswith("-"):
            return f"{start_of(argument)}: one argument too many"
        name = argument.partition("=")[0]
        known = [each for action in self._actions for each in action.option_strings if each.startswith("--")]
        return f"{name}: unknown option{did_you_mean(name, known)}"


def option_groups(parser: argparse.ArgumentParser) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """Yield what a parser takes, under its groups' titles. argparse has no public way to ask for that."""
    for group in parser._action_groups:
        if actions := [action for action in group._group_actions if action.help != argparse.SUPPRESS]:
            title = (group.title or "options").capitalize()
            yield title.replace("Positional a", "A"), tuple(_option(action) for action in actions)


def _option(action: argparse.Action) -> Option:
    names, value = ", ".join(action.option_strings), value_name(action)
    written = names if names and action.nargs == 0 else f"{names}={value}" if names else value
    is_given = action.nargs != 0 and action.default not in (None, "", argparse.SUPPRESS)
    default = f"{action.default:g}" if isinstance(action.default, float) else str(action.default)
    name = action.option_strings[-1] if names else action.dest
    return Option(name, written, action.help or "", default if is_given else "")


def value_name(action: argparse.Action) -> str:
    """Return what stands for a value: the choices, where there are some."""
    if action.metavar:
        return str(action.metavar)
    return "|".join(str(each) for each in action.choices) if action.choices else action.dest.upper()
