"""Cuts a content in WeCom's markup without leaving half a sign behind."""

from __future__ import annotations

import re

from kube_wecom_eventer.render.text import CUT_MARK, cut_bytes

_MENTION = re.compile(r"<@[^<>\s]*>")
_WHOLE = re.compile(r"</?[A-Za-z][^<>]*>|<@[^<>\s]*>|!?\[[^\[\]\n]*\]\([^()\n]*\)|\*\*|`+")
_FENCE = re.compile(r"(?m)^[ \t]*```.*$")
_FONT = re.compile(r"<(/?)font\b[^<>]*>")


def cut_content(content: str, limit: int, *, markup: bool) -> str:
    """Return ``content`` within ``limit`` bytes of UTF-8, with a mark where it was cut.

    A mention is kept whole or left out; with ``markup`` so are tags and links, and what is open at the cut (a
    ``<font>``, a fence, a code span) is closed behind the mark.
    """
    encoded = content.encode()
    if len(encoded) <= limit:
        return content
    room = limit - len(CUT_MARK.encode())
    while room > 0:
        kept = _before(content, len(encoded[:room].decode(errors="ignore")), markup=markup)
        cut = kept + _mark(kept) + _closing(kept) if markup else kept + CUT_MARK
        excess = len(cut.encode()) - limit
        if excess <= 0:
            return cut
        size = len(kept.encode())
        # At most half is given up at once: fewer open tags need less to close them.
        room = max(size - excess, size // 2)
    return cut_bytes(content, limit)


def _before(content: str, position: int, *, markup: bool) -> str:
    """Return what stands before the position, less a sign that lies across it."""
    for sign in (_WHOLE if markup else _MENTION).finditer(content):
        if sign.start() >= position:
            break
        if sign.end() > position:
            return content[: sign.start()]
    return content[:position]


def _mark(kept: str) -> str:
    """Return the mark; not on a fence's own line, which it would undo."""
    return "\n" + CUT_MARK.strip() if _FENCE.fullmatch(kept.rpartition("\n")[2]) else CUT_MARK


def _closing(kept: str) -> str:
    """Return what closes a fence, a code span and fonts that are still open."""
    opened = sum(-1 if font[1] else 1 for font in _FONT.finditer(kept))
    return _closing_code(kept) + "</font>" * max(0, opened)


def _closing_code(kept: str) -> str:
    if len(_FENCE.findall(kept)) % 2:
        return "\n```"
    line = kept.rpartition("\n")[2]
    return "`" if line.count("`") % 2 and not _FENCE.fullmatch(line) else ""
