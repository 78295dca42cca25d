"""Go's ``fmt.Print`` and the walk over a value that every verb of ``fmt.Printf`` shares.

https://pkg.go.dev/fmt#hdr-Printing
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .go_format import Flags, byte_text
from .values import (
    BYTES,
    GoError,
    GoType,
    Kind,
    Map,
    Pointer,
    Slice,
    Struct,
    TypedInt,
    Value,
    pointer_to,
    type_of,
)

_NIL = "<nil>"
_INTEGER_BASES = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_STRING_VERBS = "vsxXq"
# An address tells nobody anything; it only has to look like one.
_ADDRESS = 0xC000000000


class Printer:
    """Collects what is printed; raises GoError when it grows beyond ``limit`` characters."""

    def __init__(self, limit: int) -> None:
        self.flags = Flags()
        self._left = limit
        self._parts: list[str] = []
        self._erroring = False

    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    def write(self, text: str) -> None:
        """Adds text as it is."""
        self._left -= len(text)
        if self._left < 0:
            raise GoError("the output is too long")
        self._parts.append(text)

    def bad_verb(self, value: Value, verb: str) -> None:
        """``%!d(string=hi)``"""
        if value is None:
            self.write(f"%!{verb}({_NIL})")
            return
        self._erroring = True
        self.write(f"%!{verb}({type_of(value)}=")
        self.argument(value, "v")
        self.write(")")
        self._erroring = False

    def argument(self, value: Value, verb: str) -> None:
        """One argument under one verb."""
        if value is None:
            if verb in ("T", "v"):
                self.write(self.flags.pad(_NIL))
            else:
                self.bad_verb(None, verb)
        elif verb == "T":
            self.write(self.flags.string(type_of(value).name))
        elif verb == "p":
            self._pointer(value, verb)
        elif not self._methods(value, verb):
            self._value(value, verb, 0)

    def _methods(self, value: Value, verb: str) -> bool:
        """Prints through the value's own String or GoString, if it has one that applies."""
        if self._erroring:
            return False
        if verb == "w":
            self.bad_verb(value, verb)
            return True
        text = _own_text(value, go=self.flags.sharp_v, verb=verb)
        if text is None:
            return False
        if text is _NIL:
            # Go writes it where it recovers from the method's panic, past width and flags.
            self.write(text)
        elif self.flags.sharp_v:
            self.write(self.flags.string(text))
        else:
            self._string(text, text, verb)
        return True

    def _value(self, value: Value, verb: str, depth: int) -> None:
        if depth > 0 and self._methods(value, verb):
            return
        if isinstance(value, bool):
            if verb in "tv":
                self.write(self.flags.pad("true" if value else "false"))
            else:
                self.bad_verb(value, verb)
        elif isinstance(value, int):
            self._integer(value, verb)
        elif isinstance(value, float):
            self._float(value, value, verb)
        elif isinstance(value, complex):
            self._complex(value, verb)
        elif isinstance(value, str):
            self._string(value, value, verb)
        else:
            self._composite(value, verb, depth)

    def _composite(self, value: Value, verb: str, depth: int) -> None:
        if isinstance(value, Map):
            self._map(value, verb, depth)
        elif isinstance(value, Slice):
            self._slice(value, verb, depth)
        elif isinstance(value, Struct):
            self._struct(value, verb, depth)
        elif isinstance(value, Pointer) and depth == 0 and value.target is not None:
            self.write("&")
            self._value(value.target, verb, 1)
        elif value is not None:
            self._pointer(value, verb)

    def _integer(self, value: int, verb: str) -> None:
        flags = self.flags
        unsigned = isinstance(value, TypedInt) and value.go_type.kind is Kind.UINT
        if verb == "v" and flags.sharp_v and unsigned:
            self.write(hex(value))
        elif verb in _INTEGER_BASES:
            self.write(flags.integer(value, _INTEGER_BASES[verb], verb=verb, upper=verb == "X"))
        elif verb == "c":
            self.write(flags.rune(value))
        elif verb == "q":
            self.write(flags.quoted_rune(value))
        elif verb == "U":
            self.write(flags.unicode(value))
        else:
            self.bad_verb(value, verb)

    def _float(self, whole: Value, value: float, verb: str) -> None:
        if verb in "vbgGxX":
            self.write(self.flags.float(value, "g" if verb == "v" else verb, None))
        elif verb in "feEF":
            self.write(self.flags.float(value, verb.replace("F", "f"), 6))
        else:
            self.bad_verb(whole, verb)

    def _complex(self, value: complex, verb: str) -> None:
        if verb not in "vbgGxXfFeE":
            self.bad_verb(value, verb)
            return
        plus = self.flags.plus
        self.write("(")
        self._float(value, value.real, verb)
        self.flags.plus = True
        self._float(value, value.imag, verb)
        self.write("i)")
        self.flags.plus = plus

    def _string(self, whole: Value, text: str, verb: str) -> None:
        flags = self.flags
        if verb == "q" or (verb == "v" and flags.sharp_v):
            self.write(flags.quoted(text))
        elif verb in "vs":
            self.write(flags.string(text))
        elif verb in "xX":
            self.write(flags.hex_string(text, upper=verb == "X"))
        else:
            self.bad_verb(whole, verb)

    def _pointer(self, value: Value, verb: str) -> None:
        """An address; ``%p`` of what has none is a bad verb."""
        if not isinstance(value, Pointer | Map | Slice):
            self.bad_verb(value, verb)
            return
        is_nil = (value.target if isinstance(value, Pointer) else _content(value)) is None
        address = 0 if is_nil else _ADDRESS
        if verb == "v" and self.flags.sharp_v:
            self.write(f"({value.go_type})({'nil' if is_nil else hex(address)})")
        elif verb == "v" and is_nil:
            self.write(self.flags.pad(_NIL))
        elif verb in "vp":
            self.write(hex(address) if not self.flags.sharp else f"{address:x}")
        elif verb in _INTEGER_BASES:
            self._integer(address, verb)
        else:
            self.bad_verb(value, verb)

    def _map(self, value: Map, verb: str, depth: int) -> None:
        go = self.flags.sharp_v
        if go and value.entries is None:
            self.write(f"{value.go_type}(nil)")
            return
        self.write(f"{value.go_type}{{" if go else "map[")
        for index, key in enumerate(sorted_keys(value)):
            self._separate(index)
            self._value(key, verb, depth + 1)
            self.write(":")
            self._value((value.entries or {})[key], verb, depth + 1)
        self.write("}" if go else "]")

    def _slice(self, value: Slice, verb: str, depth: int) -> None:
        go = self.flags.sharp_v
        if value.go_type is BYTES and verb in "sqxX":
            self._string(value, byte_text([int(i) for i in value.items or () if isinstance(i, int)]), verb)
            return
        if go:
            name = "[]byte" if value.go_type is BYTES and depth == 0 else value.go_type.name
            self.write(name)
            if value.items is None:
                self.write("(nil)")
                return
        self.write("{" if go else "[")
        for index, item in enumerate(value.items or ()):
            self._separate(index)
            self._value(item, verb, depth + 1)
        self.write("}" if go else "]")

    def _struct(self, value: Struct, verb: str, depth: int) -> None:
        go_type = value.go_type
        if not go_type.fields:
            raise GoError(f"{go_type} can't be printed with %{verb}")
        self.write(f"{go_type if self.flags.sharp_v else ''}{{")
        for index, field in enumerate(go_type.fields):
            self._separate(index)
            if self.flags.sharp_v or self.flags.plus_v:
                self.write(f"{field.name}:")
            self._value(field.get(value.raw, value.zone), verb, depth + 1)
        self.write("}")

    def _separate(self, index: int) -> None:
        if index:
            self.write(", " if self.flags.sharp_v else " ")


