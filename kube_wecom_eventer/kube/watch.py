"""One watch request: from a resourceVersion until the server ends it. What to do then is the caller's."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TypeVar

import msgspec

from kube_wecom_eventer.errors import ApiError, Overloaded
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient, Status, status_error

_SHORTEST, _LONGEST = 240, 300
"""Seconds that a watch may last; jittered, so that many daemons don't come back at the same time."""


class _ErrorLine(msgspec.Struct):
    object: Status


_error_line = msgspec.json.Decoder(_ErrorLine)


Item = TypeVar("Item")


async def watch_once(
    client: ApiClient,
    path: str,
    *,
    params: Mapping[str, str | int],
    resource_version: str,
    decode: Callable[[bytes], tuple[str, Item]],
    unreadable: Callable[[bytes, Exception], None],
    opened: Callable[[], None],
    rng: random.Random,
) -> AsyncGenerator[tuple[str, Item], None]:
    """Yield the type and object of each watch line until the server closes the watch.

    ``decode`` raises one of UNREADABLE for a line that it can't read; such a line goes to ``unreadable``, and the
    watch goes on. ``opened`` is called when the server has agreed to the watch.

    Raises:
        Gone: the resourceVersion is compacted.
        ApiError: any other refusal, a network failure, a silent peer.
    """
    seconds = rng.randint(_SHORTEST, _LONGEST)
    query = {**params, "watch": "1", "resourceVersion": resource_version, "timeoutSeconds": seconds}
    async with client.lines(path, query, read_timeout=seconds + 15.0) as lines, aclosing(lines):
        opened()
        async for line in lines:
            if not line.strip():
                continue
            try:
                kind, item = decode(line)
                if kind == "ERROR":
                    raise status_error(_error_line.decode(line).object)
            except UNREADABLE as error:
                unreadable(line, error)
                continue
            yield kind, item


class Backoff:
    """How long to wait before asking again: doubling, with jitter, and never less than the server asks."""

    def __init__(self, *, rng: random.Random, first: float = 0.2, longest: float = 30.0) -> None:
        self._rng = rng
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """Start again from the shortest delay."""
        self._failures = 0

    def next(self, error: ApiError | None = None) -> float:
        """Return the seconds to wait after one more failure; a server that names a time gets at least that."""
        longest: float = min(self._longest, self._first * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        asked = error.retry_after if isinstance(error, Overloaded) else 0.0
        return asked + longest * self._rng.uniform(0.5, 1.0)
