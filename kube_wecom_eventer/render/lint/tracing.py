"""Writers that remember where each part of the output comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.source_text import SourceText

VALUE = "\ue000"
"""Stands for a value in a `Skeleton`: a sign of Unicode's private use, that no template has."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a place in the output comes from: an offset in the source; ``of_value``: what an action printed there."""

    offset: int
    of_value: bool


class Tracer(JsonWriter):
    """A writer of JSON, as the one that messages are made with, whose output can be traced to the source.

    ``begins_as_json``: whether a generic webhook's message would be JSON, too; None as long as nothing tells.
    """

    def __init__(self) -> None:
        super().__init__()
        self._length = 0
        self._counted = 0
        self._spans: list[tuple[int, Origin]] = []
        self._behind = 0
        self.begins_as_json: bool | None = None

    def text(self, text: str) -> None:
        """See `JsonWriter.text`."""
        start = text.start if isinstance(text, SourceText) else self._behind
        self._spans.append((self._written(), Origin(start, of_value=False)))
        self._behind = start + len(text)
        if self.begins_as_json is None and text.strip():
            self.begins_as_json = text.lstrip().startswith(("{", "["))
        super().text(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """See `JsonWriter.value`."""
        self._spans.append((self._written(), Origin(self._behind, of_value=True)))
        if self.begins_as_json is None:
            self.begins_as_json = False
        super().value(text, before_js=before_js)

    def json(self, value: Any, *, text: str) -> None:
        """See `JsonWriter.json`."""
        self._spans.append((self._written(), Origin(self._behind, of_value=True)))
        super().json(value, text=text)

    def origin(self, position: int) -> Origin:
        """Return where the sign at a position of the output comes from."""
        found, begun = Origin(0, of_value=False), 0
        for start, origin in self._spans:
            if start > position:
                break
            found, begun = origin, start
        return found if found.of_value else Origin(found.offset + position - begun, of_value=False)

    def printed_nothing(self, start: int, end: int) -> Origin | None:
        """Return the origin of a value without a text that stands between two positions; None where none does."""
        for (position, origin), (following, _) in zip(self._spans, self._spans[1:], strict=False):
            if origin.of_value and position == following and start <= position <= end:
                return origin
        return None

    def _written(self) -> int:
        """Return the output's length, adding up only what is new."""
        self._length += sum(len(part) for part in self._parts[self._counted :])
        self._counted = len(self._parts)
        return self._length


class Skeleton(JsonWriter):
    """A writer that puts a sign in the place of each value that stands within a string.

    What is left of a content is the template's own text: whatever an event holds can't be taken for it.
    """

    def json(self, value: Any, *, text: str) -> None:
        """See `JsonWriter.json`."""
        super().json(_emptied(value), text=text)

    def _inside(self, text: str) -> None:
        super()._inside(VALUE if text else "")

    def _as_scalar(self, text: str) -> str:
        scalar = super()._as_scalar(text)
        return f'"{VALUE}"' if scalar.startswith('"') else scalar


def _emptied(value: Any) -> Any:
    """Return a value with the sign in the place of each of its texts."""
    if isinstance(value, str):
        return VALUE
    if isinstance(value, list):
        return [_emptied(each) for each in value]
    return {name: _emptied(each) for name, each in value.items()} if isinstance(value, dict) else value
