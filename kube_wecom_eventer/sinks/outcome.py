"""What a destination said to a message, in the few classes that decide what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from kube_wecom_eventer.render import Message


class Verdict(Enum):
    """The class of an answer."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    """A passing fault: the same message may be accepted in a moment."""
    TOO_FAST = "too_fast"
    """The destination's own limit: nothing may be sent for ``Outcome.wait`` seconds."""
    REFUSED = "refused"
    """This message is not acceptable as it is; another one may be."""
    UNKNOWN = "unknown"
    """An answer of no known class: worth one more attempt, then like REFUSED."""
    BROKEN = "broken"
    """The destination takes nothing: wrong key, removed robot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``reason`` is a metric's label, from a closed set; ``detail`` is for a person and holds no secret.

    ``wait``: the least number of seconds until the next attempt, where the destination named one. ``costs_nothing``:
    the destination was not asked, so another attempt may follow soon. ``missed``: receivers of an accepted message whom
    it did not reach.
    """

    verdict: Verdict
    reason: str = ""
    detail: str = ""
    wait: float = 0.0
    costs_nothing: bool = False
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What a destination counts messages by: its name, and how many may leave in any minute."""

    name: str
    limit: int


class Sink(Protocol):
    """A destination. ``account``: what it counts messages by, once that is known; None where it counts none."""

    @property
    def account(self) -> Account | None:
        """See the class."""
        ...

    async def ready(self) -> Outcome | None:
        """Get ready for an attempt; return an outcome where none can be made. Raises nothing but CancelledError."""
        ...

    async def send(self, message: Message) -> Outcome:
        """Send one message and say what became of it. Raises nothing but CancelledError."""
        ...
