"""What a template writes with that makes a JSON body, or only the text of one: the first that it writes decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.markup import joins_to_tag
from kube_wecom_eventer.render.text import ZERO_WIDTH_SPACE, harmless, joins_to_mention

Clean = Callable[[str], str]


class BodyOrText:
    """Writes a JSON body where the template's own output begins like one, else a text. ``clean`` makes values harmless
    in both."""

    def __init__(self, *, clean: Clean) -> None:
        self._clean = clean
        self._writer: JsonWriter | _TextWriter | None = None

    @property
    def is_body(self) -> bool:
        """Whether it is a body."""
        return isinstance(self._writer, JsonWriter)

    def text(self, text: str) -> None:
        """See `Writer.text`; the first that is not blank decides."""
        if writer := self._chosen(text):
            writer.text(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """See `Writer.value`; an event's text does not decide that the message is a body."""
        if writer := self._chosen("a" if text.strip() else ""):
            writer.value(text, before_js=before_js)

    def json(self, value: Any, *, text: str) -> None:
        """See `Writer.json`."""
        if writer := self._chosen("a"):
            writer.json(value, text=text)

    def result(self) -> str:
        """Return all that was written."""
        return self._writer.result() if self._writer else ""

    def _chosen(self, text: str) -> JsonWriter | _TextWriter | None:
        if self._writer is None and (start := text.lstrip()[:1]):
            self._writer = JsonWriter(clean=self._clean) if start == "{" else _TextWriter(clean=self._clean)
        return self._writer


class _TextWriter:
    """Collects a text: the template's own as it is, values made harmless."""

    def __init__(self, *, clean: Clean) -> None:
        self._clean = clean
        self._joins = joins_to_mention if clean is harmless else joins_to_tag
        self._parts: list[str] = []

    def text(self, text: str) -> None:
        if text:
            self._parts.append(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        safe = self._clean(text if before_js is None else before_js)
        # At the start, too: what begins with a tag is HTML where the service takes that.
        if safe and (self._joins(self._parts[-1][-1], safe) if self._parts else safe.lstrip().startswith("<")):
            safe = ZERO_WIDTH_SPACE + safe
        self.text(safe)

    def json(self, value: Any, *, text: str) -> None:  # noqa: ARG002 its JSON is what a text can show
        self.value(text)

    def result(self) -> str:
        return "".join(self._parts)
