"""Which of several daemons tells: the one that holds a Lease.

The rules are those of client-go's leader election, with two differences that keep the leaders' requests apart:
a leader knows until when it may start one (`Leadership.may_start_until`), and a Lease that vanishes is not free before
its last holder's time is over.
https://pkg.go.dev/k8s.io/client-go/tools/leaderelection

No two machines' clocks are compared: a holder counts from before it sent its renewal, everybody else from when they saw
it, which is later. All these times are the loop's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from math import inf
from typing import Protocol

import structlog

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.errors import ApiError, Conflict, Forbidden, Gone, NotFound, Overloaded
from kube_wecom_eventer.kube.client import ApiClient, missing_rule
from kube_wecom_eventer.kube.lease import GROUP, Lease, LeaseObject

REQUEST_TIMEOUT = 8.0
"""Seconds that a request to a destination may last: `sinks.posting.TIMEOUT`, which this room must not import."""
MARGIN = 2.0
"""Seconds between the latest end of such a request and the Lease's expiry: for clocks that run unevenly, and for a
loop that is late."""
_RELEASE_WITHIN = 5.0
"""Seconds for giving the Lease up. The pod is about to be killed, and the Lease expires by itself, too."""

log = structlog.get_logger()


class Leadership(Protocol):
    """Whether this process is the one that tells."""

    @property
    def leader(self) -> str:
        """Who leads, as far as known; empty: unknown, or nobody."""
        ...

    async def acquire(self) -> None:
        """Return once this process leads."""
        ...

    async def hold(self) -> None:
        """Keep leading; return once the leadership is lost for sure. Nothing may be sent from then on."""
        ...

    async def release(self) -> None:
        """Let another lead at once. Raises nothing, and takes seconds at most.

        To be called once `hold` has ended or been cancelled, and no request to a destination is under way;
        `may_start_until` says from here on that none may start.
        """
        ...

    def may_start_until(self) -> float:
        """Return until when, on the loop's clock, a request to a destination may start; ``-inf`` while not leading."""
        ...


class Alone:
    """Leads from the start and for ever: there is no election."""

    leader = ""

    async def acquire(self) -> None:
        """Return at once."""

    async def hold(self) -> None:
        """Never return."""
        await asyncio.Event().wait()

    async def release(self) -> None:
        """Do nothing."""

    def may_start_until(self) -> float:
        """Return infinity."""
        return inf


