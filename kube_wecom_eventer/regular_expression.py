"""Regular expressions as users write them: RE2's syntax, and what is wrong with one in a line."""

from __future__ import annotations

from typing import Any

import re2


def compiled(pattern: str, *, memory: int = 8 << 20) -> Any:
    """Return the compiled expression; RE2 refuses one that needs more than ``memory`` bytes.

    Raises:
        ValueError: it is none; in RE2's own words.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        raise ValueError(detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)) from None
