"""What was found in a template, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kube_wecom_eventer.render.text import width

Level = Literal["error", "warning"]
Code = Literal[
    "syntax", "fails", "field_unknown", "field_of_the_event", "other_language", "json_invalid", "name_twice",
    "not_an_object", "msgtype_missing", "msgtype_unknown", "part_missing", "two_parts", "content_missing",
    "content_no_text", "content_empty", "too_long", "mentions_misplaced", "mentions_ignored", "mentions_no_list",
    "mentions_nobody", "colour_unknown", "font_open", "markup_ignored", "markup_printed", "card_invalid",
    "news_invalid", "escaped_twice", "escaped_html", "no_value", "time_missing",
]  # fmt: skip
"""The kinds of findings, as docs/templates.md explains them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing in a template that will not work as it is meant.

    level: ``error``: the template's message is not sent, or WeCom refuses it, so the built-in one stands in;
    ``warning``: it arrives, but not as meant.
    text: what is wrong, in a line. instead: what to write; it may be empty.
    line, column: in the template's source, from 1, where they are known.
    rendered: lines that show the place in the rendered text, where the source alone doesn't.
    """

    code: Code
    level: Level
    text: str
    instead: str = ""
    line: int | None = None
    column: int | None = None
    rendered: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in one line, as the log shows it."""
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.text}" + (f"; {self.instead}" if self.instead else "")


def line_of(source: str, needle: str) -> int | None:
    """Return the first line of a source that holds the text, from 1."""
    position = source.find(needle)
    return source.count("\n", 0, position) + 1 if position >= 0 else None


def place_of(source: str, offset: int) -> tuple[int, int]:
    """Return the line and column of an offset, from 1."""
    offset = max(0, min(offset, len(source)))
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


_WIDEST = 100


def excerpt(source: str, line: int | None, column: int | None) -> list[str]:
    """Return a line of the source, and one with a caret below the column; of a long line what is around it."""
    lines = source.split("\n")
    if line is None or not 0 < line <= len(lines):
        return []
    text = lines[line - 1].rstrip("\r").expandtabs(1)
    position = min((column or 1) - 1, len(text))
    start = max(0, position - _WIDEST // 2) if len(text) > _WIDEST else 0
    shown = text[start : start + _WIDEST]
    before, after = "…" if start else "", "…" if start + _WIDEST < len(text) else ""
    drawn = [f"{before}{shown}{after}"]
    if column is not None:
        drawn.append(" " * width(before + text[start:position]) + "^")
    return drawn
