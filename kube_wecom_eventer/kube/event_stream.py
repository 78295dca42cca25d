"""Every version of every event, from a resourceVersion on, for as long as the daemon runs.

Three generators, each owning one kind of failure: `EventStream.follow` the waiting between attempts,
``_attempt`` what a lost position means (410, a restored server), `watch_once` a single request.

Events get no bookmarks, so after some quiet minutes the position that we hold is compacted and the next watch is
answered 410. Listing again is therefore an everyday path: it yields exactly the versions above the position.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from kube_wecom_eventer.errors import ApiError, Forbidden, Gone
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.client import ApiClient, missing_rule
from kube_wecom_eventer.kube.event_list import PAGE, EventPage, event_page, events_path
from kube_wecom_eventer.kube.watch import Backoff, watch_once
from kube_wecom_eventer.metrics import Metrics

_LASTED = 5.0
"""Seconds after which a watch counts as one that worked, so that the next one follows soon."""

_CLOCK_MARGIN = timedelta(seconds=10)
"""Event times are cut to seconds, and clocks of components differ."""

_KEPT = "events wait in the API server, each for an hour"
_BEGINS = "events are told from the first answer on"

log = structlog.get_logger()


class _WatchLine(msgspec.Struct):
    type: str
    object: Event


_watch_line = msgspec.json.Decoder(_WatchLine)


def decode_line(line: bytes) -> tuple[str, Event]:
    """Return the type and the event of a watch line. Raises one of UNREADABLE."""
    read = _watch_line.decode(line)
    return read.type, read.object


class Listing(Protocol):
    """Who hears of lists and of positions that do not come from a watch line."""

    def listed(self, event: Event, *, new: bool) -> None:
        """Hear of a listed event; it is yielded as well where it is ``new``."""
        ...

    def positioned(self) -> None:
        """Hear of the first position, and of a list that is complete."""
        ...


class _NoListing:
    def listed(self, event: Event, *, new: bool) -> None:
        """Do nothing."""

    def positioned(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a stream starts. Without a ``position``: at the newest event, or with what happened ``since``.

    ``alive_at``: when the API server was last heard of, at that position. ``lists``: a list comes first.
    """

    position: int | None = None
    alive_at: datetime | None = None
    since: datetime | None = None
    lists: bool = False


