"""Writing to a person's terminal: widths, colours, frames.

Owns what a text takes on the screen. Knows nothing of events and messages.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

MAX_WIDTH = 110  # columns; longer lines are hard to read, however wide the window is
MIN_WIDTH = 40

STYLES = {
    "dim": "2",
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "mention": "1;36",
}
ERASE = "\r\x1b[K"  # back to the start of the line, and nothing left of it
_STYLED = re.compile(r"\x1b\[[0-9;]*m")


def width_of(text: str) -> int:
    """The columns that ``text`` takes: Chinese characters and most emoji take two, styles none."""
    return sum(_columns(character) for character in _STYLED.sub("", text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def plain(text: str) -> str:
    """``text`` without what could move the cursor or change colours: a message must not draw by itself."""
    return "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)


def cut(text: str, columns: int) -> str:
    """The start of ``text`` that fits into so many columns, ending in an ellipsis where it was cut."""
    if width_of(text) <= columns:
        return text
    used, kept = 1, []
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + "…"


def wrapped(text: str, columns: int) -> Iterator[str]:
    """``text`` in lines of at most so many columns, broken anywhere, as Chinese is."""
    line, used = "", 0
    for character in text:
        columns_of_it = _columns(character)
        if used + columns_of_it > columns:
            yield line
            line, used = "", 0
        line += character
        used += columns_of_it
    yield line


class Terminal:
    """Where a command writes. Styles only on a real terminal, and not with NO_COLOR (https://no-color.org)."""

    def __init__(
        self,
        *,
        out: TextIO,
        environment: Mapping[str, str] = os.environ,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_closed`` is called once, when nobody reads any more (``| head``)."""
        self._out: TextIO | None = out
        self._on_closed = on_closed
        is_terminal = out.isatty() and environment.get("TERM") != "dumb"
        self._styled = is_terminal and not environment.get("NO_COLOR")
        self._can_erase = is_terminal
        self._in_progress = False

    @property
    def width(self) -> int:
        """The columns to write in, asked anew each time: windows are resized."""
        return max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size((100, 24)).columns - 1))

    def style(self, text: str, *names: str) -> str:
        """``text`` in these STYLES, or as it is where there are none."""
        if not self._styled or not text:
            return text
        return f"\x1b[{';'.join(STYLES[name] for name in names)}m{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        """Write one line, at once; nothing once the reader has gone."""
        self._write(f"{ERASE if self._in_progress else ''}{text}\n")
        self._in_progress = False

    def progress(self, text: str) -> None:
        """Show a line that the next one replaces; nothing where this is no terminal."""
        if self._can_erase:
            self._write(f"{ERASE}{cut(text, self.width)}")
            self._in_progress = True

    def end_progress(self) -> None:
        """Leave the line that the next one would replace."""
        if self._in_progress:
            self._in_progress = False
            self.line()

    def _write(self, text: str) -> None:
        if self._out is None:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            self._out = None
            self._on_closed()

    def box(self, title: str, body: list[str], *, indent: int, style: str) -> None:
        """Write a frame with ``title`` in its upper edge around ``body``, whose lines fit ``box_columns``."""
        inner = self.box_columns(indent)
        title = cut(title, inner - 2)
        margin = " " * indent
        edge = self.style(f"╭─ {title} " + "─" * (inner - width_of(title) - 1) + "╮", style)
        side = self.style("│", style)
        self.line(margin + edge)
        for text in body:
            self.line(f"{margin}{side} {text}{' ' * (inner - width_of(text))} {side}")
        self.line(margin + self.style("╰" + "─" * (inner + 2) + "╯", style))

    def box_columns(self, indent: int) -> int:
        """The columns inside a box."""
        return self.width - indent - 4
