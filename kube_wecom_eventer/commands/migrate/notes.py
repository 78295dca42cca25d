"""What the migration says to a person, in Chinese and English. No text holds a secret."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]

_WIDTH = 100
"""Columns of a line of comment; a Chinese sign takes two."""
_WORD = re.compile(
    "[（“]*(?:[\u2e80-\u9fff\uff00-\uffef]|[^\\s\u2e80-\u9fff\uff00-\uffef（）“”，。；：、]+)[）”，。；：、]*|\\s+|."
)
"""What may stand at the beginning of a line: no closing punctuation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to say. ``kind``: a change of behaviour, what a person must do, or only why something is so.

    ``command`` is a line of its own, to be copied.
    """

    zh: str
    en: str
    kind: Literal["change", "todo", "why"] = "change"
    command: str = ""

    def lines(self, language: Language) -> list[str]:
        """Return the lines of a comment."""
        return [*wrapped(self.zh if language == "zh" else self.en), *([f"  {self.command}"] if self.command else [])]


def texts(notes: Iterable[Note], language: Language) -> tuple[str, ...]:
    """Return the lines of a comment in a language, each note once."""
    return tuple(line for note in dict.fromkeys(notes) for line in note.lines(language))


def wrapped(text: str, *, width: int = _WIDTH) -> Iterator[str]:
    """Break a text of Chinese and English into lines. Whatever line breaks it has are gone: it stays a comment."""
    line, taken = "", 0
    for word in _WORD.findall(" ".join(text.split())):
        columns = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in word)
        if taken + columns > width and line:
            yield line.rstrip()
            line, taken = "", 0
        if line or not word.isspace():
            line, taken = line + word, taken + columns
    yield line.rstrip()
