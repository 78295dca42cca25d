"""The Chinese texts: each beside the English one that it was made from, so that it is noticed when that one changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

Say = Callable[[str, str], str]
"""Given what a text is called, as ``flag.sink``, and the text in English, returns it in the language of the page."""


def english(_name: str, text: str) -> str:
    """Say a text as it stands in the code."""
    return text


def heads(say: Say, *names: str) -> list[str]:
    """Return the heads of a table's columns."""
    return [say(f"head.{name}", name) for name in names]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    en: str
    zh: str


class Catalogue:
    """The translations of one file. `say` is asked for texts; `problems` then tells what is wrong with the file."""

    def __init__(self, entries: Mapping[str, _Entry]) -> None:
        self._entries = entries
        self._asked: dict[str, str] = {}

    @classmethod
    def read(cls, path: Path) -> Catalogue:
        """Read a file. Raises msgspec.MsgspecError where it is none."""
        return cls(msgspec.yaml.decode(path.read_bytes(), type=dict[str, _Entry]))

    def say(self, name: str, english: str) -> str:
        """Return the translation; the English text where there is none."""
        if self._asked.setdefault(name, english) != english:
            raise ValueError(f"{name} names two texts")
        entry = self._entries.get(name)
        return entry.zh if entry else english

    def problems(self) -> list[str]:
        """Return a line for each text that has no translation, has changed since it was translated, or is not used."""
        found = [
            f"{name}: the English text is now {english!r}; translate it"
            if name in self._entries
            # A form that can be pasted.
            else f"{name}: has no translation; add\n{name}:\n  en: {english!r}\n  zh:"
            for name, english in self._asked.items()
            if name not in self._entries or self._entries[name].en != english
        ]
        return found + [f"{name}: is not used; remove it" for name in self._entries if name not in self._asked]
