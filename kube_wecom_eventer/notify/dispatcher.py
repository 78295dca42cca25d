"""The telling of what waits for one destination: in order, in pace, until accepted or given up.

The sink classifies each answer; here is decided what follows from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import structlog

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify.attempts import Attempts
from kube_wecom_eventer.notify.batch import Batch
from kube_wecom_eventer.notify.delays import Delays
from kube_wecom_eventer.notify.missed import MissedReceivers
from kube_wecom_eventer.notify.notification import Notification, Terms
from kube_wecom_eventer.notify.pace import Pacing
from kube_wecom_eventer.notify.pending import Left, Pending
from kube_wecom_eventer.notify.trouble import Trouble
from kube_wecom_eventer.notify.versions import Versions
from kube_wecom_eventer.render import Merged
from kube_wecom_eventer.render.digest import total
from kube_wecom_eventer.sinks import Account, Outcome, Sink, Verdict

MAX_AGE = 3600.0
"""Seconds after which an event that could not be told is dropped: the API server forgets it then, too."""

DROP_REASONS = ("overflow", "too_old", "refused", "internal_error")
"""Why an event is told in no message: the metric's label."""

SPARE_SLOTS = 5
"""An event alone leaves at once while more slots than these are free: they are kept for digests."""

DIGEST_INTERVAL = 3.0
"""Seconds between digests: what comes meanwhile joins the next one."""

_LOOK_EVERY, _LOOK_AGAIN = 300.0, 30.0
"""Seconds between looks at a destination to which nothing is to be sent; the shorter where the last one was bad."""

_GIVEN_UP = Outcome(verdict=Verdict.RETRY, detail="its route goes another way now")

log = structlog.get_logger()


