"""A Go template that was read once and runs often."""

from __future__ import annotations

from datetime import datetime, tzinfo

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_data import AlertData
from kube_wecom_eventer.render.template import USUAL, Limits

from . import functions
from .alert_defaults import ALERTMANAGERS_OWN
from .alert_functions import ALERT_NAMES
from .alert_schema import data_pointer
from .event_schema import event_pointer
from .go_string import clean
from .parser import parse
from .run import Run, Writer
from .statements import Compiler, Statement
from .values import GoError, Value


class GoTemplate:
    """A parsed template; it never changes, so executions may share it."""

    __slots__ = ("_limits", "_main")

    def __init__(self, *, main: Statement, limits: Limits) -> None:
        self._main = main
        self._limits = limits

    @classmethod
    def parse(cls, text: str, *, limits: Limits = USUAL) -> GoTemplate:
        """Reads a template with the grammar of https://pkg.go.dev/text/template and no functions but its own.

        Raises TemplateError, with the line that Go would name.
        """
        return cls(main=_parsed(text, limits, functions.NAMES), limits=limits)

    def execute(self, event: Event, writer: Writer, *, zone: tzinfo) -> int:
        """Writes the template with ``event`` as a ``*v1.Event``; times show in ``zone``. Returns the steps taken.

        Raises TemplateError where Go's execution fails or a limit is reached; what was written is void then.
        """
        return _executed(self._main, event_pointer(event, zone), self._limits, writer, zone)


class GoAlertTemplate:
    """The same for alerts, with Alertmanager's functions and data, and the templates that it defines itself."""

    __slots__ = ("_limits", "_main")

    def __init__(self, *, main: Statement, limits: Limits) -> None:
        self._main = main
        self._limits = limits

    @classmethod
    def parse(cls, text: str, *, limits: Limits = USUAL) -> GoAlertTemplate:
        """Reads a template. Raises TemplateError, with the line that Go would name."""
        return cls(main=_parsed(text, limits, _ALERT_NAMES, beside=ALERTMANAGERS_OWN), limits=limits)

    def execute(self, data: AlertData, writer: Writer, *, zone: tzinfo) -> int:
        """Writes the template with ``data`` as a ``*template.Data``; times show in UTC, as in Alertmanager, and their
        ``Local`` in ``zone``. Returns the steps taken.

        Raises TemplateError where Go's execution fails or a limit is reached; what was written is void then.
        """
        return _executed(self._main, data_pointer(data, zone), self._limits, writer, zone, now=data.now)


_ALERT_NAMES = functions.NAMES | ALERT_NAMES


def _parsed(text: str, limits: Limits, names: frozenset[str], *, beside: str = "") -> Statement:
    """``beside``: definitions that the template may use, and replace."""
    text = clean(text)
    if len(text.encode()) > limits.source:
        raise TemplateError(f"the template is longer than {limits.source} bytes")
    try:
        main, definitions = parse(text, functions=names, depth=limits.depth)
        _, others = parse(beside, functions=names, depth=limits.depth)
        return Compiler().compile(main, {**others, **definitions})
    except RecursionError:
        raise TemplateError("the template is nested too deeply") from None


def _executed(
    main: Statement, dot: Value, limits: Limits, writer: Writer, zone: tzinfo, *, now: datetime | None = None
) -> int:
    run = Run(writer=writer, zone=zone, steps=limits.steps, output=limits.output, depth=limits.depth, now=now)
    run.variables.append(("$", dot))
    try:
        main(run, dot)
    except GoError as error:
        raise TemplateError(str(error)) from None
    except RecursionError:
        raise TemplateError("the template is nested too deeply") from None
    return limits.steps - run.steps
