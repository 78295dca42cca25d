"""eq, ne, lt, le, gt, ge: text/template's comparisons, which mix sizes but not kinds.

https://pkg.go.dev/text/template#hdr-Functions
"""

from __future__ import annotations

from collections.abc import Sequence

from .go_string import to_bytes
from .values import GoError, Kind, Map, Pointer, Slice, Struct, Value, type_of

_BASIC = {Kind.BOOL, Kind.INT, Kind.UINT, Kind.FLOAT, Kind.COMPLEX, Kind.STRING}
_ORDERED = _BASIC - {Kind.BOOL, Kind.COMPLEX}
_INTEGERS = {Kind.INT, Kind.UINT}


def equal(first: Value, others: Sequence[Value]) -> bool:
    """``eq``: whether the first equals any of the others. Raises GoError where Go refuses to compare."""
    if not others:
        raise GoError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: Value, second: Value) -> bool:
    if first is None or second is None:
        return _is_nil(first) and _is_nil(second)
    kinds = type_of(first).kind, type_of(second).kind
    if not _BASIC.isdisjoint(kinds):
        if kinds[0] is not kinds[1] and not _INTEGERS.issuperset(kinds):
            raise GoError(f"incompatible types for comparison: {type_of(first)} and {type_of(second)}")
        return bool(first == second)
    return _equal_composites(first, second)


def _equal_composites(first: Value, second: Value) -> bool:
    types = type_of(first), type_of(second)
    if types[0].kind is not types[1].kind:
        raise GoError(f"non-comparable types {types[0]} and {types[1]}")
    if _is_nil(first) or _is_nil(second):
        return _is_nil(first) and _is_nil(second)
    if isinstance(first, Pointer) and isinstance(second, Pointer):
        return types[0].elem is types[1].elem and _same(first.target, second.target)
    if not isinstance(first, Struct) or not isinstance(second, Struct) or not types[1].comparable:
        raise GoError(f"non-comparable type {types[1]}")
    return types[0] is types[1] and bool(first.raw == second.raw)


def _same(first: Struct | None, second: Struct | None) -> bool:
    return first is not None and second is not None and first.raw is second.raw


def _is_nil(value: Value) -> bool:
    if isinstance(value, Pointer):
        return value.target is None
    if isinstance(value, Map):
        return value.entries is None
    return value.items is None if isinstance(value, Slice) else value is None


def less(first: Value, second: Value) -> bool:
    """``lt``. Raises GoError where there is no order."""
    kinds = []
    for value in (first, second):
        if value is None or type_of(value).kind not in _BASIC:
            raise GoError("invalid type for comparison")
        kinds.append(type_of(value).kind)
    if kinds[0] is not kinds[1] and not _INTEGERS.issuperset(kinds):
        raise GoError(f"incompatible types for comparison: {type_of(first)} and {type_of(second)}")
    if kinds[0] not in _ORDERED:
        raise GoError("invalid type for comparison")
    if isinstance(first, str) and isinstance(second, str):
        return to_bytes(first) < to_bytes(second)
    return first < second  # type: ignore[operator]


def less_or_equal(first: Value, second: Value) -> bool:
    """``le``"""
    return less(first, second) or _equal(first, second)
