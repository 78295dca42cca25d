"""The paces of the accounts that messages are sent by: where they begin, who shares one, what a checkpoint knows of it.

How a pace counts is notify's business, and so is when it is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from kube_wecom_eventer.kube.checkpoint import Checkpoint
from kube_wecom_eventer.notify import (
    LONGEST_ATTEMPT,
    UNRECORDED,
    WINDOW,
    InTurn,
    NoPace,
    Pacing,
    Permitted,
    RecordedPace,
    Turns,
)
from kube_wecom_eventer.sinks import Account
from kube_wecom_eventer.surroundings import Surroundings


class Paces:
    """The paces of one pipeline, by the accounts' names. Times are seconds on the loop's clock.

    ``kept``: whether there is a place for a checkpoint now; it may be given up at the start. ``changed`` is called when
    one has to be written.
    """

    def __init__(self, around: Surroundings, *, kept: Callable[[], bool], changed: Callable[[], None]) -> None:
        self._around = around
        self._kept = kept
        self._changed = changed
        self._paces: dict[str, RecordedPace] = {}
        self._turns: dict[str, Turns] = {}
        self._checkpoint: Checkpoint | None = None

    def resume(self, checkpoint: Checkpoint | None) -> None:
        """Go on where the last process stopped: to be called before anything is sent."""
        self._checkpoint = checkpoint

    def free(self) -> Pacing:
        """Return the pace of what has no account."""
        return Permitted(NoPace(), until=self._around.may_start_until)

    def of(self, destination: str, account: Account | None) -> Pacing | None:
        """Return the pace of an account, in turn with others that send by it; None for what has none."""
        if account is None:
            return None
        pace = self._paces.get(account.name) or self._begun(account)
        turns = self._turns.setdefault(account.name, Turns())
        return Permitted(InTurn(pace, turns=turns, who=destination), until=self._around.may_start_until)

    def attempts(self) -> dict[str, list[float]]:
        """Return the attempts that hold a slot; see `Pace.attempts`."""
        now = asyncio.get_running_loop().time()
        return {name: pace.attempts(now) for name, pace in self._paces.items()}

    def started(self) -> dict[str, int]:
        """Return how many attempts have started; to be given to `recorded` when a checkpoint knows of them."""
        return {name: pace.started for name, pace in self._paces.items()}

    def recorded(self, started: Mapping[str, int]) -> None:
        """Say that a checkpoint that knows of these attempts has been written."""
        for name, number in started.items():
            if pace := self._paces.get(name):
                pace.recorded(number)

    def unrecordable(self, *, for_good: bool) -> None:
        """Say that no checkpoint could be written; see `RecordedPace.unrecordable`."""
        for pace in self._paces.values():
            pace.unrecordable(for_good=for_good)

    def forget_unused(self) -> None:
        """Forget the paces of keys that nothing sends with any more and that hold no slot: a team may rotate its key as
        often as it likes."""
        used = {account.name for way in self._around.routes.ways.values() if (account := way.terms.sink.account)}
        for name in [name for name, attempts in self.attempts().items() if name not in used and not attempts]:
            del self._paces[name]
            self._turns.pop(name, None)

    def _begun(self, account: Account) -> RecordedPace:
        now, wall = asyncio.get_running_loop().time(), self._around.now().timestamp()
        answered = []
        if checkpoint := self._checkpoint:
            past = checkpoint.attempts.get(account.name, [])
            answered = [now + min(at - wall, LONGEST_ATTEMPT) for at in past if at + WINDOW > wall]
            if not checkpoint.clean:
                answered += [now] * UNRECORDED
        answered += self._around.attempts.get(account.name, []) if not self._kept() else []
        pace = self._paces[account.name] = RecordedPace(limit=account.limit, answered=sorted(answered))
        if not self._kept():
            pace.unrecordable(for_good=True)
        # Nothing leaves before a checkpoint says that this pace is ours.
        self._changed()
        return pace
