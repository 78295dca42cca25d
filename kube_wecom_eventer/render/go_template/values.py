"""Go's types and values, as far as templates can tell them apart.

bool, int, float64, complex128 and string are Python's own; None is Go's invalid value and its nil. Everything
else names its ``go_type``. A struct is a view: it holds the Python object that it was made of, and its type
knows how to get each field from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum, auto
from typing import Any, ClassVar


class GoError(Exception):
    """What Go would report while executing; the statement's place is added where it is known."""


class Kind(Enum):
    """reflect.Kind, with all sizes of a number in one."""

    BOOL = auto()
    INT = auto()
    UINT = auto()
    FLOAT = auto()
    COMPLEX = auto()
    STRING = auto()
    STRUCT = auto()
    POINTER = auto()
    MAP = auto()
    SLICE = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a struct; ``get`` takes what the struct is a view of, and the zone that times show in."""

    name: str
    type: GoType
    get: Callable[[Any, tzinfo], Value]


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method; ``call`` takes the receiver and arguments that ``params`` has checked.

    on_pointer: Go declares it on the pointer, so a value that has no address lacks it.
    takes_nil: it can be called on a nil pointer; the receiver is None then.
    """

    call: Callable[..., Value]
    params: tuple[GoType, ...] = ()
    on_pointer: bool = False
    takes_nil: bool = False


@dataclass(slots=True, eq=False)
class GoType:
    """A type. ``members`` and the stringers are set once, where the type is declared.

    stringer: ``String`` on the value; pointer_stringer: on the pointer only, called with None for nil.
    go_stringer, pointer_go_stringer: the same for ``GoString``.
    missing: what a key gives that a map does not have (the option ``missingkey``).
    """

    name: str
    kind: Kind
    elem: GoType | None = None
    key: GoType | None = None
    fields: tuple[Field, ...] = ()
    members: dict[str, Field | Method] = field(default_factory=dict)
    stringer: Callable[[Any], str] | None = None
    pointer_stringer: Callable[[Any], str] | None = None
    go_stringer: Callable[[Any], str] | None = None
    pointer_go_stringer: Callable[[Any], str] | None = None
    comparable: bool = True
    missing: str | None = None

    def __str__(self) -> str:
        return self.name


BOOL = GoType("bool", Kind.BOOL)
INT = GoType("int", Kind.INT)
INT32 = GoType("int32", Kind.INT)
INT64 = GoType("int64", Kind.INT)
UINT8 = GoType("uint8", Kind.UINT)
FLOAT64 = GoType("float64", Kind.FLOAT)
COMPLEX128 = GoType("complex128", Kind.COMPLEX)
STRING = GoType("string", Kind.STRING)
BYTES = GoType("[]uint8", Kind.SLICE, elem=UINT8)
STRINGS = GoType("[]string", Kind.SLICE, elem=STRING)
STRING_MAP = GoType("map[string]string", Kind.MAP, elem=STRING, key=STRING)


class TypedInt(int):
    """An integer of another type than int."""

    go_type: ClassVar[GoType]


class Int32(TypedInt):
    """int32"""

    go_type = INT32


class Int64(TypedInt):
    """int64"""

    go_type = INT64


class Uint8(TypedInt):
    """uint8"""

    go_type = UINT8


class TypedString(str):
    """A string of another type than string."""

    __slots__ = ()
    go_type: ClassVar[GoType]


@dataclass(frozen=True, slots=True, eq=False)
class Struct:
    """A struct as a view of ``raw``; ``addressable``: Go could take its address."""

    go_type: GoType
    raw: Any
    zone: tzinfo
    addressable: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """A pointer to a struct, or a nil one; ``go_type`` is that of the pointer."""

    go_type: GoType
    target: Struct | None


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A map with string keys; ``entries`` is None for a nil map."""

    go_type: GoType
    entries: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A slice; ``items`` is None for a nil one."""

    go_type: GoType
    items: Sequence[Value] | None


Value = None | bool | int | float | complex | str | Struct | Pointer | Map | Slice

_BASIC: dict[type, GoType] = {bool: BOOL, int: INT, float: FLOAT64, complex: COMPLEX128, str: STRING}


def type_of(value: Any) -> GoType:
    """The type of a value that is not None."""
    found = _BASIC.get(type(value))
    return found if found is not None else value.go_type


