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

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/\s?]*@)?([^/\s?]*)(\S*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")

_USER = re.compile(r"[^/\s]*@")


def shown_name(name: str) -> str:
    """Return a name as it may be shown: dots for one that looks like a key."""
    return name if len(name) <= _LONGEST and sum(sign.isdigit() for sign in name) < _DIGITS else "..."


def shown_value(value: str) -> str:
    """Return a value as it may be shown: of a URL in it no more than the scheme, and the host where that is an address
    on the web; without the values of options."""
    return SECOND_QUERY.sub(r"?\1=...", _URL.sub(_shown_url, value))


def shown_scheme(url: str) -> str:
    """Return the scheme of a URL as it may be shown: dots for what looks like a key, and where there is none."""
    scheme, separator, _ = url.partition("://")
    return shown_name(scheme) if separator and _SCHEME.fullmatch(scheme) else "..."


def _shown_url(match: re.Match[str]) -> str:
    scheme, host, rest = match.groups()
    if scheme.lower() not in ("http", "https"):
        return f"{shown_name(scheme)}://..."
    return f"{scheme}://{host}{'/...' if rest.strip('/') else rest}"


def shown_address(text: str) -> str:
    """Return what should have been an address as it may be shown: without a user and password."""
    return _USER.sub("***@", text)


def without(text: str, values: tuple[str, ...]) -> str:
    """Return a text that quotes these values, or parts of them between commas, with what may be shown of them."""
    for value in values:
        # A URL may hold commas, too.
        for piece in (value, *map(str.strip, value.split(","))):
            text = text.replace(piece, shown) if (shown := shown_value(piece)) != piece else text
    return text
