"""Pipelines, commands and operands compiled to closures.

An evaluator takes the run and dot and gives a value. It raises GoError; the statement around it
adds where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from . import nodes
from .alert_functions import ALERT_FUNCTIONS
from .functions import BUILTINS, SHORT_CIRCUITS, Builtin
from .run import Run
from .values import (
    STRING,
    GoError,
    GoType,
    Kind,
    Value,
    assignable,
    is_true,
    member,
    member_call,
)

Evaluator = Callable[[Run, Value], Value]

_FUNCTIONS = {**BUILTINS, **ALERT_FUNCTIONS}
"""All that there are; which of them a template may name is the parser's to know."""


def _failing(message: str) -> Evaluator:
    """Go parses it and fails where it is reached; so do we."""

    def fail(_run: Run, _dot: Value) -> NoReturn:
        raise GoError(message)

    return fail


def _constant(value: Value) -> Evaluator:
    return lambda _run, _dot: value


def compile_pipe(pipe: nodes.Pipe) -> Evaluator:
    """The pipeline's value; its variables are declared or assigned on the way."""
    evaluate: Evaluator | None = None
    for command in pipe.commands:
        evaluate = _compile_command(command, evaluate)
    if evaluate is None:
        return _constant(None)
    return _storing(pipe, evaluate) if pipe.variables else evaluate


def _storing(pipe: nodes.Pipe, evaluate: Evaluator) -> Evaluator:
    def store(run: Run, dot: Value) -> Value:
        value = evaluate(run, dot)
        for name in pipe.variables:
            if pipe.is_assign:
                run.assign(name, value)
            else:
                run.variables.append((name, value))
        return value

    return store


def _compile_command(command: nodes.Command, previous: Evaluator | None) -> Evaluator:
    first = command.first
    if isinstance(first, nodes.Function):
        return _compile_function(first.name, command.args, previous)
    has_arguments = bool(command.args) or previous is not None
    if has_arguments and isinstance(first, nodes.Field | nodes.Chain | nodes.Variable):
        evaluate = _compile_method(first, command.args, previous)
        if evaluate is not None:
            return evaluate
    if has_arguments:
        return _failing("can't give argument to non-function")
    if isinstance(first, nodes.Nil):
        return _failing("nil is not a command")
    return _compile_operand(first)


def _compile_operand(operand: nodes.Operand) -> Evaluator:
    """An operand that stands alone or is an argument."""
    if isinstance(operand, nodes.Pipe):
        return compile_pipe(operand)
    if isinstance(operand, nodes.Function):
        return _compile_function(operand.name, (), None)
    if isinstance(operand, nodes.Field):
        return _compile_chain(_dot, operand.names)
    if isinstance(operand, nodes.Chain):
        return _compile_chain(_compile_operand(operand.operand), operand.names)
    if isinstance(operand, nodes.Variable):
        return _compile_chain(_compile_variable(operand.name), operand.fields)
    if isinstance(operand, nodes.Number):
        if operand.ideal is None:
            return _failing(f"{operand.text} overflows int")
        return _constant(operand.ideal)
    if isinstance(operand, nodes.Dot):
        return _dot
    return _constant(None if isinstance(operand, nodes.Nil) else operand.value)


def _dot(_run: Run, dot: Value) -> Value:
    return dot


def _compile_variable(name: str) -> Evaluator:
    return lambda run, _dot: run.variable(name)


def _compile_chain(start: Evaluator, names: tuple[str, ...]) -> Evaluator:
    if not names:
        return start
    if start is _dot and len(names) == 1:
        name = names[0]
        return lambda _run, dot: member(dot, name)

    length = len(names)

    def chain(run: Run, dot: Value) -> Value:
        run.step(length)
        value = start(run, dot)
        for name in names:
            value = member(value, name)
        return value

    return chain


