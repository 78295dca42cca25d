"""Which events the daemon's code logs, at which level and with which keys: read from its syntax, never run.

A name that is put together is followed to what it is put together from: a constructor's argument, a function's
argument, a table of the module. What can't be followed is an error, so that no event is missed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from pathlib import Path
from typing import TypeGuard

LEVELS: Mapping[str, str] = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
"""The logger's methods, with the level that each writes."""

_LOGGERS = frozenset({"log", "_log"})
"""The names of loggers: a module's, and an object's own."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class NotFollowed(Exception):
    """Code that logs in a way that this module does not understand; the text says where."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a log line. ``always`` are there in each, ``sometimes`` in some."""

    always: frozenset[str] = frozenset()
    sometimes: frozenset[str] = frozenset()

    def __or__(self, other: Keys) -> Keys:
        """Return the keys of one call that has both."""
        always = self.always | other.always
        return Keys(always, (self.sometimes | other.sometimes) - always)

    def or_else(self, other: Keys) -> Keys:
        """Return the keys of a line that may come from either."""
        always = self.always & other.always
        return Keys(always, (self.always | other.always | self.sometimes | other.sometimes) - always)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCall:
    """One event that one place in the code logs."""

    event: str
    levels: frozenset[str]
    keys: Keys


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression stands."""

    module: Module
    function: _Function | None = None
    class_: ast.ClassDef | None = None

    def where(self, node: ast.AST) -> str:
        return f"{self.module.path}:{getattr(node, 'lineno', '?')}"


@dataclass(slots=True)
class Module:
    """A file's syntax, and the scope of each of its nodes."""

    path: str
    tree: ast.Module
    nodes: list[tuple[ast.AST, _Scope]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._walk(self.tree, _Scope(self))

    def _walk(self, node: ast.AST, scope: _Scope) -> None:
        for child in ast.iter_child_nodes(node):
            self.nodes.append((child, scope))
            inner = scope
            if isinstance(child, _Function):
                inner = _Scope(self, child, scope.class_)
            elif isinstance(child, ast.ClassDef):
                inner = _Scope(self, None, child)
            self._walk(child, inner)


class LogCalls:
    """The log calls of some modules, which also hold all that these need to be understood."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._modules = modules

    @classmethod
    def of_package(cls, folder: Path, *, without: Sequence[str] = ()) -> LogCalls:
        """Read all files of a package, but for those of some sub-packages."""
        paths = [path for path in sorted(folder.rglob("*.py")) if path.relative_to(folder).parts[0] not in without]
        return cls([Module(str(path.relative_to(folder)), ast.parse(path.read_text("utf-8"))) for path in paths])

    def all(self) -> Iterator[LogCall]:
        """Yield each event of each call. Raises NotFollowed."""
        for module in self._modules:
            understood = _under_known_names(module)
            for node, scope in module.nodes:
                if isinstance(node, ast.Call) and (methods := self._methods(node.func, scope)):
                    understood |= set(methods)
                    yield from self._of_call(node, methods, scope)
            for node, scope in module.nodes:
                if (_is_method(node) or _is_logger(node)) and node not in understood:
                    raise NotFollowed(f"{scope.where(node)}: a logger, or a method of one, goes somewhere else")

    def _of_call(self, call: ast.Call, methods: Sequence[ast.Attribute], scope: _Scope) -> Iterator[LogCall]:
        if not call.args:
            raise NotFollowed(f"{scope.where(call)}: no event's name")
        keys = self._bound(methods[0].value, scope)
        if any(each.attr == "exception" for each in methods):
            keys |= Keys(frozenset({"exception"}))
        for keyword in call.keywords:
            keys |= self._keys(keyword.value, scope) if keyword.arg is None else Keys(frozenset({keyword.arg}))
        for event in self._texts(call.args[0], scope):
            yield LogCall(event=event, levels=frozenset(LEVELS[each.attr] for each in methods), keys=keys)

    def _methods(self, called: ast.expr, scope: _Scope) -> list[ast.Attribute]:
        """Return the logger's methods that are called: by their names, or by a name that stands for one of them."""
        if _is_method(called):
            return [called]
        if not isinstance(called, ast.Name) or scope.function is None:
            return []
        values = _assigned(scope.function, called.id)
        return [node for value in values for node in _branches(value) if _is_method(node)]

    def _texts(self, expression: ast.expr, scope: _Scope) -> list[str]:
        """Return what a text may be."""
        match expression:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.IfExp(body=body, orelse=orelse):
                return [*self._texts(body, scope), *self._texts(orelse, scope)]
            case ast.JoinedStr(values=parts):
                found = [self._texts(part, scope) for part in parts]
                return ["".join(each) for each in product(*found)]
            case ast.FormattedValue(value=value):
                return self._texts(value, scope)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if scope.class_:
                return self._of_attribute(name, scope.class_, scope)
            case ast.Subscript(value=ast.Name(id=table)):
                return self._of_table(table, scope)
            case ast.Name(id=name) if scope.function:
                return self._of_name(name, scope.function, scope)
        raise NotFollowed(
            f"{scope.where(expression)}: {ast.unparse(expression)} is no event's name that can be followed"
        )

    def _of_attribute(self, name: str, class_: ast.ClassDef, scope: _Scope) -> list[str]:
        """Return what an attribute may be that the constructor sets from an argument."""
        (init,) = (node for node in class_.body if isinstance(node, _Function) and node.name == "__init__")
        inner = _Scope(scope.module, init, class_)
        return [text for value in _set(init, name) for text in self._texts(value, inner)]

    def _of_table(self, name: str, scope: _Scope) -> list[str]:
        for value in _assigned(scope.module.tree, name):
            if isinstance(value, ast.Dict):
                return [text for each in value.values for text in self._texts(each, scope)]
        raise NotFollowed(f"{scope.module.path}: no table {name}")

    def _of_name(self, name: str, function: _Function, scope: _Scope) -> list[str]:
        """Return what a local name, or an argument of whoever calls the function, may be."""
        if values := _assigned(function, name):
            return [text for value in values for text in self._texts(value, scope)]
        calls = self._calls_of(function, scope)
        texts = [text for call, caller in calls for text in self._argument(call, function, name, caller)]
        if not texts:
            raise NotFollowed(f"{scope.where(function)}: nobody says what {name} is")
        return list(dict.fromkeys(texts))

    def _calls_of(self, function: _Function, scope: _Scope) -> Iterator[tuple[ast.Call, _Scope]]:
        """Yield the calls of a function, of a method within its class, of a class for its constructor."""
        own = scope.class_ if function.name != "__init__" else None
        called = scope.class_.name if scope.class_ and own is None else function.name
        for module in self._modules:
            for node, caller in module.nodes:
                if isinstance(node, ast.Call) and _name_of(node.func) == called and own in (None, caller.class_):
                    yield node, caller

    def _argument(self, call: ast.Call, function: _Function, name: str, scope: _Scope) -> Iterator[str]:
        """Yield what a call gives for a parameter."""
        positions = [each.arg for each in function.args.args if each.arg != "self"]
        given = [keyword.value for keyword in call.keywords if keyword.arg == name]
        if name in positions:
            given += call.args[positions.index(name) :][:1]
        for value in given:
            yield from self._texts(value, scope)

    def _keys(self, expression: ast.expr, scope: _Scope) -> Keys:
        """Return the keys of what a call takes as ``**``."""
        match expression:
            case ast.Dict(keys=keys):
                return Keys(frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant)))
            case ast.IfExp(body=body, orelse=orelse):
                return self._keys(body, scope).or_else(self._keys(orelse, scope))
            case ast.Name(id=name) if scope.function and _takes_all(scope.function) == name:
                return self._given(scope.function, expression, scope)
            case ast.Name(id=name) if scope.function:
                return self._either(_assigned(scope.function, name), expression, scope)
            case ast.Attribute(attr=name) if scope.class_:
                return self._either(_set(scope.class_, name), expression, scope)
            case ast.Call(func=called):
                return self._returned(_name_of(called), expression, scope)
        raise NotFollowed(f"{scope.where(expression)}: **{ast.unparse(expression)} can't be followed")

    def _given(self, function: _Function, expression: ast.expr, scope: _Scope) -> Keys:
        """Return the keys that callers give beside a function's own parameters."""
        own = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
        found = []
        for call, caller in self._calls_of(function, scope):
            keys = Keys(frozenset(each.arg for each in call.keywords if each.arg and each.arg not in own))
            for keyword in call.keywords:
                keys |= self._keys(keyword.value, caller) if keyword.arg is None else Keys()
            found.append(keys)
        return self._merged(found, expression, scope)

    def _either(self, values: Sequence[ast.expr], expression: ast.expr, scope: _Scope) -> Keys:
        return self._merged([self._keys(value, scope) for value in values], expression, scope)

    @staticmethod
    def _merged(found: Sequence[Keys], expression: ast.expr, scope: _Scope) -> Keys:
        if not found:
            raise NotFollowed(f"{scope.where(expression)}: nothing says what {ast.unparse(expression)} is")
        return reduce(Keys.or_else, found)

    def _returned(self, name: str, expression: ast.expr, scope: _Scope) -> Keys:
        """Return the keys of what a function returns: of the dictionaries that are written in it."""
        for module in self._modules:
            for node, inner in module.nodes:
                if isinstance(node, _Function) and node.name == name:
                    found = [each for each in ast.walk(node) if isinstance(each, ast.Dict)]
                    keys = self._either(found, expression, inner)
                    whole = any(each.value in found for each in ast.walk(node) if isinstance(each, ast.Return))
                    return keys if whole else Keys(frozenset(), keys.always | keys.sometimes)
        raise NotFollowed(f"{scope.where(expression)}: there is no function {name}")

    def _bound(self, logger: ast.expr, scope: _Scope) -> Keys:
        """Return the keys that an object's own logger writes with each line."""
        if not isinstance(logger, ast.Attribute) or scope.class_ is None:
            return Keys()
        keys = Keys()
        for call in (value for value in _set(scope.class_, logger.attr) if isinstance(value, ast.Call)):
            for keyword in call.keywords:
                keys |= self._keys(keyword.value, scope) if keyword.arg is None else Keys(frozenset({keyword.arg}))
        return keys