class LeaseLeadership:
    """Leads while it holds a Lease.

    ``identity`` must be this process's alone: one that starts again under its old identity would take the Lease of its
    predecessor, whose last requests may still be under way, for its own. Durations are in seconds:
    ``lease_duration`` (whole) is how long a renewal counts, ``renew_deadline`` how long a leader tries to renew,
    ``retry_period`` how often. ``now`` is for the times in the Lease, which only people read.
    """

    def __init__(
        self,
        *,
        client: ApiClient,
        name: ObjectName,
        identity: str,
        lease_duration: float = 15.0,
        renew_deadline: float = 10.0,
        retry_period: float = 2.0,
        now: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self._object = LeaseObject(client=client, name=name, rng=rng)
        self._label = str(name)
        self._identity = identity
        self._seconds = int(lease_duration)
        self._renew_deadline = renew_deadline
        self._retry_period = retry_period
        self._attempt_timeout = renew_deadline / 2
        self._now = now
        self._rng = rng
        self._seen: Lease | None = None
        self._taken_until = -inf
        """When the Lease that we saw with another holder is over."""
        self._renewed_at = -inf
        """When the last successful write of our name began; -inf while we don't lead."""
        self._tried = False
        role = f"Role of namespace {name.namespace}"
        rule = missing_rule("leases", kind=role, group=GROUP, verbs=("get", "create", "update", "watch"))
        self._trouble = _Trouble("leadership", lease=self._label, rule=rule)
        self._watch_trouble = _Trouble("lease_watch", lease=self._label, rule=rule)

    @property
    def leader(self) -> str:
        """The Lease's holder when it was last seen."""
        return self._seen.holder if self._seen else ""

    def may_start_until(self) -> float:
        """Return when a request that takes its longest would end a margin before the Lease's expiry."""
        return self._renewed_at + self._seconds - MARGIN - REQUEST_TIMEOUT

    async def acquire(self) -> None:
        """Try until the Lease is ours."""
        while True:
            error: ApiError | None = None
            try:
                self._see(await self._object.read(timeout=self._attempt_timeout))
                if self._is_free():
                    await self._write(timeout=self._attempt_timeout)
                    break
                self._trouble.say(None)
                if await self._watched_free():
                    continue
            except Conflict:
                pass  # another was faster
            except ApiError as caught:
                error = caught
                self._trouble.say(error)
            await asyncio.sleep(self._pause(error) * self._rng.uniform(1.0, 1.2))
        self._trouble.say(None)
        log.info("leadership_acquired", lease=self._label, identity=self._identity)

    async def hold(self) -> None:
        """Renew until that fails for too long, or another holds the Lease."""
        loop = asyncio.get_running_loop()
        attempt, pause = self._renewed_at, self._retry_period
        while True:
            deadline = self._renewed_at + self._renew_deadline
            planned = min(attempt + pause, deadline)
            await asyncio.sleep(planned - loop.time())
            attempt = max(planned, loop.time())
            if attempt >= deadline:
                return self._lose(f"not renewed within {self._renew_deadline:g} s")
            error: ApiError | None = None
            try:
                if not await self._renewed(deadline):
                    return self._lose("another holds it")
            except ApiError as caught:
                error = caught
            self._trouble.say(error)
            pause = self._pause(error)

    async def release(self) -> None:
        """Write that nobody holds the Lease, if it is ours."""
        self._renewed_at = -inf
        if not self._tried:
            return
        self._tried = False
        try:
            async with asyncio.timeout(_RELEASE_WITHIN):
                await self._give_up()
        except TimeoutError:
            log.warning("leadership_not_released", lease=self._label, error=f"no answer within {_RELEASE_WITHIN:g} s")
        except ApiError as error:
            log.warning("leadership_not_released", lease=self._label, error=str(error))

    async def _give_up(self) -> None:
        while True:
            # A renewal whose answer got lost may have changed the version: ask, don't assume.
            lease = await self._object.read(timeout=_RELEASE_WITHIN)
            if lease is None or lease.holder != self._identity:
                return
            spec = lease.held_by("", seconds=1, now=self._now())
            try:
                self._seen = await self._object.write(spec, over=lease, timeout=_RELEASE_WITHIN)
            except Conflict:
                continue
            log.info("leadership_released", lease=self._label, identity=self._identity)
            return

    def _is_free(self) -> bool:
        return asyncio.get_running_loop().time() >= self._taken_until

    def _see(self, lease: Lease | None) -> None:
        """Note what the Lease says, and since when it says so."""
        before, self._seen = self._seen, lease
        if lease is None or (before is not None and lease.fields == before.fields):
            return
        holder = lease.holder
        if holder in ("", self._identity):
            self._taken_until = -inf
            return
        self._taken_until = asyncio.get_running_loop().time() + (lease.seconds or self._seconds)
        if before is None or holder != before.holder:
            log.info("leader_changed", lease=self._label, leader=holder)

    async def _write(self, *, timeout: float) -> None:
        """Write our name into the Lease as it was last seen."""
        started = asyncio.get_running_loop().time()
        spec = (self._seen or Lease()).held_by(self._identity, seconds=self._seconds, now=self._now())
        self._tried = True
        self._see(await self._object.write(spec, over=self._seen, timeout=timeout))
        self._renewed_at = started

    async def _renewed(self, deadline: float) -> bool:
        """Renew; return False where another holds the Lease. Raises ApiError: try again."""
        try:
            await self._write(timeout=self._left(deadline))
        except (Conflict, NotFound):
            # Somebody else's write, or our own whose answer got lost.
            self._see(await self._object.read(timeout=self._left(deadline)))
            if self.leader not in ("", self._identity):
                return False
            await self._write(timeout=self._left(deadline))
        return True

    def _left(self, deadline: float) -> float:
        return max(0.0, min(self._attempt_timeout, deadline - asyncio.get_running_loop().time()))

    def _lose(self, reason: str) -> None:
        self._renewed_at = -inf
        log.warning(
            "leadership_lost",
            lease=self._label,
            identity=self._identity,
            reason=reason,
            leader="nobody yet" if self.leader in ("", self._identity) else self.leader,
        )

    async def _watched_free(self) -> bool:
        """Follow the Lease; return True once it is free, or may be, and False where it must be asked for instead."""
        if self._seen is None:
            return False
        loop = asyncio.get_running_loop()
        changes = self._object.watch(after=self._seen, opened=lambda: self._watch_trouble.say(None))
        try:
            async with asyncio.timeout_at(self._taken_until) as timeout, aclosing(changes):
                async for kind, lease in changes:
                    self._see(None if kind == "DELETED" else lease)
                    if self._is_free():
                        return True
                    timeout.reschedule(self._taken_until)
        except TimeoutError:
            return True
        except Gone:
            pass
        except ApiError as error:
            self._watch_trouble.say(error)
        return loop.time() >= self._taken_until

    def _pause(self, error: ApiError | None) -> float:
        asked = error.retry_after if isinstance(error, Overloaded) else 0.0
        return max(self._retry_period, asked)


class _Trouble:
    """Says what is wrong once a change, and when it is over."""

    def __init__(self, subject: str, *, lease: str, rule: str) -> None:
        self._subject = subject
        self._lease = lease
        self._rule = rule
        self._text = ""

    def say(self, error: ApiError | None) -> None:
        """Log the change from the last call to this, if there is one; None: all is well."""
        text = str(error or "")
        if text and text != self._text:
            hint = {"missing_rule": self._rule} if isinstance(error, Forbidden) else {}
            log.warning(f"{self._subject}_unavailable", lease=self._lease, error=text, **hint)
        elif self._text and not text:
            log.info(f"{self._subject}_available", lease=self._lease)
        self._text = text
