"""The escapers html, js and urlquery of text/template.

https://pkg.go.dev/text/template#hdr-Functions
"""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from .go_string import to_bytes

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS_SPECIAL = re.compile("[\\\\'\"<>&=\x00-\x1f\x80-\U0010ffff]")
_JS_PLAIN = {"\\": "\\\\", "'": "\\'", '"': '\\"'}


def escape_html(text: str) -> str:
    """The builtin ``html``."""
    return text.translate(_HTML)


def escape_js(text: str) -> str:
    """The builtin ``js``: text for the inside of a JavaScript string, which is not quite a JSON string."""
    return _JS_SPECIAL.sub(_js_character, text)


def _js_character(match: re.Match[str]) -> str:
    char = match[0]
    if char in _JS_PLAIN:
        return _JS_PLAIN[char]
    code = ord(char)
    # A byte that is no part of a rune goes through, as in Go.
    if code >= 0x80 and (char.isprintable() or 0xD800 <= code <= 0xDFFF):
        return char
    return f"\\u{code:04X}"


def escape_urlquery(text: str) -> str:
    """The builtin ``urlquery``."""
    return quote_plus(to_bytes(text))
