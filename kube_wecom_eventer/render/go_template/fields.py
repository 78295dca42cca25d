"""Which fields a Go template asks for, and whether an Event has them: found without running it, in every branch.

Go finds a wrong name only when an execution reaches it, and then the message is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.render.template import FieldUse

from . import functions, nodes
from .event_schema import EVENT, EVENT_POINTER
from .go_string import clean
from .parser import parse
from .values import Field, GoType, Kind

_METADATA = ("Name", "Namespace", "UID", "Labels", "Annotations", "CreationTimestamp", "ResourceVersion")
"""What users ask of an event's own metadata; the rest of ObjectMeta is hardly ever set."""


def field_uses(text: str, *, depth: int = 100) -> list[FieldUse]:
    """Return the chains of a template, in its order, as far as their type is known before it runs.

    Raises TemplateError where it doesn't parse.
    """
    main, definitions = parse(clean(text), functions=functions.NAMES, depth=depth)
    walk = _Walk(definitions)
    event = _Typed(EVENT_POINTER, ())
    walk.body(main, event, {"$": event})
    return walk.uses


def event_paths() -> list[str]:
    """Return the chains that one may want of an event, as ``.InvolvedObject.Name``."""
    own = [found for found in EVENT.fields if found.name not in ("TypeMeta", "ObjectMeta")]
    paths = [f".{name}" for name in (*(found.name for found in own), *_METADATA)]
    for found in own:
        target = _pointed(found.type)
        if target.kind is Kind.STRUCT and target.fields:
            paths += [f".{found.name}.{inner.name}" for inner in target.fields]
    return paths


@dataclass(frozen=True, slots=True)
class _Typed:
    """A value's type, and the chain that leads to it from the event; None where none does."""

    go_type: GoType
    names: tuple[str, ...] | None


_Variables = dict[str, _Typed | None]


class _Walk:
    """Follows the statements with the type of dot and of each variable; None stands for a type that is not known."""

    def __init__(self, definitions: Mapping[str, nodes.Body]) -> None:
        self.uses: list[FieldUse] = []
        self._definitions = definitions
        self._called: set[tuple[str, GoType]] = set()
        self._place = nodes.Place(1, 1, "")

    def body(self, statements: nodes.Body, dot: _Typed | None, variables: _Variables) -> None:
        """Follow a body; what it declares is its own."""
        scope = dict(variables)
        for statement in statements:
            self._statement(statement, dot, scope)

    def _statement(self, statement: nodes.Statement, dot: _Typed | None, scope: _Variables) -> None:
        if isinstance(statement, nodes.Text | nodes.Break | nodes.Continue):
            return
        self._place = statement.place
        if isinstance(statement, nodes.Action):
            self._pipe(statement.pipe, dot, scope)
        elif isinstance(statement, nodes.Call):
            self._call(statement, dot, scope)
        else:
            self._block(statement, dot, dict(scope))

    def _block(self, statement: nodes.If | nodes.Range, dot: _Typed | None, scope: _Variables) -> None:
        value = self._pipe(statement.pipe, dot, scope)
        inner = dot
        if isinstance(statement, nodes.Range):
            inner = _element(value)
            scope.update(dict.fromkeys(statement.pipe.variables))
        elif statement.rebinds_dot:
            inner = value
        self.body(statement.body, inner, scope)
        self.body(statement.otherwise or (), dot, scope)

    def _call(self, statement: nodes.Call, dot: _Typed | None, scope: _Variables) -> None:
        given = self._pipe(statement.pipe, dot, scope) if statement.pipe else None
        definition = self._definitions.get(statement.name)
        if definition is None or given is None or (statement.name, given.go_type) in self._called:
            return
        self._called.add((statement.name, given.go_type))
        self.body(definition, given, {"$": given})

    def _pipe(self, pipe: nodes.Pipe, dot: _Typed | None, scope: _Variables) -> _Typed | None:
        value: _Typed | None = None
        for stage, command in enumerate(pipe.commands):
            value = self._command(command, dot, scope, piped=stage > 0)
        for name in pipe.variables:
            scope[name] = None if pipe.is_assign else value
        return value

    def _command(self, command: nodes.Command, dot: _Typed | None, scope: _Variables, *, piped: bool) -> _Typed | None:
        first = self._operand(command.first, dot, scope)
        for operand in command.args:
            self._operand(operand, dot, scope)
        return None if command.args or piped else first

    def _operand(self, operand: nodes.Operand, dot: _Typed | None, scope: _Variables) -> _Typed | None:
        if isinstance(operand, nodes.Dot):
            return dot
        if isinstance(operand, nodes.Pipe):
            return self._pipe(operand, dot, scope)
        if isinstance(operand, nodes.Field):
            return self._chain(dot, operand.names)
        if isinstance(operand, nodes.Variable):
            return self._chain(scope.get(operand.name), operand.fields)
        if isinstance(operand, nodes.Chain):
            return self._chain(self._operand(operand.operand, dot, scope), operand.names)
        return None

    def _chain(self, start: _Typed | None, names: Sequence[str]) -> _Typed | None:
        if start is None or not names:
            return start
        path = None if start.names is None else (*start.names, *names)
        go_type: GoType | None = start.go_type
        for name in names:
            go_type, exists = _member(go_type, name)
            if not exists:
                self._use(path or tuple(names), missing=name)
                return None
            if go_type is None:
                break
        self._use(path or tuple(names))
        return _Typed(go_type, path) if go_type else None

    def _use(self, names: tuple[str, ...], missing: str | None = None) -> None:
        path = "".join(f".{name}" for name in names)
        self.uses.append(FieldUse(path, self._place.line, self._place.column, missing))


def _member(go_type: GoType | None, name: str) -> tuple[GoType | None, bool]:
    """Return the type of ``.name``, None where only running tells it, and whether it exists."""
    if go_type is None:
        return None, True
    target = _pointed(go_type)
    if target.kind is Kind.MAP:
        return target.elem, True
    found = target.members.get(name)
    return (found.type if isinstance(found, Field) else None), found is not None


def _pointed(go_type: GoType) -> GoType:
    return go_type.elem if go_type.kind is Kind.POINTER and go_type.elem else go_type


def _element(value: _Typed | None) -> _Typed | None:
    """Return what ``range`` gives of a value."""
    if value is None:
        return None
    element = _pointed(value.go_type).elem
    return _Typed(element, None) if element else None
