"""One open watch: the changes that a client asked for, as lines, until it ends.

Owns the position in the history, the wake-up and the end of one watch. Knows nothing of paths and verbs.
How watches behave: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from kube_wecom_eventer.demo.asgi import Exchange
from kube_wecom_eventer.demo.selectors import Predicate
from kube_wecom_eventer.demo.status import JsonObject, StatusError
from kube_wecom_eventer.demo.store import Change, ObjectStore

_encode = msgspec.json.encode


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which objects a list or watch is about; an empty ``namespace`` means all."""

    resource: str
    namespace: str
    selected: Predicate


class Watch:
    """One watch from ``position``: ``run`` streams it, ``end`` ends it cleanly, the rest are its faults."""

    def __init__(self, *, store: ObjectStore, selection: Selection, position: int | None) -> None:
        """``position``: the resourceVersion to start after; None: first what there is, then its changes."""
        self._store = store
        self._selection = selection
        self._initial = None if position is not None else store.list(selection.resource, selection.namespace)
        self._position = store.revision if position is None else position
        self._wake = asyncio.Event()
        self._ended = False
        self._cut = False
        self._extra: list[bytes] = []

    @property
    def resource(self) -> str:
        """What it watches."""
        return self._selection.resource

    def end(self) -> None:
        """End the stream as the server does at timeoutSeconds: complete, without an error."""
        self._ended = True
        self._wake.set()

    def cut_next_line(self) -> None:
        """Send half of the next line, then close the connection."""
        self._cut = True

    def send_line(self, line: bytes) -> None:
        """Send ``line`` as it is, whatever it means."""
        self._extra.append(line + b"\n")
        self._wake.set()

    async def run(self, exchange: Exchange, *, timeout: float) -> None:
        """Stream until the client goes, ``timeout`` seconds are over, or ``end`` is called."""
        unsubscribe = self._store.subscribe(self._wake.set)
        timer = asyncio.get_running_loop().call_later(timeout, self.end)
        client = asyncio.create_task(self._end_with_client(exchange))
        try:
            await exchange.start(200, headers={"cache-control": "no-cache, private"})
            if await self._stream(exchange):
                await exchange.finish()
            else:
                await exchange.hang_up()
        finally:
            unsubscribe()
            timer.cancel()
            client.cancel()

    async def _stream(self, exchange: Exchange) -> bool:
        """Send line after line until the end; False when a line was to be cut."""
        while True:
            self._wake.clear()
            for line in self._lines():
                if self._cut:
                    await exchange.write(line[: len(line) // 2])
                    return False
                await exchange.write(line)
            if self._ended:
                return True
            await self._wake.wait()

    async def _end_with_client(self, exchange: Exchange) -> None:
        await exchange.disconnected()
        self.end()

    def _lines(self) -> Iterator[bytes]:
        """What is due now. One line at a time, so that a slow client holds no copies."""
        initial, self._initial = self._initial or (), None
        for each in initial:
            if self._selection.selected(each):
                yield _line("ADDED", each)
        try:
            for change in self._store.since(self._position):
                self._position = change.revision
                yield from self._line_of(change)
        except StatusError as error:
            # Inside a 200, as the real server does it for a watch without a cache.
            yield _line("ERROR", error.status)
            self.end()
        extra, self._extra = self._extra, []
        yield from extra

    def _line_of(self, change: Change) -> Iterator[bytes]:
        """The line that a client with this selection sees: an object can also enter or leave it."""
        selection = self._selection
        if change.key.resource != selection.resource or selection.namespace not in ("", change.key.namespace):
            return
        was = change.before is not None and selection.selected(change.before)
        is_now = change.type != "DELETED" and selection.selected(change.now)
        if is_now:
            yield _line("MODIFIED" if was else "ADDED", change.now)
        elif was and change.before is not None:
            # The last state that the client knew, with the revision of the change that took it away.
            metadata = {**change.before["metadata"], "resourceVersion": str(change.revision)}
            yield _line("DELETED", {**change.before, "metadata": metadata})


def _line(kind: str, subject: JsonObject) -> bytes:
    return _encode({"type": kind, "object": subject}) + b"\n"
