"""Texts that came from an event, made harmless; texts of any origin, cut to a number of bytes."""

from __future__ import annotations

import re
import unicodedata

CUT_MARK = " …(truncated)"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
ZERO_WIDTH_SPACE = "\u200b"


def harmless(text: str) -> str:
    """Return an event's text with nothing in it that WeCom reads as a mention, nor control characters.

    WeCom reads ``<@userid>`` anywhere in a content as a mention. The sign stays readable: only a zero-width space
    comes between ``<`` and ``@``. Control characters but newline and tab become U+FFFD, lone surrogates too.
    """
    return _CONTROL.sub("\ufffd", text).replace("\r\n", "\n").replace("<@", f"<{ZERO_WIDTH_SPACE}@")


def joins_to_mention(before: str, after: str) -> bool:
    """Return whether two harmless texts, one behind the other, would begin a mention."""
    return before.endswith("<") and after.startswith("@")


def width(text: str) -> int:
    """Return how many columns of a screen a text takes: a Chinese sign two, a Latin letter one."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def cut_bytes(text: str, limit: int, *, mark: str = CUT_MARK) -> str:
    """Return ``text`` within ``limit`` bytes of UTF-8, whole characters only, with a mark where it was cut."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    room = max(0, limit - len(mark.encode()))
    return encoded[:room].decode(errors="ignore") + cut_mark(mark, limit)


def cut_mark(mark: str, limit: int) -> str:
    """Return the mark, or nothing where not even that fits."""
    return mark if len(mark.encode()) <= limit else ""
