"""A writer that keeps what it is told."""

from __future__ import annotations


class Collecting:
    """Keeps the texts, and of the values the text before ``js`` too."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.before_js: list[str | None] = []

    def text(self, text: str) -> None:
        self.parts.append(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        self.parts.append(text)
        self.before_js.append(before_js)

    @property
    def result(self) -> str:
        return "".join(self.parts)
