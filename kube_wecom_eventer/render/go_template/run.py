"""One execution of a template: what it may still spend, where it writes, which variables it has."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import ClassVar, Protocol

from .go_string import clean
from .go_time import ZERO
from .values import STRING, GoError, GoType, Value

_CHARACTERS_A_STEP = 64
_ITEMS_A_STEP = 8


class Writer(Protocol):
    """Takes what a template prints, in order."""

    def text(self, text: str) -> None:
        """The template's own text."""

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """What an action printed.

        ``before_js`` is set when the printed text is what the builtin ``js`` returned: the text before it was
        escaped, so that a JSON writer can escape it by itself, once.
        """


class JsText(str):
    """What the builtin ``js`` returned; ``before`` is the text that it escaped."""

    __slots__ = ("before",)
    go_type: ClassVar[GoType] = STRING
    before: str

    @classmethod
    def of(cls, escaped: str, *, before: str) -> JsText:
        """The two texts together."""
        text = cls(escaped)
        text.before = before
        return text


class Run:
    """The state of one execution. Every method raises GoError once its limit is used up."""

    __slots__ = ("depth", "now", "output", "steps", "variables", "writer", "zone")

    def __init__(
        self, *, writer: Writer, zone: tzinfo, steps: int, output: int, depth: int, now: datetime | None = None
    ) -> None:
        self.writer = writer
        self.now = now or ZERO
        self.zone = zone
        self.steps = steps
        self.output = output
        self.depth = depth
        self.variables: list[tuple[str, Value]] = []

    def step(self, items: int = 0) -> None:
        """Counts one step, and one more for every few items that it looks at."""
        self.steps -= 1 + items // _ITEMS_A_STEP
        if self.steps < 0:
            raise GoError("the template takes too many steps")

    def charge(self, value: Value) -> None:
        """Counts the handling of a long text as the steps that it costs."""
        if isinstance(value, str) and len(value) > _CHARACTERS_A_STEP:
            self.steps -= len(value) // _CHARACTERS_A_STEP
            if self.steps < 0:
                raise GoError("the template takes too many steps")

    def write_text(self, text: str) -> None:
        """Writes the template's own text."""
        self._spend(text)
        self.writer.text(text)

    def write_value(self, text: str) -> None:
        """Writes what an action printed."""
        self._spend(text)
        if isinstance(text, JsText):
            self.writer.value(clean(text), before_js=clean(text.before))
        else:
            self.writer.value(clean(text))

    def _spend(self, text: str) -> None:
        self.output -= len(text)
        if self.output < 0:
            raise GoError("the output is too long")

    def variable(self, name: str) -> Value:
        """The variable's innermost value."""
        for distance, (known, value) in enumerate(reversed(self.variables)):
            if known == name:
                if distance >= _ITEMS_A_STEP:
                    self.step(distance)
                return value
        raise GoError(f"undefined variable: {name}")

    def assign(self, name: str, value: Value) -> None:
        """Gives a known variable a new value."""
        variables = self.variables
        for index in range(len(variables) - 1, -1, -1):
            if variables[index][0] == name:
                self.step(len(variables) - index)
                variables[index] = (name, value)
                return
        raise GoError(f"undefined variable: {name}")
