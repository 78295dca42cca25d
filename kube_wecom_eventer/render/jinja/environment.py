"""Jinja2's sandbox, taught to tell a template's own text from what it prints, and to refuse what grows too large."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined, pass_context
from jinja2.compiler import CodeGenerator
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kube_wecom_eventer.render.jinja.pieces import Json, Own, Piece, Pieces, pieces_of
from kube_wecom_eventer.render.source_text import SourceText

_MOST_BITS = 4096
_WIDEST_INDENT = 8


class TooMuch(Exception):
    """A template wants more than it may have."""


class _OwnTextMarked(CodeGenerator):
    """Compiles the template's own text to a call that marks it as such; everything else is a value.

    Without this hook all text would count as printed, and no template would give valid JSON: it fails safe.
    """

    def _output_const_repr(self, group: Iterable[Any]) -> str:
        texts = [(str.__str__(text), getattr(text, "start", 0)) for text in group]
        return f"environment.own_text({texts!r})"


class _Placing(Extension):
    """Gives the template's own text its offset in the source, its line breaks being newlines."""

    _source = ""
    _ends: Mapping[str, str] = {"variable_end": "}}", "block_end": "%}"}

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 Jinja2's
        """Keep the source, as the lexer splits it."""
        self._source = source.replace("\r\n", "\n").replace("\r", "\n")
        return source

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Place each text at its first occurrence behind the one before."""
        position = 0
        for token in stream:
            if token.type == "data":
                start = max(position, self._source.find(token.value, position))
                position = start + len(token.value)
                yield Token(token.lineno, token.type, SourceText.of(token.value, start=start))
                continue
            if end := self._ends.get(token.type):
                position = max(position, self._source.find(end, position) + len(end))
            yield token


class JsonEnvironment(ImmutableSandboxedEnvironment):
    """One template's environment. ``longest``: characters that a text within it may have.

    The sandbox keeps a template from reaching Python; the bounds here stop accidents (an endless loop's output, a
    slip in a power). They are no fence against an author who means harm: who may write a template that this program
    reads must be trusted with its time and memory.
    """

    code_generator_class = _OwnTextMarked
    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, *, longest: int) -> None:
        super().__init__(
            undefined=StrictUndefined,
            # A line that holds only a statement leaves no trace in the message.
            trim_blocks=True,
            lstrip_blocks=True,
            # The optimizer would run filters on constants while it compiles, without a bound.
            optimized=False,
            finalize=_printed,
            extensions=[_Placing],
            autoescape=False,
        )
        self._longest = longest
        self.filters["tojson"] = self._to_json
        # The JSON writer escapes; escaping for HTML as well would show.
        for name in ("e", "escape", "forceescape", "safe"):
            self.filters[name] = _as_it_is
        del self.globals["lipsum"]

    def own_text(self, texts: Sequence[tuple[str, int]]) -> Pieces:
        """Mark texts as the template's own, each with its offset in the source; compiled templates call it."""
        return Pieces.of(Own(SourceText.of(text, start=start)) for text, start in texts)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse a product or power that would fill the memory."""
        if _size_of(operator, left, right) > (_MOST_BITS if _are_ints(left, right) else self._longest):
            raise TooMuch(f"the result of {operator} is too large")
        return super().call_binop(context, operator, left, right)

    def concat(self, texts: Iterable[str]) -> Pieces:
        """Join what a macro or a ``set`` block put out; compiled templates call it."""
        pieces: list[Piece] = []
        room = self._longest
        for text in texts:
            room -= len(text)
            if room < 0:
                raise TooMuch("the output is too long")
            pieces += pieces_of(text)
        return Pieces.of(pieces)

    def _to_json(self, value: Any, indent: int | None = None) -> Pieces:
        """The filter ``tojson``: strings, numbers, lists and mappings; a time becomes its text."""
        width = None if indent is None else min(indent, _WIDEST_INDENT)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str, indent=width)
        return Pieces.of((Json(text, json.loads(text)),))


@pass_context
def _printed(_context: Context, value: Any) -> Any:
    """Turn nothing into no text. Taking the context keeps a constant from being compiled into the template's text."""
    return "" if value is None else value


def _as_it_is(value: Any) -> Any:
    return value


def _are_ints(left: Any, right: Any) -> bool:
    return isinstance(left, int) and isinstance(right, int)


def _size_of(operator: str, left: Any, right: Any) -> int:
    """Return how large a result would be: bits of a whole number, items of a repeated sequence."""
    if isinstance(left, int) and isinstance(right, int):
        if operator == "**":
            return left.bit_length() * max(0, right)
        return left.bit_length() + right.bit_length()
    for sequence, times in ((left, right), (right, left)):
        if operator == "*" and isinstance(sequence, str | list | tuple) and isinstance(times, int):
            return len(sequence) * max(0, times)
    return 0
