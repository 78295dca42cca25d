"""Regular expressions as users write them: RE2's syntax, and what is wrong with one in a line."""

from __future__ import annotations

from typing import Any

import re2

_MEMORY = 1 << 20
"""Bytes that one expression may cost; RE2 refuses what needs more."""


def compiled(pattern: str) -> Any:
    """Return the compiled expression. Raises ValueError, with RE2's own words, where it is none."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        raise ValueError(detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)) from None
