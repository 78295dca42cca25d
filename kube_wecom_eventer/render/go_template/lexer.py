"""The text of a template as tokens.

Follows text/template's rules for delimiters, trim markers, comments and numbers
(https://pkg.go.dev/text/template#hdr-Text_and_spaces). An error is the last token, not an exception:
the parser meets it where Go's would, after the errors of what stands before it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum, auto
from typing import NamedTuple

LEFT = "{{"
RIGHT = "}}"
_SPACES = " \t\r\n"
_TERMINATORS = _SPACES + ".,|:)("

_NUMBER = re.compile(
    r"[+-]?(?:"
    r"0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?"
    r")i?"
)
_SPACE_RUN = re.compile(r"[ \t\r\n]*")
_QUOTED = {
    '"': (re.compile(r'"(?:\\[^\n]|[^"\\\n])*"'), "unterminated quoted string"),
    "'": (re.compile(r"'(?:\\[^\n]|[^'\\\n])*'"), "unterminated character constant"),
    "`": (re.compile(r"`[^`]*`"), "unterminated raw quoted string"),
}


class Kind(Enum):
    """What a token is. The values of the keywords are their spelling."""

    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    ASSIGN = auto()
    DECLARE = auto()
    PIPE = auto()
    OPEN = auto()
    CLOSE = auto()
    CHAR = auto()
    STRING = auto()
    RUNE = auto()
    NUMBER = auto()
    COMPLEX = auto()
    BOOL = auto()
    DOT = auto()
    FIELD = auto()
    VARIABLE = auto()
    IDENTIFIER = auto()
    ERROR = auto()
    EOF = auto()
    NIL = "nil"
    BLOCK = "block"
    BREAK = "break"
    CONTINUE = "continue"
    DEFINE = "define"
    ELSE = "else"
    END = "end"
    IF = "if"
    RANGE = "range"
    TEMPLATE = "template"
    WITH = "with"


_KEYWORDS = {kind.value: kind for kind in Kind if isinstance(kind.value, str)}
_SIGNS = {"=": Kind.ASSIGN, "|": Kind.PIPE, "(": Kind.OPEN, ")": Kind.CLOSE}
_QUOTES = {'"': Kind.STRING, "`": Kind.STRING, "'": Kind.RUNE}


class Token(NamedTuple):
    """One token; ``start`` and ``end`` are offsets into the source, ``line`` counts from 1."""

    kind: Kind
    text: str
    line: int
    start: int
    end: int


class _LexError(Exception):
    """Ends the scan; its text becomes the last token."""


def tokenize(source: str) -> list[Token]:
    """All tokens of ``source``; the last one is EOF or ERROR."""
    return _Lexer(source).run()


def is_word(char: str) -> bool:
    """Whether Go lets the character stand in a name: a letter, a decimal digit or an underscore."""
    return char == "_" or char.isalpha() or char.isdecimal()


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.pos = 0
        self.start = 0
        self.parens = 0
        self.tokens: list[Token] = []
        self.newlines = [i for i, char in enumerate(source) if char == "\n"]

    def run(self) -> list[Token]:
        try:
            while self._text():
                self._action()
            self._emit(Kind.EOF)
        except _LexError as error:
            self._append(Kind.ERROR, str(error))
        return self.tokens

    def _append(self, kind: Kind, text: str) -> None:
        line = 1 + bisect_right(self.newlines, self.start - 1)
        self.tokens.append(Token(kind, text, line, self.start, self.pos))

    def _emit(self, kind: Kind) -> None:
        self._append(kind, self.source[self.start : self.pos])
        self.start = self.pos

    def _text(self) -> bool:
        """Reads up to and with the next action's left delimiter; False at the end of the source."""
        while True:
            found = self.source.find(LEFT, self.pos)
            end = found if found >= 0 else len(self.source)
            after = end + len(LEFT)
            trim = found >= 0 and self._left_marker(after)
            self.pos = end
            if trim:
                self.pos = self.start + len(self.source[self.start : end].rstrip(_SPACES))
            if self.pos > self.start:
                self._emit(Kind.TEXT)
            self.start = self.pos = end
            if found < 0:
                return False
            inner = after + 2 * trim
            if not self.source.startswith("/*", inner):
                self.pos = after
                self._emit(Kind.LEFT)
                self.start = self.pos = inner
                return True
            self._comment(inner)

    def _left_marker(self, pos: int) -> bool:
        return self.source.startswith("-", pos) and self.source[pos + 1 : pos + 2] in (" ", "\t", "\r", "\n")

    def _right_marker(self, pos: int) -> bool:
        return self.source[pos : pos + 1] in (" ", "\t", "\r", "\n") and self.source.startswith(
            "-" + RIGHT, pos + 1
        )

    def _comment(self, inner: int) -> None:
        self.start = self.pos = inner
        close = self.source.find("*/", inner + 2)
        if close < 0:
            raise _LexError("unclosed comment")
        self.pos = close + 2
        self._right(needed="comment ends before closing delimiter")

    def _right(self, *, needed: str = "") -> bool:
        """Steps over a right delimiter, and over the space that its trim marker eats."""
        trim = self._right_marker(self.pos)
        if not trim and not self.source.startswith(RIGHT, self.pos):
            if needed:
                raise _LexError(needed)
            return False
        self.start = self.pos + 2 * trim
        self.pos = self.start + len(RIGHT)
        if not needed:
            self._emit(Kind.RIGHT)
        if trim:
            self.pos = self._spaces_end(self.pos)
        self.start = self.pos
        return True

    def _spaces_end(self, pos: int) -> int:
        match = _SPACE_RUN.match(self.source, pos)
        return match.end() if match else pos

    def _action(self) -> None:
        self.parens = 0
        while True:
            marker = self._right_marker(self.pos) or self.source.startswith(RIGHT, self.pos)
            if marker and self.parens:
                raise _LexError("unclosed left paren")
            if marker:
                self._right()
                return
            if self.pos >= len(self.source):
                raise _LexError("unclosed action")
            self._inside()

    def _inside(self) -> None:
        char = self.source[self.pos]
        if char in _SPACES:
            self._space()
        elif char in _SIGNS:
            self._sign(char)
        elif char == ":":
            self.pos += 2
            if self.source[self.pos - 1 : self.pos] != "=":
                raise _LexError("expected :=")
            self._emit(Kind.DECLARE)
        elif char in _QUOTES:
            self._quoted(char)
        elif char == "$" or (char == "." and not self._digit_follows()):
            self._name(Kind.VARIABLE if char == "$" else Kind.FIELD)
        elif char in "+-." or "0" <= char <= "9":
            self._number()
        elif is_word(char):
            self._identifier()
        elif " " < char < "\x7f":
            self.pos += 1
            self._emit(Kind.CHAR)
        else:
            raise _LexError(f"unrecognized character in action: U+{ord(char):04X}")

    def _digit_follows(self) -> bool:
        following = self.source[self.pos + 1 : self.pos + 2]
        return not following or "0" <= following <= "9"

    def _space(self) -> None:
        self.pos = self._spaces_end(self.pos)
        if self._right_marker(self.pos - 1):
            self.pos -= 1
        if self.pos > self.start:
            self._emit(Kind.SPACE)

    def _sign(self, char: str) -> None:
        self.pos += 1
        self.parens += {"(": 1, ")": -1}.get(char, 0)
        if self.parens < 0:
            raise _LexError("unexpected right paren")
        self._emit(_SIGNS[char])

    def _quoted(self, quote: str) -> None:
        pattern, complaint = _QUOTED[quote]
        match = pattern.match(self.source, self.pos)
        if match is None:
            raise _LexError(complaint)
        self.pos = match.end()
        self._emit(_QUOTES[quote])

    def _word_end(self, pos: int) -> int:
        while pos < len(self.source) and is_word(self.source[pos]):
            pos += 1
        return pos

    def _need_terminator(self) -> None:
        following = self.source[self.pos : self.pos + 1]
        if following and following not in _TERMINATORS and not self.source.startswith(RIGHT, self.pos):
            raise _LexError(f"bad character U+{ord(following):04X} {following!r}")

    def _name(self, kind: Kind) -> None:
        self.pos = self._word_end(self.pos + 1)
        self._need_terminator()
        bare = self.pos - self.start == 1
        self._emit(Kind.DOT if bare and kind is Kind.FIELD else kind)

    def _identifier(self) -> None:
        self.pos = self._word_end(self.pos)
        self._need_terminator()
        word = self.source[self.start : self.pos]
        self._emit(Kind.BOOL if word in ("true", "false") else _KEYWORDS.get(word, Kind.IDENTIFIER))

    def _number(self) -> None:
        self._scan_number()
        kind = Kind.NUMBER
        if self.source[self.pos : self.pos + 1] in ("+", "-"):
            kind = Kind.COMPLEX
            self._scan_number()
            if self.source[self.pos - 1] != "i":
                raise _LexError(f"bad number syntax: {self.source[self.start : self.pos]!r}")
        self._emit(kind)

    def _scan_number(self) -> None:
        match = _NUMBER.match(self.source, self.pos)
        self.pos = match.end() if match else self.pos
        if self._word_end(self.pos) > self.pos:
            raise _LexError(f"bad number syntax: {self.source[self.start : self.pos + 1]!r}")
