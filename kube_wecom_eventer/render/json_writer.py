"""Writes a template's output so that what comes from an event can't leave the JSON string that it stands in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from kube_wecom_eventer.render.markup import joins_to_tag
from kube_wecom_eventer.render.text import ZERO_WIDTH_SPACE, harmless, joins_to_mention


class JsonWriter:
    """Collects a JSON body: the template's own text as it is, values escaped, always and once.

    kube-eventer writes values raw, so a newline or a backslash in a message breaks the body. Whether a value stands
    inside a string is read from what was written before it, at run time, so conditions and loops are no obstacle.

    ``clean`` makes a value harmless for what the strings are: where they have markup, values must not break it, either.
    """

    def __init__(self, *, clean: Callable[[str], str] = harmless) -> None:
        self._clean = clean
        self._joins = joins_to_mention if clean is harmless else joins_to_tag
        self._parts: list[str] = []
        self._in_string = False
        self._after_backslash = False
        self._last_value = ""

    def text(self, text: str) -> None:
        """Write the template's own text."""
        for character in text:
            if self._after_backslash:
                self._after_backslash = False
            elif character == '"':
                self._in_string = not self._in_string
            elif character == "\\":
                self._after_backslash = self._in_string
        if text:
            self._last_value = text[-1]
            self._parts.append(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """Write what an action printed. ``before_js``: the same before the template's own escaping by ``js``."""
        if self._in_string:
            self._inside(text if before_js is None else before_js)
        else:
            self._parts.append(self._as_scalar(text))
            self._last_value = ""

    def json(self, value: Any, *, text: str) -> None:
        """Write a value that the template itself asked for as JSON; ``text`` is its JSON.

        Outside of strings it is part of the body, lists and objects included, each string in it made harmless.
        Inside a string it is a text like any other; a string loses the quotes that JSON gave it, or they would show.
        """
        if self._in_string:
            self._inside(value if isinstance(value, str) else text)
        else:
            self._parts.append(json.dumps(self._cleaned(value), ensure_ascii=False))
            self._last_value = ""

    def result(self) -> str:
        """Return all that was written."""
        return "".join(self._parts)

    def _inside(self, text: str) -> None:
        if not text:
            return
        if self._after_backslash:
            # The template ends its own text with a lone backslash: complete it, or it would eat our escape.
            self._parts.append("\\")
            self._after_backslash = False
        safe = self._clean(text)
        if self._joins(self._last_value, safe):
            safe = ZERO_WIDTH_SPACE + safe
        self._last_value = safe[-1]
        self._parts.append(_quoted(safe)[1:-1])

    def _as_scalar(self, text: str) -> str:
        """Return a value that stands outside of strings: a number or literal as it is, any other text as a string.

        Only scalars: an event's message that happens to be JSON must not become part of the body's structure.
        """
        stripped = text.strip()
        if not stripped:
            return text
        try:
            value = json.loads(stripped, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return _quoted(self._clean(text))
        if isinstance(value, str):
            return _quoted(self._clean(value))
        return stripped if isinstance(value, bool | int | float) or value is None else _quoted(self._clean(text))

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, list):
            return [self._cleaned(item) for item in value]
        if isinstance(value, dict):
            return {self._clean(key): self._cleaned(item) for key, item in value.items()}
        return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
