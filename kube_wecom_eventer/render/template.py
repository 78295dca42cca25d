"""What every kind of template is to the rest of this room, and what every kind of output is to a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol

from kube_wecom_eventer.event import Event


@dataclass(frozen=True, slots=True)
class Limits:
    """What one Go template may cost.

    source: bytes of its text (64 KiB: a WeCom message has 4 KiB).
    steps: evaluation steps of one execution; handling 64 characters of a value in a function is one more.
    output: characters that one execution writes, or that one value in it has (1 Mi).
    depth: nested template calls; nested parentheses and control structures.
    """

    source: int = 65_536
    steps: int = 100_000
    output: int = 1_048_576
    depth: int = 100


USUAL = Limits()
"""For templates that nobody has limited further."""


class Writer(Protocol):
    """Takes a template's output, and tells its own text from what came from the event."""

    def text(self, text: str) -> None:
        """Write the template's own text."""
        ...

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """Write what an expression printed. ``before_js``: the same before the template's own escaping by ``js``."""
        ...

    def json(self, value: Any, *, text: str) -> None:
        """Write a value that the template itself asked for as JSON; ``text`` is its JSON."""
        ...


class Template(Protocol):
    """A template that was parsed once and runs often."""

    def execute(self, event: Event, writer: Writer, *, zone: tzinfo) -> int:
        """Write the template for an event, its times in ``zone``; return the steps taken, where they are counted.

        Raises:
            TemplateError: it fails on this event, or a limit is reached; what was written is void then.
        """


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A chain of names that a template asks of an event, as it writes it; ``line`` and ``column`` from 1.

    ``missing``: the first of the names that does not exist; None where all do.
    """

    path: str
    line: int
    column: int | None = None
    missing: str | None = None
