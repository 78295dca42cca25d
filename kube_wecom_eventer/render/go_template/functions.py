"""The functions that text/template has built in, but ``and`` and ``or``, which the compiler knows.

https://pkg.go.dev/text/template#hdr-Functions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import compare, escapes
from .go_print import printable, sprint, sprintln
from .go_printf import sprintf
from .go_string import byte_length, from_bytes, to_bytes
from .run import JsText, Run
from .values import STRING, GoError, Map, Pointer, Slice, Uint8, Value, is_true, type_of


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function: how many arguments it needs, whether it takes more, whether its first must be a string."""

    call: Callable[[Run, list[Value]], Value]
    needed: int = 0
    variadic: bool = True
    takes_format: bool = False


def _index_of(value: Value, limit: int) -> int:
    """A place in a slice or string. Raises GoError for what is no integer or beyond ``limit``."""
    if value is None:
        raise GoError("cannot index slice/array with nil")
    if isinstance(value, bool) or not isinstance(value, int):
        raise GoError(f"cannot index slice/array with type {type_of(value)}")
    if not 0 <= value <= limit:
        raise GoError(f"index out of range: {int(value)}")
    return int(value)


def _target(value: Value, what: str) -> Value:
    """What a pointer points to. Raises GoError for nil."""
    if value is None:
        raise GoError(f"{what} of untyped nil")
    if isinstance(value, Pointer):
        if value.target is None:
            raise GoError(f"{what} of nil pointer")
        return value.target
    return value


def _index(_run: Run, args: list[Value]) -> Value:
    item, *indexes = args
    if item is None:
        raise GoError("index of untyped nil")
    for index in indexes:
        item = _element(_target(item, "index"), index)
    return item


def _element(item: Value, index: Value) -> Value:
    if isinstance(item, Map):
        if index is None:
            raise GoError("value is nil; should be of type string")
        if not isinstance(index, str) or type_of(index) is not STRING:
            raise GoError(f"value has type {type_of(index)}; should be string")
        return (item.entries or {}).get(index, "")
    if isinstance(item, str):
        data = to_bytes(item)
        return Uint8(data[_index_of(index, len(data) - 1)])
    if isinstance(item, Slice):
        items = item.items or ()
        return items[_index_of(index, len(items) - 1)]
    raise GoError(f"can't index item of type {type_of(item)}")


def _slice(_run: Run, args: list[Value]) -> Value:
    item = _target(args[0], "slice")
    if len(args) > 4:
        raise GoError(f"too many slice indexes: {len(args) - 1}")
    if isinstance(item, str):
        if len(args) == 4:
            raise GoError("cannot 3-index slice a string")
        data = to_bytes(item)
        start, end = _bounds(args[1:], len(data))
        return from_bytes(data[start:end])
    if isinstance(item, Slice):
        items = item.items or ()
        start, end = _bounds(args[1:], len(items))
        return Slice(item.go_type, items[start:end])
    raise GoError(f"can't slice item of type {type_of(item)}")


def _bounds(indexes: Sequence[Value], length: int) -> tuple[int, int]:
    """Start and end; a third index, the capacity, only has to be in order."""
    places = [_index_of(index, length) for index in indexes]
    start, end, *rest = [*places, length][: max(len(places), 2)] if places else [0, length]
    for low, high in ((start, end), (end, rest[0] if rest else length)):
        if low > high:
            raise GoError(f"invalid slice index: {low} > {high}")
    return start, end


def _length(_run: Run, args: list[Value]) -> Value:
    item = _target(args[0], "len")
    if isinstance(item, str):
        return byte_length(item)
    if isinstance(item, Map):
        return len(item.entries or ())
    if isinstance(item, Slice):
        return len(item.items or ())
    raise GoError(f"len of type {type_of(item)}")


def _call(_run: Run, args: list[Value]) -> Value:
    """Nothing below an event is a function value."""
    raise GoError("call of nil" if args[0] is None else f"non-function of type {type_of(args[0])}")


def _one_text(run: Run, args: list[Value]) -> str:
    """The arguments as the escapers see them: one string as it is, else what ``print`` makes of them."""
    if len(args) == 1 and isinstance(args[0], str) and type_of(args[0]) is STRING:
        return args[0]
    shown = [printable(value) if value is None or isinstance(value, Pointer) else value for value in args]
    return sprint(*shown, limit=run.output)


def _js(run: Run, args: list[Value]) -> Value:
    before = _one_text(run, args)
    return JsText.of(escapes.escape_js(before), before=before)


def _escaper(escape: Callable[[str], str]) -> Builtin:
    return Builtin(lambda run, args: escape(_one_text(run, args)))


def _comparison(compare_two: Callable[[Value, Value], bool]) -> Builtin:
    return Builtin(lambda _run, args: compare_two(args[0], args[1]), needed=2, variadic=False)


BUILTINS: dict[str, Builtin] = {
    "call": Builtin(_call, needed=1),
    "eq": Builtin(lambda _run, args: compare.equal(args[0], args[1:]), needed=1),
    "ge": _comparison(lambda first, second: not compare.less(first, second)),
    "gt": _comparison(lambda first, second: not compare.less_or_equal(first, second)),
    "html": _escaper(escapes.escape_html),
    "index": Builtin(_index, needed=1),
    "js": Builtin(_js),
    "le": _comparison(compare.less_or_equal),
    "len": Builtin(_length, needed=1, variadic=False),
    "lt": _comparison(compare.less),
    "ne": _comparison(lambda first, second: not compare.equal(first, [second])),
    "not": Builtin(lambda _run, args: not is_true(args[0]), needed=1, variadic=False),
    "print": Builtin(lambda run, args: sprint(*args, limit=run.output)),
    "printf": Builtin(lambda run, args: sprintf(args[0], args[1:], run.output), needed=1, takes_format=True),
    "println": Builtin(lambda run, args: sprintln(args, run.output)),
    "slice": Builtin(_slice, needed=1),
    "urlquery": _escaper(escapes.escape_urlquery),
}
SHORT_CIRCUITS = ("and", "or")
NAMES = frozenset(BUILTINS) | frozenset(SHORT_CIRCUITS)