class EventStream:
    """The events of one API server, followed for ever.

    ``synced`` is set once the first list has been answered. ``trouble`` says what is wrong now; it is empty while a
    watch is open. ``now`` gives the wall clock, which decides only after the server was restored from an older state.
    ``namespace``: the only one that is watched; empty: all. ``warnings_only`` spares the server from sending Normal
    events.
    """

    def __init__(
        self,
        *,
        client: ApiClient,
        metrics: Metrics,
        now: Callable[[], datetime],
        namespace: str = "",
        warnings_only: bool = False,
        start: Start | None = None,
        listing: Listing | None = None,
        rng: random.Random | None = None,
    ) -> None:
        start = start or Start()
        self._client = client
        self._metrics = metrics
        self._path = events_path(namespace)
        self._log = log.bind(**({"namespace": namespace} if namespace else {}))
        self._role = f"Role of namespace {namespace}" if namespace else "ClusterRole"
        self._now = now
        self._selector: dict[str, str | int] = {"fieldSelector": "type=Warning"} if warnings_only else {}
        self._watching = False
        self._rng = rng or random.Random()  # noqa: S311 jitter protects nothing
        self._backoff = Backoff(rng=self._rng)
        self._position = start.position
        self._alive_at = start.alive_at
        self._since = start.since
        self._listing = listing or _NoListing()
        self._must_list = start.lists
        self._restored = False
        self._started = False
        self._listed: set[int] = set()
        self.trouble = ""
        self.heard_at: datetime | None = None
        """When the API server last answered about events: with a list, the opening of a watch, or a line of it."""
        self._unreadable = ""
        self.synced = asyncio.Event()

    @property
    def position(self) -> int | None:
        """The last resourceVersion up to which everything has been yielded and taken; None before the first one.

        While a list is read it stays where it was: pages come by name.
        """
        return self._position

    def last_contact(self) -> datetime | None:
        """Return when the API server was last heard of: now, while a watch is open."""
        return self._now() if self._watching else self._alive_at

    async def follow(self) -> AsyncGenerator[Event, None]:
        """Yield each version of each event once, from now on, through every failure; never ends by itself."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            trouble: ApiError | None = None
            try:
                async with aclosing(self._attempt()) as events:
                    async for event in events:
                        yield event
                self._restarted("closed")
            except Gone as error:
                self._log.debug("event_stream_lists_again", reason=str(error))
                self._restarted("gone")
                if not self._must_list:
                    # The server is there: the delays of an outage before are over.
                    self._backoff.reset()
                self._must_list = True
            except ApiError as error:
                self._restarted("error")
                trouble = error
            if loop.time() - started >= _LASTED:
                self._backoff.reset()
                if trouble is None and not self._restored:
                    self._alive_at = self._now()
            # Also after a clean end: a server that closes each watch at once must not be asked in a tight loop.
            delay = self._backoff.next(trouble)
            if trouble:
                self._say_trouble(trouble, delay)
            await asyncio.sleep(delay)

    async def _attempt(self) -> AsyncGenerator[Event, None]:
        """List where the position asks for it, then watch once."""
        latest = await self._latest()
        if self._position is None and self._since is None:
            self._position, self._alive_at = latest, self._now()
            self._listing.positioned()
        if not self._started:
            self._log.info("event_stream_starts", resource_version=self._position or latest)
            self._started = True
        if self._position is not None and latest < self._position and not self._restored:
            self._log.warning(
                "api_server_restored",
                position=self._position,
                resource_version=latest,
                detail="restored from an older state: events since the last contact are told, some perhaps again",
            )
            self._restored, self._since = True, self._alive_at
        if self._must_list or self._restored or self._position is None:
            async with aclosing(self._list_above(0 if self._restored else self._position or 0)) as events:
                async for event in events:
                    yield event
        watch = watch_once(
            self._client,
            self._path,
            params=self._selector,
            resource_version=str(self._position or 0),
            decode=decode_line,
            unreadable=self._say_unreadable,
            opened=self._open,
            rng=self._rng,
        )
        try:
            async with aclosing(watch) as lines:
                async for kind, event in lines:
                    self._alive_at = self.heard_at = self._now()
                    self._backoff.reset()
                    # DELETED is the end of the event's hour in the API server, nothing that happened.
                    if kind in ("ADDED", "MODIFIED"):
                        self._metrics.received.inc()
                        yield event
                    # Only now: whoever reads us has taken it.
                    self._position = max(self._position or 0, event.version)
        finally:
            self._watching = False

    async def _latest(self) -> int:
        """Ask for the server's newest resourceVersion; also the cheapest way to hear 401 or 403 as such."""
        return (await self._page({"limit": 1})).version

    async def _list_above(self, position: int) -> AsyncGenerator[Event, None]:
        """Yield what is newer than ``position`` (and than ``_since``), then take the list's own position.

        Pages come by name, so no order is promised. A list that fails in the middle starts again, and skips what it
        has already yielded.
        """
        params = {"limit": PAGE, **self._selector}
        start = 0
        while True:
            page = await self._page(params)
            # Later pages may be newer than the first one; the watch goes on from where the first one was.
            start = start or page.version
            for event in page.events(self._say_unreadable):
                new = event.version > position and event.version not in self._listed and not _before(event, self._since)
                self._listing.listed(event, new=new)
                if new:
                    self._listed.add(event.version)
                    self._metrics.received.inc()
                    yield event
            if not page.more:
                break
            params["continue"] = page.more
        self._position, self._must_list, self._since, self._restored = start, False, None, False
        self._listed.clear()
        self._listing.positioned()

    async def _page(self, params: dict[str, str | int]) -> EventPage:
        page = await event_page(self._client, self._path, params)
        self.heard_at = self._now()
        self.synced.set()
        return page

    def _restarted(self, reason: str) -> None:
        self._metrics.watch_restarts.labels(reason=reason).inc()

    def _say_trouble(self, error: ApiError, delay: float) -> None:
        """Warn once per change: an outage repeats the same line every few seconds otherwise."""
        text = str(error)
        if text != self.trouble:
            hint = {"missing_rule": missing_rule("events", kind=self._role)} if isinstance(error, Forbidden) else {}
            self._log.warning(
                "event_stream_interrupted",
                api_server=self._client.server,
                error=text,
                retry_in_seconds=round(delay, 1),
                detail=_BEGINS if self._position is None else _KEPT,
                **hint,
            )
        self.trouble = text

    def _open(self) -> None:
        self._watching = True
        self.heard_at = self._now()
        if self.trouble:
            self._log.info("event_stream_resumed", resource_version=self._position)
        self.trouble = ""

    def _say_unreadable(self, line: bytes, error: Exception) -> None:
        self._metrics.unreadable_lines.inc()
        if str(error) != self._unreadable:
            detail = "if it was an event, nobody is told of it"
            self._log.warning("watch_line_unreadable", error=str(error), length=len(line), detail=detail)
        self._unreadable = str(error)


class Probe:
    """Asks whether events can be read, of a namespace or of all, and says once a change why not."""

    def __init__(self, client: ApiClient, namespace: str = "") -> None:
        self._client = client
        self._path = events_path(namespace)
        self._kind = f"Role of namespace {namespace}" if namespace else "ClusterRole"
        self._said = ""

    async def readable(self) -> bool:
        """Ask."""
        try:
            await self._client.get(self._path, {"limit": 1})
        except ApiError as error:
            if str(error) != self._said:
                hint = {"missing_rule": missing_rule("events", kind=self._kind)} if isinstance(error, Forbidden) else {}
                server = self._client.server
                log.warning("event_stream_interrupted", api_server=server, error=str(error), detail=_KEPT, **hint)
            self._said = str(error)
            return False
        if self._said:
            log.info("event_stream_resumed")
        self._said = ""
        return True


def _before(event: Event, since: datetime | None) -> bool:
    happened = event.happened_at
    return since is not None and happened is not None and happened < since - _CLOCK_MARGIN
