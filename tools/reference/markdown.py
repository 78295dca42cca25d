"""Markdown, as far as the pages need it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_PAGE = re.compile(r"\bdocs/([\w.-]+\.md)(#[^\s.,;:)，。；：、）]+)?")
_BAR = "\\|"


def linked(text: str) -> str:
    """Return a text with a link for each page that it names as ``docs/NAME.md``."""
    return _PAGE.sub(lambda found: f"[{found[1]}]({found[1]}{found[2] or ''})", text)


def code(text: str) -> str:
    """Return a text as code; nothing of nothing."""
    return f"`{text}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. A bar in a cell would end it."""
    lines = [f"| {' | '.join(cell.replace('|', _BAR) for cell in line)} |" for line in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])
