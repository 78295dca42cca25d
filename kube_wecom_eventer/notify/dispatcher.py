"""One destination's queue and its telling: in order, in pace, until accepted or given up.

The sink classifies each answer; here is decided what follows from it.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable

import structlog
from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify.notification import Notification
from kube_wecom_eventer.notify.pace import Pacing
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import Outcome, Verdict

CAPACITY = 10_000
"""Notifications that may wait for one destination; a newer one is dropped and counted as ``overflow``."""

MAX_AGE = 3600.0
"""Seconds after which an event that could not be told is dropped: the API server forgets it then, too."""

DROP_REASONS = ("overflow", "too_old", "refused", "internal_error")
"""Why an event is told in no message: the metric's label."""

_PROBE_FIRST, _PROBE_LONGEST = 60.0, 900.0
"""Seconds between attempts at a broken destination."""

log = structlog.get_logger()


class Dispatcher:
    """Tells what is offered to it, one message at a time.

    ``destination`` is its name in logs and metrics. ``told`` hears of each accepted message, with its delay in seconds.
    """

    def __init__(
        self,
        *,
        destination: str,
        metrics: Metrics,
        pace: Pacing,
        told: Callable[[float], None] = lambda _seconds: None,
        rng: random.Random | None = None,
    ) -> None:
        self._destination = destination
        self._metrics = metrics
        self._pace = pace
        self._told = told
        self._rng = rng or random.Random()  # noqa: S311 jitter protects nothing
        self._queue: deque[Notification] = deque()
        self._arrived = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._log = log.bind(destination=destination)
        self._backoff = wait_random_exponential(multiplier=0.5, max=30)
        self._probes = 0
        self.trouble = ""
        for gauge in (metrics.pending, metrics.broken):
            gauge.labels(destination=destination).set(0)
        for counter in (metrics.sent, metrics.retried):
            counter.labels(destination=destination)

    @property
    def waiting(self) -> int:
        """How many notifications wait, the one being told included."""
        return len(self._queue)

    def offer(self, notification: Notification) -> None:
        """Take a notification, or drop and count it where too much waits already. Never waits."""
        if len(self._queue) >= CAPACITY:
            self._drop(notification, "overflow", "too much waits for this destination")
            return
        self._queue.append(notification)
        self._arrived.set()
        self._empty.clear()
        self._count_pending()

    async def run(self) -> None:
        """Tell what is offered, for ever."""
        while True:
            await self._arrived.wait()
            while self._queue:
                await self._tell_safely(self._queue[0])
                self._queue.popleft()
                self._count_pending()
            self._arrived.clear()
            self._empty.set()

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        await self._empty.wait()

    async def _tell_safely(self, notification: Notification) -> None:
        """Tell one; a mistake of our own costs this notification, not those that wait behind it."""
        if self._probes and self._age(notification) >= MAX_AGE:
            self._drop(notification, "too_old", self.trouble)
            return
        try:
            await self._tell(notification)
        except Exception:
            self._log.exception("telling_failed", route=notification.route)
            self._drop(notification, "internal_error", "a mistake of this program's own; please report it")

    async def _tell(self, notification: Notification) -> None:
        attempts = _Attempts(notification)
        retrying = AsyncRetrying(
            retry=lambda state: self._again(state, attempts),
            wait=lambda state: self._wait(state, attempts),
            sleep=asyncio.sleep,
        )
        outcome: Outcome = await retrying(self._attempt, attempts)
        if outcome.verdict is Verdict.ACCEPTED:
            delay = self._age(notification)
            self._metrics.sent.labels(destination=self._destination).inc()
            self._metrics.delivery.labels(destination=self._destination).observe(delay)
            self._told(delay)
            self._say_well(notification, delay)
        elif outcome.verdict in (Verdict.REFUSED, Verdict.UNKNOWN):
            self._drop(notification, "refused", outcome.detail)
        else:
            self._drop(notification, "too_old", outcome.detail)

    async def _attempt(self, attempts: _Attempts) -> Outcome:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._pace.delay(loop.time()))
        self._pace.start()
        if attempts.started:
            self._metrics.retried.labels(destination=self._destination).inc()
        attempts.started = True
        try:
            outcome = await attempts.notification.sink.send(attempts.message())
        finally:
            self._pace.finish(loop.time())
        if outcome.verdict is not Verdict.ACCEPTED:
            self._metrics.failed.labels(destination=self._destination, reason=outcome.reason).inc()
            self._say_trouble(outcome)
        return outcome

    def _again(self, state: RetryCallState, attempts: _Attempts) -> bool:
        """Decide whether a message is to be sent again, and as what."""
        outcome = _outcome(state)
        if outcome.verdict is Verdict.ACCEPTED:
            return False
        if outcome.verdict in (Verdict.REFUSED, Verdict.UNKNOWN):
            return attempts.may_differ(outcome)
        return self._age(attempts.notification) < MAX_AGE

    def _wait(self, state: RetryCallState, attempts: _Attempts) -> float:
        """Return the seconds until the next attempt."""
        outcome = _outcome(state)
        if outcome.verdict is Verdict.REFUSED:
            return 0.0
        if outcome.verdict is Verdict.BROKEN:
            probe: float = min(_PROBE_LONGEST, _PROBE_FIRST * 2**self._probes)
            self._probes += 1
        else:
            probe = 0.2 + self._backoff(state)
        wait = max(outcome.wait, probe)
        return min(wait, max(0.1, MAX_AGE - self._age(attempts.notification)))

    @staticmethod
    def _age(notification: Notification) -> float:
        return asyncio.get_running_loop().time() - notification.received_at

    def _drop(self, notification: Notification, reason: str, detail: str) -> None:
        self._metrics.dropped.labels(route=notification.route, reason=reason).inc()
        event = notification.event
        self._log.error(
            "event_dropped",
            reason=reason,
            detail=detail,
            route=notification.route,
            event_name=f"{event.metadata.namespace}/{event.metadata.name}",
            event_reason=event.reason,
        )

    def _count_pending(self) -> None:
        self._metrics.pending.labels(destination=self._destination).set(len(self._queue))

    def _say_well(self, notification: Notification, delay: float) -> None:
        if self.trouble:
            self._log.info("destination_recovered")
        self.trouble, self._probes = "", 0
        self._metrics.broken.labels(destination=self._destination).set(0)
        event = notification.event
        self._log.debug(
            "message_accepted",
            route=notification.route,
            event_name=f"{event.metadata.namespace}/{event.metadata.name}",
            event_reason=event.reason,
            seconds=round(delay, 3),
        )

    def _say_trouble(self, outcome: Outcome) -> None:
        """Say what the destination answered: once a change, at the level that its class deserves."""
        if outcome.verdict is Verdict.BROKEN:
            self._metrics.broken.labels(destination=self._destination).set(1)
        if outcome.detail == self.trouble:
            return
        self.trouble = outcome.detail
        say = self._log.error if outcome.verdict is Verdict.BROKEN else self._log.warning
        say(f"destination_{outcome.verdict.value}", detail=outcome.detail, waiting=len(self._queue))


class _Attempts:
    """The attempts at one notification: which body is next."""

    def __init__(self, notification: Notification) -> None:
        self._message: Message | None = None
        self._unknown = 0
        self.started = False
        self.notification = notification

    def message(self) -> Message:
        """Return the body to send, rendered when it is first asked for: an edited template shows at once."""
        if self._message is None:
            self._message = self.notification.wording.message(self.notification.event)
        return self._message

    def may_differ(self, outcome: Outcome) -> bool:
        """Return whether another attempt makes sense after a refusal; the next one may have another body."""
        if outcome.verdict is Verdict.UNKNOWN and self._unknown == 0:
            self._unknown += 1
            return True
        if self._message is None or self._message.built_in:
            return False
        self._message = self.notification.wording.after_refusal(self.notification.event, outcome.detail)
        return self._message is not None


def _outcome(state: RetryCallState) -> Outcome:
    if state.outcome is None:
        raise RuntimeError("asked before the attempt was over")
    outcome: Outcome = state.outcome.result()
    return outcome
