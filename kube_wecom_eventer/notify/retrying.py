"""Attempts that follow a first one, by tenacity. Imported when the first one fails: a quiet daemon does not need it.

Owns the backoff between attempts; what an outcome means is the dispatcher's to decide.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, wait_exponential

from kube_wecom_eventer.sinks import Outcome

_BACKOFF = wait_exponential(multiplier=0.5, max=30)
"""Seconds at most that chance adds between attempts that fail for what passes."""


async def retry(
    first: Outcome,
    attempt: Callable[[], Awaitable[Outcome]],
    *,
    again: Callable[[Outcome], bool],
    wait: Callable[[Outcome, float], float],
    pause: Callable[[float], Awaitable[None]],
) -> Outcome:
    """Attempt until ``again`` says no to an outcome; return that one.

    ``first``: what came of the first attempt, which counts. ``wait`` returns the seconds until the next attempt, from
    the last outcome and the longest backoff; ``pause`` waits for so long.
    """
    made = [first]

    async def next_outcome() -> Outcome:
        return made.pop() if made else await attempt()

    retrying = AsyncRetrying(
        retry=lambda state: again(_outcome(state)),
        wait=lambda state: wait(_outcome(state), _BACKOFF(state)),
        sleep=pause,
    )
    outcome: Outcome = await retrying(next_outcome)
    return outcome


def _outcome(state: RetryCallState) -> Outcome:
    if state.outcome is None:
        raise RuntimeError("asked before the attempt was over")
    outcome: Outcome = state.outcome.result()
    return outcome
