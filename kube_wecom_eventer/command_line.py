"""What the help of the daemon and of its commands has in common: the layout and the colours.

Reads nothing of the daemon's own grammar (that is config/go_flags.py) and knows no command. Texts are sentences with
code in backquotes, which the reference keeps and a screen does not need.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import IO

PROGRAM = "kube-wecom-eventer"
WIDTH = 80
"""Columns of a help text."""
_COLUMN = 24
"""Where texts begin; a longer term stands on a line of its own."""
_HEADING = re.compile(r"^[A-Z][^\n]*(?=:$)|^Usage(?=:)", re.MULTILINE)


def with_default(text: str, default: str) -> str:
    """Return a text with the default behind it, if there is one."""
    return f"{text} (default {default})" if default else text


def paragraphs(text: str) -> str:
    """Return a text of paragraphs, each wrapped."""
    return "\n\n".join(_wrapped(part, indent=0) for part in text.split("\n\n"))


def definitions(title: str, entries: Iterable[tuple[str, str]], *, intro: str = "") -> str:
    """Return a heading, and below it terms and what they mean, in two columns."""
    lines = [f"{title}:"]
    if intro:
        lines += [_wrapped(intro, indent=2), ""]
    for term, text in entries:
        meaning, start = _wrapped(text, indent=_COLUMN), f"  {plain(term)}"
        fits = len(start) <= _COLUMN - 2
        lines += [start.ljust(_COLUMN) + meaning[_COLUMN:]] if fits else [start, meaning]
    return "\n".join(lines)


def examples(entries: Iterable[tuple[str, str]]) -> str:
    """Return examples: command lines, without the program's name, and what each is for."""
    return "\n".join(["Examples:", *(f"{_command(line)}\n{_wrapped(text, indent=6)}" for line, text in entries)])


def start_of(argument: str) -> str:
    """Return where an argument begins: what follows a colon, a question mark or an equals sign may be a robot's key."""
    start = re.split(r"[:=?]", argument, maxsplit=1)[0]
    return argument if start == argument else f"{start}..."


def plain(text: str) -> str:
    """Return a text as it is shown on a screen."""
    return text.replace("`", "")


def show(text: str, out: IO[str], *, environ: Mapping[str, str]) -> None:
    """Write a help text; its headings are bold where there may be colours."""
    out.write(_HEADING.sub("\033[1m\\g<0>\033[0m", text) if may_have_colours(out, environ=environ) else text)


def may_have_colours(out: IO[str], *, environ: Mapping[str, str]) -> bool:
    """Return whether what is written there may have colours: on a terminal, unless NO_COLOR is set
    (https://no-color.org)."""
    return out.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def _command(line: str) -> str:
    """Return a command, in several lines of a shell's where one is too short; it can be copied."""
    lines = textwrap.wrap(f"{PROGRAM} {line}", WIDTH - 6, break_on_hyphens=False, break_long_words=False)
    return " \\\n".join(("    " if number else "  ") + part for number, part in enumerate(lines))


def _wrapped(text: str, *, indent: int) -> str:
    spaces = " " * indent
    return textwrap.fill(
        plain(text),
        WIDTH,
        initial_indent=spaces,
        subsequent_indent=spaces,
        break_on_hyphens=False,
        break_long_words=False,
    )
