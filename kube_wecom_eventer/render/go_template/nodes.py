"""The tree of a template, as the parser makes it and the compiler reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dot:
    """``.``"""


@dataclass(frozen=True, slots=True)
class Nil:
    """``nil``"""


@dataclass(frozen=True, slots=True)
class Bool:
    """``true`` or ``false``"""

    value: bool


@dataclass(frozen=True, slots=True)
class String:
    """A quoted or raw string, with its escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A constant; Go lets one text be an integer and a float at once, and the place decides.

    ``ideal`` is what it is where nothing decides, None where it fits no int.
    """

    text: str
    ideal: int | float | complex | None
    as_int: int | None
    as_float: float | None


@dataclass(frozen=True, slots=True)
class Field:
    """``.A.B``: a chain that starts at dot."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """``$x`` or ``$x.A.B``"""

    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """The name of a builtin."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """``(pipeline).A.B``"""

    operand: Operand
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands joined by ``|``, and the variables that their result is given to."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    is_assign: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One stage of a pipeline: an operand, and its arguments where it is a function or a method."""

    first: Operand
    args: tuple[Operand, ...]


Operand = Dot | Nil | Bool | String | Number | Field | Variable | Function | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """What stands outside of actions."""

    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands, for errors: its line and column, from 1, and the beginning of its source."""

    line: int
    column: int
    source: str


@dataclass(frozen=True, slots=True)
class Action:
    """``{{ pipeline }}``"""

    place: Place
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class If:
    """``if`` or ``with``"""

    place: Place
    pipe: Pipe
    body: Body
    otherwise: Body | None
    rebinds_dot: bool


@dataclass(frozen=True, slots=True)
class Range:
    """``range``"""

    place: Place
    pipe: Pipe
    body: Body
    otherwise: Body | None


@dataclass(frozen=True, slots=True)
class Call:
    """``template`` or the use of a ``block``"""

    place: Place
    name: str
    pipe: Pipe | None


@dataclass(frozen=True, slots=True)
class Break:
    """``break``"""


@dataclass(frozen=True, slots=True)
class Continue:
    """``continue``"""


Statement = Text | Action | If | Range | Call | Break | Continue
Body = tuple[Statement, ...]


def is_blank(body: Body) -> bool:
    """Whether Go takes the body for empty, so that a later definition of its name replaces it."""
    return all(isinstance(node, Text) and not node.text.strip() for node in body)