def _content(value: Map | Slice) -> object:
    return value.entries if isinstance(value, Map) else value.items


def sorted_keys(value: Map) -> list[str]:
    """A map's keys in the order in which Go prints and ranges over them: by their bytes."""
    return sorted(value.entries or (), key=_byte_order)


def _byte_order(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _own_text(value: Value, *, go: bool, verb: str) -> str | None:
    """What the value's String method gives (GoString with ``go``); None if it has none for the verb."""
    if isinstance(value, Pointer):
        return _pointer_text(value, go=go, verb=verb)
    if isinstance(value, Struct | TypedInt | Map | Slice):
        stringer = _stringer(value.go_type, go=go, verb=verb)
        return None if stringer is None else stringer(value.raw if isinstance(value, Struct) else value)
    return None


def _stringer(go_type: GoType, *, go: bool, verb: str) -> Callable[..., str] | None:
    if go:
        return go_type.go_stringer
    return go_type.stringer if verb in _STRING_VERBS else None


def _pointer_text(value: Pointer, *, go: bool, verb: str) -> str | None:
    elem, target = value.go_type.elem, value.target
    if elem is None:
        return None
    on_value = _stringer(elem, go=go, verb=verb)
    if on_value is not None:
        return on_value(target.raw) if target is not None else _NIL
    if go:
        return elem.pointer_go_stringer(target) if elem.pointer_go_stringer else None
    if verb not in _STRING_VERBS or elem.pointer_stringer is None:
        return None
    return elem.pointer_stringer(target)


def sprint(*values: Value, limit: int = 2**31) -> str:
    """fmt.Sprint: a space between two arguments when neither is a string."""
    printer = Printer(limit)
    after_string = True
    for index, value in enumerate(values):
        is_string = isinstance(value, str)
        if index and not is_string and not after_string:
            printer.write(" ")
        printer.argument(value, "v")
        after_string = is_string
    return printer.text()


def sprintln(values: Sequence[Value], limit: int) -> str:
    """fmt.Sprintln: a space between all arguments, a newline at the end."""
    printer = Printer(limit)
    for index, value in enumerate(values):
        if index:
            printer.write(" ")
        printer.argument(value, "v")
    printer.write("\n")
    return printer.text()


def printable(value: Value) -> Value:
    """What text/template hands to fmt: a pointer's target, or what only its address can print."""
    if isinstance(value, Pointer) and value.target is not None:
        value = value.target
    if value is None:
        return "<no value>"
    if isinstance(value, Struct) and value.addressable and value.go_type.pointer_stringer is not None:
        return Pointer(pointer_to(value.go_type), value)
    return value