class Dispatcher:
    """Tells what is offered to it, one message at a time.

    ``destination`` is its name in logs and metrics. ``told`` hears of each accepted message: its route, its delay in
    seconds; ``settled`` of each message that was accepted or given up. ``max_age``: seconds. ``pace_of`` returns the
    pace of an account, which other destinations may share, once a sink knows its own; None: ``pace`` stays.
    ``returned`` gets back a batch whose route was withdrawn before it was told. ``routes``: whom the log names.
    """

    def __init__(
        self,
        *,
        destination: str,
        pending: Pending,
        metrics: Metrics,
        pace: Pacing,
        told: Callable[[str, float], None] = lambda _route, _seconds: None,
        settled: Callable[[], None] = lambda: None,
        max_age: float = MAX_AGE,
        pace_of: Callable[[Account | None], Pacing | None] = lambda _account: None,
        returned: Callable[[Batch], None] = lambda _batch: None,
        routes: Callable[[], Sequence[str]] = lambda: (),
        rng: random.Random | None = None,
    ) -> None:
        self._destination = destination
        self._metrics = metrics
        self._pace = pace
        self._told = told
        self._settled = settled
        self._max_age = max_age
        self._pace_of = pace_of
        self._returned = returned
        self._attempts: Attempts | None = None
        self._rng = rng or random.Random()  # noqa: S311 jitter protects nothing
        self._pending = pending
        self._telling: Batch | None = None
        self._digest_at = -DIGEST_INTERVAL
        self._alone: Batch | None = None
        self._draining = self._retired = False
        self._sink: Sink | None = None
        self._look_at = math.inf
        self._arrived = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._log = log.bind(destination=destination)
        self._delays = Delays(rng=self._rng)
        self._failing = self._unready = False
        self._trouble = Trouble(destination=destination, routes=routes, waiting=lambda: self.waiting)
        self._missed = MissedReceivers(metrics=metrics, log=self._log)
        for counter in (metrics.sent, metrics.retried):
            counter.labels(destination=destination)

    @property
    def trouble(self) -> str:
        """What is wrong now; empty where nothing is."""
        return self._trouble.text

    @property
    def broken(self) -> bool:
        """Whether it takes nothing until somebody mends it."""
        return self._trouble.broken

    @property
    def waiting(self) -> int:
        """How many events wait, those being told included; what is held back as a repeat is not."""
        return self._pending.events + sum(batch.count for batch in self._batches())

    @property
    def waiting_since(self) -> float | None:
        """When the oldest of those came, on the loop's clock; None where none waits."""
        times = [batch.received_at for batch in self._batches()]
        if (oldest := self._pending.oldest()) is not None:
            times.append(oldest)
        return min(times, default=None)

    def counts(self) -> Counter[str]:
        """Return how many versions wait, or are held back, by route."""
        counts = self._pending.counts()
        for batch in self._batches():
            counts[batch.route] += batch.count
        return counts

    def versions(self) -> Iterator[tuple[str, Versions]]:
        """Yield routes with versions that are not settled; a route may come more than once."""
        yield from self._pending.versions()
        for batch in self._batches():
            yield batch.route, batch.versions

    def _batches(self) -> tuple[Batch, ...]:
        return tuple(batch for batch in (self._telling, self._alone) if batch)

    @property
    def full(self) -> bool:
        """Whether what is offered now would be dropped."""
        return self._pending.full

    def alerts(self) -> Iterator[tuple[str, Merged]]:
        """Yield routes with the alerts that wait, those being told included."""
        yield from ((batch.route, item) for batch in self._batches() for item in batch.alerts)
        yield from self._pending.alerts()

    def offer(self, *notifications: Notification) -> None:
        """Take what came together for a route, or drop and count it where too much waits already. Never waits."""
        now = asyncio.get_running_loop().time()
        finds_nothing = self._alone is None and self._pending.events == 0
        for notification in notifications:
            if not self._pending.add(notification, now):
                item = Merged(notification.event)
                self._drop(notification.terms.route, (item,), "overflow", "too much waits for this destination")
        if finds_nothing and self._pending.merges and self._pace.free(now) > SPARE_SLOTS:
            # It leaves at once, and does not wait for what may come behind it.
            self._alone = self._pending.take(now)
        self._wake()

    def withdraw(self, route: str) -> Left:
        """Give up what waits of a route; a message of it that is not accepted now comes back to ``returned``."""
        if self._alone and self._alone.route == route:
            batch, self._alone = self._alone, None
            self._pending.take_back(Terms(route=route, wording=batch.wording, sink=batch.sink), batch)
        left = self._pending.withdraw(route)
        self._missed.forget(route)
        if self._telling and self._telling.route == route and self._attempts:
            self._attempts.given_up.set()
        return left

    def take_back(self, terms: Terms, batch: Batch) -> None:
        """Let what another way could not tell wait here, before what waits already."""
        self._pending.take_back(terms, batch)
        self._wake()

    def adopt(self, terms: Terms, left: Left) -> bool:
        """Take what was given up; False where that can't be."""
        adopted = self._pending.adopt(terms, left)
        if left.count:
            self._wake()
        return adopted

    def look_after(self, sink: Sink) -> None:
        """Look now and then whether something could be sent by ``sink``: a key that can't be read is said before there
        is a message that needs it."""
        self._sink, self._look_at = sink, -math.inf
        self._arrived.set()

    def retire(self) -> None:
        """Let `run` end when nothing is being told: no route has this destination any more."""
        self._retired = True
        self._wake()

    async def run(self) -> None:
        """Tell what is offered, until retired."""
        while await self._something_waits():
            batch, self._alone = self._alone, None
            if batch is None:
                await self._gather()
                batch = self._pending.take(self._now())
            if batch is None:
                continue
            self._telling = batch
            await self._tell_safely(batch)
            self._telling = None
            self._settled()

    async def drained(self) -> None:
        """Tell what is held back, too; return when nothing waits any more."""
        self._draining = True
        self._wake()
        await self._empty.wait()

    def _wake(self) -> None:
        self._empty.clear()
        self._arrived.set()

    async def _something_waits(self) -> bool:
        """Wait; return False where nothing will come any more."""
        while True:
            self._arrived.clear()
            now = self._now()
            self._pending.release(now)
            if self._alone or self._pending.ready(now):
                return True
            if not self._pending.events:
                self._empty.set()
                if self._retired:
                    return False
            looks = self._sink if not self._draining else None
            if looks and now >= self._look_at:
                await self._look(looks)
                continue
            due = self._pending.next_due()
            due_at = min(math.inf if due is None else due, self._look_at if looks else math.inf)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if due_at == math.inf else max(0.0, due_at - now)):
                    await self._arrived.wait()

    async def _look(self, sink: Sink) -> None:
        self._look_at = math.inf
        outcome = await sink.ready()
        if outcome:
            self._trouble.take(outcome)
        elif self._unready:
            self._recovered()
        self._unready = outcome is not None
        every = _LOOK_AGAIN if outcome else _LOOK_EVERY
        # Sooner, where there is another sink to look after meanwhile.
        self._look_at = min(self._look_at, asyncio.get_running_loop().time() + every * self._rng.uniform(1.0, 1.2))

    def _now(self) -> float:
        """Return the loop's time; the end of all waiting on purpose, once that is to end."""
        return float("inf") if self._draining else asyncio.get_running_loop().time()

    async def _gather(self) -> None:
        """Wait for the next digest's turn, and for a slot: what comes meanwhile joins it."""
        if not self._pending.merges:
            return
        loop = asyncio.get_running_loop()
        while (delay := max(self._digest_at + DIGEST_INTERVAL - loop.time(), self._pace.delay(loop.time()))) > 0:  # noqa: ASYNC110 time decides, mostly
            await asyncio.sleep(delay)
        self._digest_at = loop.time()

    async def _tell_safely(self, batch: Batch) -> None:
        """Tell one batch; a mistake of our own costs these events, not those that wait behind them."""
        if self._failing and self._age(batch) >= self._max_age:
            self._drop(batch.route, batch.items, "too_old", self.trouble)
            return
        try:
            await self._tell(batch)
        except Exception:
            self._log.exception("telling_failed", route=batch.route)
            self._drop(batch.route, batch.items, "internal_error", "a mistake of this program; please report it")

    async def _tell(self, batch: Batch) -> None:
        attempts = self._attempts = Attempts(batch)
        outcome = await self._attempt(attempts)
        if outcome.verdict is not Verdict.ACCEPTED:
            outcome = await self._try_again(outcome, attempts)
        if outcome.verdict is Verdict.ACCEPTED:
            delay = self._age(batch)
            self._metrics.told.labels(route=batch.route).inc(batch.count)
            self._metrics.sent.labels(destination=self._destination).inc()
            self._metrics.delivery.labels(destination=self._destination).observe(delay)
            self._told(batch.route, delay)
            self._say_well(batch, delay)
            self._missed.say(batch.route, outcome.missed)
        elif attempts.given_up.is_set():
            self._returned(batch)
        elif outcome.verdict in (Verdict.REFUSED, Verdict.UNKNOWN):
            self._drop(batch.route, batch.items, "refused", outcome.detail)
        else:
            self._drop(batch.route, batch.items, "too_old", outcome.detail)

    async def _try_again(self, first: Outcome, attempts: Attempts) -> Outcome:
        from kube_wecom_eventer.notify.retrying import retry  # noqa: PLC0415 most messages are accepted at once

        return await retry(
            first,
            lambda: self._attempt(attempts),
            again=lambda outcome: self._again(outcome, attempts),
            wait=lambda outcome, backoff: self._wait(outcome, attempts, backoff),
            pause=attempts.pause,
        )

    async def _attempt(self, attempts: Attempts) -> Outcome:
        loop = asyncio.get_running_loop()
        sink = attempts.batch.sink
        if attempts.given_up.is_set():
            return _GIVEN_UP
        if outcome := await sink.ready():
            self._unready = True
            self._note(outcome)
            return outcome
        self._pace = self._pace_of(sink.account) or self._pace
        while (delay := self._pace.delay(loop.time())) > 0:
            await attempts.pause(delay)
            if attempts.given_up.is_set():
                return _GIVEN_UP
        self._pace.start(loop.time())
        if attempts.started:
            self._metrics.retried.labels(destination=self._destination).inc()
        attempts.started = True
        try:
            outcome = await sink.send(attempts.message())
        finally:
            self._pace.finish(loop.time())
        self._note(outcome)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        self._failing = outcome.verdict in (Verdict.RETRY, Verdict.TOO_FAST, Verdict.BROKEN)
        if outcome.verdict is not Verdict.ACCEPTED:
            self._metrics.failed.labels(destination=self._destination, reason=outcome.reason).inc()
            self._trouble.take(outcome)

    def _again(self, outcome: Outcome, attempts: Attempts) -> bool:
        """Decide whether a message is to be sent again, and as what."""
        if outcome.verdict is Verdict.ACCEPTED or attempts.given_up.is_set():
            return False
        if outcome.verdict in (Verdict.REFUSED, Verdict.UNKNOWN):
            return attempts.may_differ(outcome)
        return self._age(attempts.batch) < self._max_age

    def _wait(self, outcome: Outcome, attempts: Attempts, backoff: float) -> float:
        """Return the seconds until the next attempt. ``backoff``: the most that chance adds, for what passes."""
        wait = self._delays.after(outcome, backoff)
        return min(wait, max(0.1, self._max_age - self._age(attempts.batch))) if wait else 0.0

    @staticmethod
    def _age(batch: Batch) -> float:
        return asyncio.get_running_loop().time() - batch.received_at

    def _drop(self, route: str, items: Sequence[Merged], reason: str, detail: str) -> None:
        self._metrics.dropped.labels(route=route, reason=reason).inc(total(items))
        for item in items:
            event = item.event
            self._log.error(
                "event_dropped",
                reason=reason,
                detail=detail,
                route=route,
                event_name=f"{event.metadata.namespace}/{event.metadata.name}",
                event_reason=event.reason,
                count=item.count,
            )

    def _say_well(self, batch: Batch, delay: float) -> None:
        self._recovered()
        event = batch.items[0].event
        self._log.debug(
            "message_accepted",
            route=batch.route,
            event_name=f"{event.metadata.namespace}/{event.metadata.name}",
            event_reason=event.reason,
            events=batch.count,
            groups=len(batch.items),
            seconds=round(delay, 3),
        )

    def _recovered(self) -> None:
        self._trouble.over()
        self._delays.recovered()
        self._unready = False