def _is_method(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Tell the logger's methods: of ``log``, of an object's own ``_log``, of one that is just asked for."""
    if not isinstance(node, ast.Attribute) or node.attr not in LEVELS:
        return False
    return _name_of(node.value) in {*_LOGGERS, "get_logger"}


def _is_logger(node: ast.AST) -> bool:
    """Tell calls that make a logger, or another one from it."""
    return isinstance(node, ast.Call) and (
        _name_of(node.func) == "get_logger"
        or (isinstance(node.func, ast.Attribute) and node.func.attr == "bind" and _name_of(node.func.value) in _LOGGERS)
    )


def _under_known_names(module: Module) -> set[ast.AST]:
    """Return the loggers that this module can follow: under one of their names, or asked for and used at once."""
    named = {value for target, value in _assignments(module.tree) if _name_of(target) in _LOGGERS}
    return {*named, *(node.value for node, _ in module.nodes if _is_method(node))}


def _name_of(node: ast.expr) -> str:
    """Return the last word of a name, of an attribute, or of what is called."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=called):
            return _name_of(called)
    return ""


def _takes_all(function: _Function) -> str:
    """Return the name of the parameter that takes all other keywords; empty: there is none."""
    return function.args.kwarg.arg if function.args.kwarg else ""


def _branches(expression: ast.expr) -> list[ast.expr]:
    if isinstance(expression, ast.IfExp):
        return [*_branches(expression.body), *_branches(expression.orelse)]
    return [expression]


def _assigned(within: ast.AST, name: str) -> list[ast.expr]:
    """Return what is assigned to a name within a function or module."""
    return [value for target, value in _assignments(within) if isinstance(target, ast.Name) and target.id == name]


def _set(within: ast.AST, name: str) -> list[ast.expr]:
    """Return what is assigned to an attribute within a class or function."""
    return [
        value for target, value in _assignments(within) if isinstance(target, ast.Attribute) and target.attr == name
    ]


def _assignments(within: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(within):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value
