"""What a template has put out so far, with the origin of each piece.

Only text that the compiler itself took from the template's source counts as the template's own. Whatever went
through an expression, a filter or a string method is a value: such an operation returns a plain string, without the
pieces. So there is nothing that a value could contain to pass for the template's text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kube_wecom_eventer.render.source_text import SourceText
from kube_wecom_eventer.render.template import Writer


@dataclass(frozen=True, slots=True)
class Own:
    """The template's own text."""

    text: SourceText

    def write(self, writer: Writer) -> None:
        """Write it as it is."""
        writer.text(self.text)


@dataclass(frozen=True, slots=True)
class Printed:
    """What an expression printed."""

    text: str

    def write(self, writer: Writer) -> None:
        """Write it as the place demands."""
        writer.value(self.text)


@dataclass(frozen=True, slots=True)
class Json:
    """What ``tojson`` made of a value: ``text`` is ``value`` as JSON."""

    text: str
    value: Any

    def write(self, writer: Writer) -> None:
        """Write it as JSON where JSON may stand."""
        writer.json(self.value, text=self.text)


Piece = Own | Printed | Json


class Pieces(str):
    """The text of some pieces that remembers them: what a macro or a ``set`` block holds, or ``tojson`` returned."""

    __slots__ = ("pieces",)
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> Pieces:
        """Join the pieces."""
        kept = tuple(pieces)
        joined = cls("".join(piece.text for piece in kept))
        joined.pieces = kept
        return joined

    def __str__(self) -> str:
        """Return itself: the compiled template puts ``str()`` around what it prints, which must not lose the pieces."""
        return self


def pieces_of(text: str) -> tuple[Piece, ...]:
    """Return the pieces of what a template put out; any other text is one printed value.

    ``str.format`` on Pieces makes an object of that class by itself, without pieces: a value, too.
    """
    known: tuple[Piece, ...] | None = getattr(text, "pieces", None)
    return (Printed(str.__str__(text)),) if known is None else known