def pointer_to(target: GoType) -> GoType:
    """A pointer type. Made once for each use: types are compared by identity of what they point to."""
    return GoType("*" + target.name, Kind.POINTER, elem=target)


def is_true(value: Value) -> bool:
    """Go's truth of a value in ``if``: not the zero value; a struct is always true."""
    if isinstance(value, Pointer):
        return value.target is not None
    if isinstance(value, Struct):
        return True
    if isinstance(value, Map):
        return bool(value.entries)
    if isinstance(value, Slice):
        return bool(value.items)
    return bool(value)


def member(receiver: Value, name: str) -> Value:
    """What ``.name`` without arguments gives."""
    if receiver is None:
        return None
    target = receiver.target if isinstance(receiver, Pointer) else receiver
    if isinstance(target, Struct):
        found = target.go_type.members.get(name)
        if isinstance(found, Field):
            return _field(found, target)
    return member_call(receiver, name, None)


def _field(found: Field, target: Struct) -> Value:
    value = found.get(target.raw, target.zone)
    if isinstance(value, Struct) and not target.addressable:
        return Struct(value.go_type, value.raw, value.zone, addressable=False)
    return value


Arguments = Callable[[str, tuple[GoType, ...]], list[Value]]


def member_call(receiver: Value, name: str, arguments: Arguments | None) -> Value:
    """What ``.name`` gives with arguments, which are evaluated for a method's parameters.

    Raises GoError, in Go's words, for what does not exist, is nil or takes no such arguments.
    """
    if receiver is None:
        return None
    is_nil = isinstance(receiver, Pointer) and receiver.target is None
    target = receiver.target if isinstance(receiver, Pointer) and not is_nil else receiver
    go_type = type_of(receiver)
    owner = go_type.elem if isinstance(receiver, Pointer) and go_type.elem else type_of(target)
    found = owner.members.get(name)
    if isinstance(found, Method) and _has_method(found, target):
        return _call(found, name, None if is_nil else target, arguments)
    if isinstance(found, Field):
        if is_nil:
            raise GoError(f"nil pointer evaluating {go_type}.{name}")
        if arguments is not None:
            raise GoError(f"{name} has arguments but cannot be invoked as function")
        if isinstance(target, Struct):
            return _field(found, target)
    if isinstance(target, Map):
        if arguments is not None:
            raise GoError(f"{name} is not a method but has arguments")
        return (target.entries or {}).get(name, target.go_type.missing)
    if is_nil and owner.kind is not Kind.STRUCT:
        raise GoError(f"nil pointer evaluating {go_type}.{name}")
    raise GoError(f"can't evaluate field {name} in type {go_type}")


def _has_method(method: Method, target: Value) -> bool:
    return not method.on_pointer or not isinstance(target, Struct) or target.addressable


def _call(method: Method, name: str, receiver: Value, arguments: Arguments | None) -> Value:
    if arguments is not None:
        values = arguments(name, method.params)
    elif method.params:
        raise GoError(f"wrong number of args for {name}: want {len(method.params)} got 0")
    else:
        values = []
    if receiver is None and not method.takes_nil:
        raise GoError(f"error calling {name}: invalid memory address or nil pointer dereference")
    return method.call(receiver, *values)


def assignable(value: Value, wanted: GoType) -> Value:
    """The value as a parameter of that type takes it. Raises GoError, in Go's words, if it can't."""
    if value is None:
        return _nil_of(wanted)
    found = type_of(value)
    if found is wanted or (wanted.kind is Kind.POINTER and found.kind is Kind.POINTER and found.elem is wanted.elem):
        return value
    if isinstance(value, Pointer) and found.elem is wanted:
        if value.target is None:
            raise GoError(f"dereference of nil pointer of type {wanted}")
        return value.target
    if isinstance(value, Struct) and value.addressable and wanted.elem is found:
        return Pointer(wanted, value)
    raise GoError(f"wrong type for value; expected {wanted}; got {found}")


def _nil_of(wanted: GoType) -> Value:
    if wanted.kind is Kind.POINTER:
        return Pointer(wanted, None)
    if wanted.kind is Kind.MAP:
        return Map(wanted, None)
    if wanted.kind is Kind.SLICE:
        return Slice(wanted, None)
    raise GoError(f"invalid value; expected {wanted}")
