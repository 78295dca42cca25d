"""A Jinja2 template that was read once and runs often."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import tzinfo

from jinja2 import Template as CompiledTemplate
from jinja2 import TemplateSyntaxError

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.jinja.environment import JsonEnvironment, TooMuch
from kube_wecom_eventer.render.jinja.event_data import event_data
from kube_wecom_eventer.render.jinja.pieces import pieces_of
from kube_wecom_eventer.render.template import Writer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one template may cost: the same as a Go template, where Jinja2 lets us count.

    source: bytes of its text.
    output: characters that one execution writes, or one captured text in it has.
    rounds: numbers that all ``range`` of one execution give together.
    """

    source: int = 65_536
    output: int = 1_048_576
    rounds: int = 100_000


class JinjaTemplate:
    """A parsed template; it never changes, so executions may share it."""

    __slots__ = ("_compiled", "_limits")

    def __init__(self, *, compiled: CompiledTemplate, limits: Limits) -> None:
        self._compiled = compiled
        self._limits = limits

    @classmethod
    def parse(cls, text: str, *, limits: Limits = Limits()) -> JinjaTemplate:  # it is frozen
        """Read a template; it sees ``event`` (see ``event_data``), and a name that is unknown is an error.

        Raises:
            TemplateError: it doesn't parse; with the line where Jinja2 names one.
        """
        if len(text.encode(errors="replace")) > limits.source:
            raise TemplateError(f"the template is longer than {limits.source} bytes")
        try:
            return cls(compiled=JsonEnvironment(longest=limits.output).from_string(text), limits=limits)
        except Exception as error:  # the compiler may fail in ways of Python's own: too deep, too long a number
            raise syntax_error(error) from None

    def execute(self, event: Event, writer: Writer, *, zone: tzinfo) -> int:
        """Write the template for an event, its times in ``zone``; return 0: steps are not counted.

        Raises:
            TemplateError: whatever fails in it, with the line; what was written is void then.
        """
        room = self._limits.output
        try:
            names = {"event": event_data(event, zone), "range": _Rounds(self._limits.rounds)}
            for text in self._compiled.root_render_func(self._compiled.new_context(names)):
                room -= len(text)
                if room < 0:
                    raise TooMuch("the output is too long")
                for piece in pieces_of(text):
                    piece.write(writer)
        except Exception as error:  # an expression may raise anything, and must not cost the event
            raise TemplateError(_said(error), line=self._line_of(error)) from None
        return 0

    def _line_of(self, error: Exception) -> int | None:
        """Return the template's line that was being run, the innermost of macros."""
        line = None
        for frame, code_line in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__jinja_template__") is self._compiled:
                line = self._compiled.get_corresponding_lineno(code_line)
        return line


def syntax_error(error: Exception) -> TemplateError:
    """Return what Jinja2 raised for a template that can't be read, with the line where it names one."""
    if isinstance(error, TemplateSyntaxError):
        return TemplateError(_one_line(error.message or "a syntax error"), line=error.lineno)
    return TemplateError(_said(error))


class _Rounds:
    """``range`` with a bound on what all its calls give together, so that nested loops end, too."""

    def __init__(self, rounds: int) -> None:
        self._left = rounds

    def __call__(self, *bounds: int) -> range:
        numbers = range(*bounds)
        # len() can't say a length beyond 64 bits; such a range is too long in any case.
        if numbers and (abs(numbers[-1] - numbers[0]) // abs(numbers.step)) >= self._left:
            raise TooMuch("range gives too many numbers")
        self._left -= len(numbers)
        return numbers


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the template is nested too deeply"
    kind = "" if isinstance(error, TooMuch) or type(error).__module__.startswith("jinja2.") else type(error).__name__
    return ": ".join(filter(None, (kind, _one_line(str(error))))) or "it failed"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