def _compile_method(
    first: nodes.Field | nodes.Chain | nodes.Variable,
    args: tuple[nodes.Operand, ...],
    previous: Evaluator | None,
) -> Evaluator | None:
    """A chain whose last name is given arguments; None for a bare variable, which takes none."""
    if isinstance(first, nodes.Variable):
        start, names = _compile_variable(first.name), first.fields
    elif isinstance(first, nodes.Chain):
        start, names = _compile_operand(first.operand), first.names
    else:
        start, names = _dot, first.names
    if not names:
        return None
    receiver = _compile_chain(start, names[:-1])
    given = [(operand, _compile_operand(operand)) for operand in args]

    def call(run: Run, dot: Value) -> Value:
        run.step()
        last = previous(run, dot) if previous is not None else None

        def arguments(name: str, params: tuple[GoType, ...]) -> list[Value]:
            count = len(given) + (previous is not None)
            if count != len(params):
                raise GoError(f"wrong number of args for {name}: want {len(params)} got {count}")
            values = [
                _typed(operand, evaluate, param, run, dot)
                for (operand, evaluate), param in zip(given, params, strict=False)
            ]
            if previous is not None:
                values.append(assignable(last, params[-1]))
            for value in values:
                run.charge(value)
            return values

        result = member_call(receiver(run, dot), names[-1], arguments)
        run.charge(result)
        return result

    return call


def _typed(operand: nodes.Operand, evaluate: Evaluator, param: GoType, run: Run, dot: Value) -> Value:
    """An argument for a parameter of a type: a constant takes that type, anything else must have it."""
    if isinstance(operand, nodes.Nil):
        if param.kind not in (Kind.POINTER, Kind.MAP, Kind.SLICE):
            raise GoError(f"cannot assign nil to {param}")
        return assignable(None, param)
    if isinstance(operand, nodes.Number | nodes.String | nodes.Bool):
        return _constant_of(operand, param)
    return assignable(evaluate(run, dot), param)


def _constant_of(operand: nodes.Number | nodes.String | nodes.Bool, param: GoType) -> Value:
    if isinstance(operand, nodes.String) and param.kind is Kind.STRING:
        return operand.value
    if isinstance(operand, nodes.Bool) and param.kind is Kind.BOOL:
        return operand.value
    if isinstance(operand, nodes.Number) and param.kind is Kind.INT and operand.as_int is not None:
        return operand.as_int
    raise GoError(f"expected {param}")


def _compile_function(name: str, args: tuple[nodes.Operand, ...], previous: Evaluator | None) -> Evaluator:
    count = len(args) + (previous is not None)
    if name in SHORT_CIRCUITS:
        if count == 0:
            return _failing(f"wrong number of args for {name}: want at least 1 got 0")
        return _compile_short_circuit(name, args, previous)
    builtin = _FUNCTIONS[name]
    if count < builtin.needed or (count > builtin.needed and not builtin.variadic):
        least = "at least " if builtin.variadic else ""
        return _failing(f"wrong number of args for {name}: want {least}{builtin.needed} got {count}")
    if builtin.takes_format and args and isinstance(args[0], nodes.Number | nodes.Bool | nodes.Nil):
        return _failing("expected string")
    return _compile_call(builtin, name, [_compile_operand(operand) for operand in args], previous)


def _compile_call(builtin: Builtin, name: str, args: list[Evaluator], previous: Evaluator | None) -> Evaluator:
    function = builtin.call

    def call(run: Run, dot: Value) -> Value:
        run.step(len(args))
        last = previous(run, dot) if previous is not None else None
        values = [evaluate(run, dot) for evaluate in args]
        if previous is not None:
            values.append(last)
        for value in values:
            run.charge(value)
        if builtin.takes_format:
            assignable(values[0], STRING)
        try:
            result = function(run, values)
        except GoError as error:
            raise GoError(f"error calling {name}: {error}") from None
        run.charge(result)
        return result

    return call


def _compile_short_circuit(name: str, args: tuple[nodes.Operand, ...], previous: Evaluator | None) -> Evaluator:
    evaluators = [_compile_operand(operand) for operand in args]
    stops_at = name == "or"

    def evaluate_until(run: Run, dot: Value) -> Value:
        run.step(len(evaluators))
        last = previous(run, dot) if previous is not None else None
        value: Value = None
        for evaluate in evaluators:
            value = evaluate(run, dot)
            if is_true(value) is stops_at:
                return value
        return value if previous is None else last

    return evaluate_until
