"""Statements compiled to closures: text, actions, if, with, range, template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto

from kube_wecom_eventer.errors import TemplateError

from . import nodes
from .expressions import Evaluator, compile_pipe
from .go_print import printable, sorted_keys, sprint
from .run import Run
from .values import GoError, Map, Pointer, Slice, Value, is_true


class Signal(Enum):
    """How a statement ended when the next one must not run."""

    BREAK = auto()
    CONTINUE = auto()


Statement = Callable[[Run, Value], Signal | None]


class Compiler:
    """Compiles the templates of one source; they call each other by name while they run."""

    def __init__(self) -> None:
        self._templates: dict[str, Statement] = {}

    def compile(self, main: nodes.Body, definitions: Mapping[str, nodes.Body]) -> Statement:
        """The main template as one statement."""
        for name, body in definitions.items():
            self._templates[name] = self._body(body)
        return self._body(main)

    def _body(self, body: nodes.Body) -> Statement:
        statements = [self._statement(node) for node in body]

        def run_all(run: Run, dot: Value) -> Signal | None:
            for statement in statements:
                signal = statement(run, dot)
                if signal is not None:
                    return signal
            return None

        return run_all

    def _statement(self, node: nodes.Statement) -> Statement:
        if isinstance(node, nodes.Text):
            return _text(node.text)
        if isinstance(node, nodes.Action):
            return _action(node)
        if isinstance(node, nodes.If):
            return self._if(node)
        if isinstance(node, nodes.Range):
            return self._range(node)
        if isinstance(node, nodes.Call):
            return self._call(node)
        signal = Signal.BREAK if isinstance(node, nodes.Break) else Signal.CONTINUE
        return lambda _run, _dot: signal

    def _if(self, node: nodes.If) -> Statement:
        condition = _placed(compile_pipe(node.pipe), node.place)
        body = self._body(node.body)
        otherwise = self._body(node.otherwise or ())
        rebinds_dot = node.rebinds_dot

        def choose(run: Run, dot: Value) -> Signal | None:
            mark = len(run.variables)
            value = condition(run, dot)
            chosen, inner = (body, value if rebinds_dot else dot) if is_true(value) else (otherwise, dot)
            signal = chosen(run, inner)
            del run.variables[mark:]
            return signal

        return choose

    def _range(self, node: nodes.Range) -> Statement:
        source = _placed(compile_pipe(node.pipe), node.place)
        items = _placed_items(node.place, len(node.pipe.variables))
        bind = _binder(node)
        body = self._body(node.body)
        otherwise = self._body(node.otherwise or ())

        def loop(run: Run, dot: Value) -> Signal | None:
            outer = len(run.variables)
            value = source(run, dot)
            run.step(len(value.entries or ()) if isinstance(value, Map) else 0)
            iterator = items(value)
            mark = len(run.variables)
            empty = True
            for index, item in iterator:
                run.step()
                empty = False
                bind(run, index, item)
                signal = body(run, item)
                del run.variables[mark:]
                if signal is Signal.BREAK:
                    break
            signal = otherwise(run, dot) if empty else None
            del run.variables[outer:]
            return signal

        return loop

    def _call(self, node: nodes.Call) -> Statement:
        pipe = _placed(compile_pipe(node.pipe), node.place) if node.pipe else None
        templates, name, place = self._templates, node.name, node.place

        def call(run: Run, dot: Value) -> None:
            run.step()
            template = templates.get(name)
            if template is None:
                raise _placed_error(GoError(f'template "{name}" not defined'), place)
            if run.depth == 0:
                raise _placed_error(GoError("exceeded maximum template depth"), place)
            inner = pipe(run, dot) if pipe else None
            saved = run.variables
            run.variables = [("$", inner)]
            run.depth -= 1
            template(run, inner)
            run.depth += 1
            run.variables = saved

        return call


def _placed_error(error: GoError, place: nodes.Place) -> TemplateError:
    return TemplateError(f"{place.source}: {error}", line=place.line, column=place.column)


def _placed(evaluate: Evaluator, place: nodes.Place) -> Evaluator:
    """The evaluator as one step, its errors told with the place."""

    def placed(run: Run, dot: Value) -> Value:
        try:
            run.step()
            return evaluate(run, dot)
        except GoError as error:
            raise _placed_error(error, place) from None

    return placed


def _text(text: str) -> Statement:
    def write(run: Run, _dot: Value) -> None:
        run.step()
        run.write_text(text)

    return write


def _action(node: nodes.Action) -> Statement:
    evaluate = compile_pipe(node.pipe)
    place = node.place
    if node.pipe.variables:
        placed = _placed(evaluate, place)

        def store(run: Run, dot: Value) -> None:
            placed(run, dot)

        return store

    def show(run: Run, dot: Value) -> None:
        try:
            run.step()
            value = evaluate(run, dot)
            run.write_value(value if isinstance(value, str) else sprint(printable(value), limit=run.output))
        except GoError as error:
            raise _placed_error(error, place) from None

    return show


def _binder(node: nodes.Range) -> Callable[[Run, Value, Value], None]:
    """Gives an iteration's index and item to the loop's variables."""
    variables = node.pipe.variables
    if not variables:
        return lambda _run, _index, _item: None
    if node.pipe.is_assign:

        def assign(run: Run, index: Value, item: Value) -> None:
            values = (item,) if len(variables) == 1 else (index, item)
            for name, value in zip(variables, values, strict=True):
                run.assign(name, value)

        return assign

    def declare(run: Run, index: Value, item: Value) -> None:
        run.variables[-1] = (variables[-1], item)
        if len(variables) == 2:
            run.variables[-2] = (variables[0], index)

    return declare


def _placed_items(place: nodes.Place, variables: int) -> Callable[[Value], Iterator[tuple[Value, Value]]]:
    def items(value: Value) -> Iterator[tuple[Value, Value]]:
        try:
            return _items(value, variables)
        except GoError as error:
            raise _placed_error(error, place) from None

    return items


def _items(value: Value, variables: int) -> Iterator[tuple[Value, Value]]:
    """What ``range`` goes over, with its indexes. Raises GoError for what can't be ranged over."""
    if isinstance(value, Pointer) and value.target is not None:
        value = value.target
    if value is None:
        return iter(())
    if isinstance(value, Slice):
        return iter(enumerate(value.items or ()))
    if isinstance(value, Map):
        entries = value.entries or {}
        return iter([(key, entries[key]) for key in sorted_keys(value)])
    if isinstance(value, int) and not isinstance(value, bool):
        if variables > 1:
            raise GoError(f"can't use {int(value)} to iterate over more than one variable")
        kind = type(value)
        return ((None, kind(number)) for number in range(value))
    raise GoError("range can't iterate over this value")
