"""Go's ``fmt.Sprintf``: the format's own grammar.

https://pkg.go.dev/fmt#hdr-Printing
"""

from __future__ import annotations

from collections.abc import Sequence

from .go_format import Flags
from .go_print import Printer
from .values import Value, type_of

_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}
_TOO_LARGE = 1_000_000


def sprintf(template: Value, args: Sequence[Value], limit: int) -> str:
    """fmt.Sprintf; a mistake in the format shows in the text. GoError beyond ``limit`` characters."""
    return _Format(str(template), args, limit).run()


class _Format:
    def __init__(self, template: str, args: Sequence[Value], limit: int) -> None:
        self.template = template
        self.args = args
        self.printer = Printer(limit)
        self.pos = 0
        self.arg = 0
        self.reordered = False
        self.index_ok = True
        self.after_index = False

    def run(self) -> str:
        while self.pos < len(self.template):
            start = self.pos
            found = self.template.find("%", start)
            self.pos = len(self.template) if found < 0 else found
            self.printer.write(self.template[start : self.pos])
            if found < 0:
                break
            self.pos += 1
            self._directive()
        if not self.reordered and self.arg < len(self.args):
            self._extra()
        return self.printer.text()

    def _peek(self) -> str:
        return self.template[self.pos : self.pos + 1]

    def _directive(self) -> None:
        self.index_ok = True
        self.printer.flags = flags = Flags()
        while self._peek() in _FLAGS:
            setattr(flags, _FLAGS[self._peek()], True)
            self.pos += 1
        # As in Go, what follows flags at once and is a lower-case verb needs no more reading.
        if "a" <= self._peek() <= "z" and self.arg < len(self.args):
            verb = self._peek()
            self.pos += 1
            self._print(verb)
            return
        self._argument_index()
        self._width()
        if self._peek() == "." and self.pos + 1 < len(self.template):
            self.pos += 1
            self._precision()
        if not self.after_index:
            self._argument_index()
        self._verb()

    def _verb(self) -> None:
        verb = self._peek()
        self.pos += 1
        if not verb:
            self.printer.write("%!(NOVERB)")
        elif verb == "%":
            self.printer.write("%")
        elif not self.index_ok:
            self.printer.write(f"%!{verb}(BADINDEX)")
        elif self.arg >= len(self.args):
            self.printer.write(f"%!{verb}(MISSING)")
        else:
            self._print(verb)

    def _print(self, verb: str) -> None:
        flags = self.printer.flags
        if verb in "vw":
            flags.sharp_v, flags.sharp = flags.sharp, False
            flags.plus_v, flags.plus = flags.plus, False
        self.printer.argument(self.args[self.arg], verb)
        self.arg += 1

    def _width(self) -> None:
        flags = self.printer.flags
        if self._peek() == "*":
            self.pos += 1
            flags.width = self._from_argument()
            if flags.width is None:
                self.printer.write("%!(BADWIDTH)")
            elif flags.width < 0:
                flags.width, flags.minus, flags.zero = -flags.width, True, False
            self.after_index = False
        else:
            flags.width = self._number()
            if self.after_index and flags.width is not None:
                self.index_ok = False

    def _precision(self) -> None:
        flags = self.printer.flags
        if self.after_index:
            self.index_ok = False
        self._argument_index()
        if self._peek() == "*":
            self.pos += 1
            flags.precision = self._from_argument()
            if flags.precision is None or flags.precision < 0:
                flags.precision = None
                self.printer.write("%!(BADPREC)")
            self.after_index = False
        else:
            flags.precision = self._number() or 0

    def _number(self) -> int | None:
        """Digits at the present place. One that is too large ends the format, as in Go."""
        start = self.pos
        while "0" <= self._peek() <= "9":
            if self.pos > start and int(self.template[start : self.pos]) > _TOO_LARGE:
                self.pos = len(self.template)
                return None
            self.pos += 1
        return int(self.template[start : self.pos]) if self.pos > start else None

    def _from_argument(self) -> int | None:
        """The next argument as a width or precision; None if it is no integer of a sensible size."""
        if self.arg >= len(self.args):
            return None
        value = self.args[self.arg]
        self.arg += 1
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _TOO_LARGE:
            return None
        return int(value)

    def _argument_index(self) -> None:
        """``[n]``"""
        self.after_index = False
        if self._peek() != "[":
            return
        self.reordered = True
        close = self.template.find("]", self.pos)
        if close < 0:
            self.index_ok = False
            self.pos += 1
            return
        digits = self.template[self.pos + 1 : close]
        self.pos = close + 1
        valid = digits.isascii() and digits.isdigit() and len(digits) < 8
        self.after_index = valid
        if valid and 1 <= int(digits) <= len(self.args):
            self.arg = int(digits) - 1
        else:
            self.index_ok = False

    def _extra(self) -> None:
        self.printer.flags = Flags()
        self.printer.write("%!(EXTRA ")
        for index, value in enumerate(self.args[self.arg :]):
            if index:
                self.printer.write(", ")
            if value is None:
                self.printer.write("<nil>")
            else:
                self.printer.write(f"{type_of(value)}=")
                self.printer.argument(value, "v")
        self.printer.write(")")
