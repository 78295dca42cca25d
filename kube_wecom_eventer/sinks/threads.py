"""Threads for calls that block, and that nobody can end: libraries that wait for a peer in their own way."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TypeVar

MOST = 64
"""Calls under way at a time, of all destinations together. Each ends by itself when its peer has been silent for long
enough, so only peers that keep a call up on purpose could use them all up."""

MOST_OF_ONE = 16
"""Of these, for one namespace's routes: its peer may do that, and each change of a route begins new calls."""

_Result = TypeVar("_Result")


class Threads:
    """Starts calls, each in a thread of its own, as long as fewer than ``most`` are under way, and of one namespace
    fewer than ``most_of_one``."""

    def __init__(self, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._under_way: Counter[str] = Counter()

    @property
    def under_way(self) -> int:
        """How many calls have not ended, whoever still waits for them."""
        return self._under_way.total()

    def start(self, call: Callable[[], _Result], *, of: str = "") -> asyncio.Future[_Result] | None:
        """Start a call, which must not raise; None where too many are under way. ``of``: the namespace whose route
        sends; empty: the platform's.

        The future may be given up: the call goes on, and ends with the process at the latest, which does not wait for
        it.
        """
        if self.under_way >= self._most or (of and self._under_way[of] >= self._most_of_one):
            return None
        self._under_way[of] += 1
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Result] = loop.create_future()

        def end(settle: Callable[[], None]) -> None:
            self._under_way[of] -= 1
            if not self._under_way[of]:
                del self._under_way[of]
            if not future.cancelled():
                settle()

        def work() -> None:
            try:
                settle = partial(future.set_result, call())
            except BaseException as raised:
                settle = partial(future.set_exception, raised)
            # No loop runs any more: nobody waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(end, settle)

        # A daemon's thread: one that hangs must not keep the process from ending.
        threading.Thread(target=work, name="apprise", daemon=True).start()
        return future
