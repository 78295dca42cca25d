"""A template's own text that knows where in the template it stands."""

from __future__ import annotations


class SourceText(str):
    """A piece of a template's source, as writers are given it; ``start`` is its offset there.

    Writers may take it for the text that it is. Whoever looks for mistakes maps the output back to the source by it.
    """

    __slots__ = ("start",)
    start: int

    @classmethod
    def of(cls, text: str, *, start: int) -> SourceText:
        """Return the text with its offset."""
        placed = cls(text)
        placed.start = start
        return placed

    def __str__(self) -> str:
        """Return itself: ``str()`` must not lose the offset."""
        return self
