"""Texts that the command line names, files or stdin; and texts that are shown to a person."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TextIO

from kube_wecom_eventer.errors import ConfigError

STDIN = "-"


def read_text(place: str, *, stdin: TextIO, where: str, instead: str) -> str:
    """Return the text of a file, or of stdin.

    where: what it is called in an error. instead: what to write where it is no text. Raises ConfigError.
    """
    try:
        return stdin.read() if place == STDIN else Path(place).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError([f"{where}: is no text in UTF-8; {instead}"]) from None
    except (OSError, ValueError) as error:
        raise ConfigError([f"{where}: can't be read: {getattr(error, 'strerror', None) or error}"]) from None


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, whose plural has an s: ``1 event``, ``2 events``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    """Return a text without what could move a terminal's cursor or change its colours; line breaks stay."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs") else "\ufffd"
        for sign in text.expandtabs(4)
    )
