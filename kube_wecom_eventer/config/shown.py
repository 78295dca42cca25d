"""What of a sink's text may stand in a line for a person: nothing that may be a key in the wrong place.

Keys are written where something else belongs: without ``key=``, behind a second ``?``, as the name of a Secret.
"""

from __future__ import annotations

import re

_LONGEST = 40
_DIGITS = 4
"""A key has more of them; no parameter, and hardly a file, has so many."""

SECOND_QUERY = re.compile(r"\?([A-Za-z_]+)=.+", re.DOTALL)
"""Options behind a ``?`` in the value of another one."""

_USER = re.compile(r"[^/\s]*@")


def shown_name(name: str) -> str:
    """Return a name as it may be shown: dots for one that looks like a key."""
    return name if len(name) <= _LONGEST and sum(sign.isdigit() for sign in name) < _DIGITS else "..."


def shown_value(value: str) -> str:
    """Return a value as it may be shown: without the values of options in it."""
    return SECOND_QUERY.sub(r"?\1=...", value)


def shown_address(text: str) -> str:
    """Return what should have been an address as it may be shown: without a user and password."""
    return _USER.sub("***@", text)


def without(text: str, values: tuple[str, ...]) -> str:
    """Return a text that quotes these values, or parts of them between commas, with what may be shown of them."""
    for piece in (piece.strip() for value in values if "?" in value for piece in value.split(",")):
        text = text.replace(piece, shown_value(piece)) if piece else text
    return text
