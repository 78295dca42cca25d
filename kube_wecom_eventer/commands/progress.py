"""A word about what is being waited for, until there is something to show. Only on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from kube_wecom_eventer.commands.texts import printable


class Progress:
    """``out``: standard error, mostly; where it is no terminal nothing is said."""

    def __init__(self, out: TextIO | None) -> None:
        self._out = out if out is not None and out.isatty() else None

    def say(self, text: str) -> None:
        """Say what is being waited for now; empty: nothing any more."""
        if self._out:
            print(f"\r\x1b[K{printable(text)}", end="", file=self._out, flush=True)

    @contextmanager
    def saying(self, text: str) -> Iterator[None]:
        """Say it as long as the block runs."""
        self.say(text)
        try:
            yield
        finally:
            self.say("")
