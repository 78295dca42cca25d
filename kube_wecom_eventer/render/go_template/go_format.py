"""How Go's ``fmt`` writes one number, string or rune, under flags, width and precision.

https://pkg.go.dev/fmt#hdr-Printing
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .go_float import format_float
from .go_string import from_bytes, to_bytes

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}
_BASES = {2: "b", 8: "o", 10: "d", 16: "x"}
_NO_BACKQUOTE = re.compile("[\x00-\x08\x0a-\x1f\x7f`\ufeff\ud800-\udfff]")
_MAX_RUNE = 0x10FFFF


@dataclass(slots=True)
class Flags:
    """What stands between ``%`` and the verb. Width and precision are None where they are not given."""

    width: int | None = None
    precision: int | None = None
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    plus_v: bool = False
    sharp_v: bool = False

    def padding(self, count: int) -> str:
        """Zeros on the left, if asked for; else spaces."""
        return ("0" if self.zero and not self.minus else " ") * max(count, 0)

    def pad(self, text: str, *, zeros: bool = True) -> str:
        """Text brought to the width, which counts runes."""
        if not self.width or len(text) >= self.width:
            return text
        missing = self.width - len(text)
        if self.minus:
            return text + " " * missing
        return (self.padding(missing) if zeros else " " * missing) + text

    def truncate(self, text: str) -> str:
        """Text cut to the precision."""
        return text if self.precision is None else text[: self.precision]

    def string(self, text: str) -> str:
        """%s"""
        return self.pad(self.truncate(text))

    def quoted(self, text: str) -> str:
        """%q of a string"""
        text = self.truncate(text)
        if self.sharp and not _NO_BACKQUOTE.search(text):
            return self.pad(f"`{text}`")
        return self.pad(quote(text, '"', ascii_only=self.plus))

    def hex_string(self, text: str, *, upper: bool) -> str:
        """%x of a string or bytes"""
        data = to_bytes(text)
        if self.precision is not None:
            data = data[: self.precision]
        if not data:
            return self.padding(self.width or 0)
        prefix = ("0X" if upper else "0x") if self.sharp else ""
        digits = data.hex(" ") if self.space else data.hex()
        if upper:
            digits = digits.upper()
        if self.space:
            digits = digits.replace(" ", " " + prefix)
        return self._aligned(prefix + digits)

    def _aligned(self, text: str) -> str:
        missing = self.padding((self.width or 0) - len(text))
        return text + missing if self.minus else missing + text

    def integer(self, value: int, base: int, *, verb: str = "d", upper: bool = False) -> str:
        """%d %b %o %O %x %X"""
        if self.precision == 0 and value == 0:
            return " " * (self.width or 0)
        precision = self.precision or 0
        if self.precision is None and self.zero and not self.minus and self.width is not None:
            precision = self.width - (value < 0 or self.plus or self.space)
        digits = format(abs(value), _BASES[base]).rjust(precision, "0")
        if self.sharp and (base in (2, 16) or not digits.startswith("0")):
            digits = {2: "0b", 8: "0", 16: "0x", 10: ""}[base] + digits
        if verb == "O":
            digits = "0o" + digits
        if upper:
            digits = digits.upper()
        return self.pad(self._sign(negative=value < 0) + digits, zeros=False)

    def _sign(self, *, negative: bool) -> str:
        if negative:
            return "-"
        return "+" if self.plus else " " if self.space else ""

    def rune(self, value: int) -> str:
        """%c"""
        return self.pad(_rune(value))

    def quoted_rune(self, value: int) -> str:
        """%q of an integer"""
        return self.pad(quote(_rune(value), "'", ascii_only=self.plus))

    def unicode(self, value: int) -> str:
        """%U"""
        digits = f"{value % 2**64:X}".rjust(max(4, self.precision or 0), "0")
        text = f"U+{digits}"
        if self.sharp and 0 <= value <= _MAX_RUNE and _rune(value).isprintable():
            text += f" '{_rune(value)}'"
        return self.pad(text, zeros=False)

    def float(self, value: float, verb: str, precision: int | None) -> str:
        """%e %f %g %b %x and their upper case"""
        text = format_float(
            value, verb, precision if self.precision is None else self.precision, sharp=self.sharp
        )
        sign, digits = ("-", text[1:]) if text.startswith("-") else (self._sign(negative=False), text)
        if digits in ("Inf", "NaN"):
            return self.pad((sign or ("+" if digits == "Inf" else "")) + digits, zeros=False)
        if sign and self.zero and not self.minus and self.width is not None:
            return sign + self.padding(self.width - len(digits) - 1) + digits
        return self.pad(sign + digits)


def _rune(value: int) -> str:
    valid = 0 <= value <= _MAX_RUNE and not 0xD800 <= value <= 0xDFFF
    return chr(value) if valid else "\ufffd"


def quote(text: str, mark: str, *, ascii_only: bool = False) -> str:
    """strconv.Quote, or QuoteRune with a single quote as the mark."""
    if text.isascii() and text.isprintable() and mark not in text and "\\" not in text:
        return mark + text + mark
    return mark + "".join(_quote_rune(char, mark, ascii_only) for char in text) + mark


def _quote_rune(char: str, mark: str, ascii_only: bool) -> str:
    code = ord(char)
    if char == mark:
        return "\\" + mark
    if code in _ESCAPES:
        return _ESCAPES[code]
    if char.isprintable() and (code < 0x80 or not ascii_only):
        return char
    if 0xD800 <= code <= 0xDFFF:
        return "".join(f"\\x{byte:02x}" for byte in to_bytes(char))
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def byte_text(values: list[int]) -> str:
    """A []byte as the string that it converts to."""
    return from_bytes(bytes(values))
