"""Go's literals: strings with escapes, rune constants, numbers.

The rules are those of https://go.dev/ref/spec#String_literals and #Integer_literals and below.
"""

from __future__ import annotations

import math
import re

from .go_string import from_bytes, to_bytes
from .nodes import Number

_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\\"'])|(?P<octal>[0-7]{3})|x(?P<byte>[0-9a-fA-F]{2})"
    r"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<bad>))"
)
_PLAIN = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34, "'": 39}

_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<x>(?:_?[0-9a-fA-F])+)|0[bB](?P<b>(?:_?[01])+)"
    r"|0[oO]?(?P<o>(?:_?[0-7])+)|(?P<d>0|[1-9](?:_?[0-9])*))"
)
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
_DIGITS = r"[0-9](?:_?[0-9])*"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX_FLOAT = re.compile(rf"[+-]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?{_DIGITS}")
_MAX_DIGITS = 400  # more than any number that Go accepts needs


def unquote(literal: str) -> str:
    """The text of a string literal in its quotes; ValueError if it is not one."""
    body = literal[1:-1]
    if literal[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    data = bytearray()
    last = 0
    for match in _ESCAPE.finditer(body):
        data += to_bytes(body[last : match.start()])
        data += _escaped(match, quote='"')
        last = match.end()
    return from_bytes(bytes(data + to_bytes(body[last:])))


def unquote_rune(literal: str) -> int:
    """The code point of a rune constant in its quotes; ValueError if it is not one."""
    body = literal[1:-1]
    if len(body) == 1:
        return ord(body)
    match = _ESCAPE.fullmatch(body)
    if match is None:
        raise ValueError(f"malformed character constant: {literal}")
    if match["octal"] or match["byte"]:
        return _escaped(match, quote="'")[0]
    return ord(_escaped(match, quote="'").decode())


def _escaped(match: re.Match[str], *, quote: str) -> bytes:
    """The bytes that one escape stands for."""
    plain = match["plain"]
    if plain is not None:
        if plain in "\"'" and plain != quote:
            raise ValueError("invalid syntax")
        return bytes([_PLAIN[plain]])
    if match["octal"] or match["byte"]:
        value = int(match["octal"], 8) if match["octal"] else int(match["byte"], 16)
        if value > 255:
            raise ValueError("invalid syntax")
        return bytes([value])
    code = match["short"] or match["long"]
    if not code or int(code, 16) > 0x10FFFF or 0xD800 <= int(code, 16) <= 0xDFFF:
        raise ValueError("invalid syntax")
    return chr(int(code, 16)).encode()


def rune_constant(literal: str) -> Number:
    """A rune constant; in a template it is an int. ValueError if it is not one."""
    rune = unquote_rune(literal)
    return Number(literal, rune, rune, float(rune))


def complex_constant(text: str) -> Number:
    """``1+2i``; ValueError if it is not one."""
    match = re.fullmatch(r"(?P<real>.*[^eEpP])(?P<imaginary>[+-].+)i", text, re.DOTALL)
    parts = [_float(match[part]) for part in ("real", "imaginary")] if match else [None]
    if None in parts:
        raise ValueError(f"illegal number syntax: {text}")
    return Number(text, complex(parts[0] or 0.0, parts[1] or 0.0), None, None)


def number_constant(text: str) -> Number:
    """An integer, a float or an imaginary number; ValueError if it is none or fits no 64 bits."""
    if text.endswith("i"):
        imaginary = _float(text[:-1])
        if imaginary is not None:
            return Number(text, complex(0.0, imaginary), None, None)
    integer = _integer(text)
    if integer is not None:
        return _from_integer(text, integer)
    value = _float(text)
    if value is None:
        raise ValueError(f"illegal number syntax: {text!r}")
    if not set(text) & set(".eEpP"):
        raise ValueError(f"integer overflow: {text!r}")
    whole = int(value) if value.is_integer() and -(2.0**63) <= value < 2.0**63 else None
    return Number(text, value, whole, value)


def _from_integer(text: str, integer: int) -> Number:
    if -(2**63) <= integer < 2**63:
        return Number(text, integer, integer, float(integer))
    if 0 <= integer < 2**64 and not text.startswith("+"):
        return Number(text, None, None, float(integer))
    raise ValueError(f"integer overflow: {text!r}")


def _integer(text: str) -> int | None:
    match = _INTEGER.fullmatch(text)
    if match is None or len(text) > _MAX_DIGITS:
        return None
    group = match.lastgroup or "d"
    value = int(match[group].replace("_", ""), _BASES[group])
    return -value if match["sign"] == "-" else value


def _float(text: str) -> float | None:
    plain = text.replace("_", "")
    if _HEX_FLOAT.fullmatch(text):
        try:
            return float.fromhex(plain)
        except (ValueError, OverflowError):
            return None
    if not _FLOAT.fullmatch(text):
        return None
    value = float(plain)
    return None if math.isinf(value) else value
