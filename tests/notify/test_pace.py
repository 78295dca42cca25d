from __future__ import annotations

import random

from kube_wecom_eventer.notify import Pace


def test_twenty_may_start_at_once_and_the_next_waits_for_the_first_to_leave_the_window() -> None:
    """WeCom's limit: 20 in any 60 seconds."""
    pace = Pace()
    for number in range(20):
        assert pace.delay(float(number)) == 0.0
        pace.start(float(number))
        pace.finish(float(number))
    assert pace.delay(19.0) == 41.0
    assert pace.delay(60.0) == 0.0


def test_a_slot_is_held_from_the_attempt_until_a_window_after_its_answer() -> None:
    """A slow answer may be counted by WeCom when it arrives, or when it is answered."""
    pace = Pace(limit=2, window=60)
    pace.start(0.0)
    pace.start(0.0)
    assert pace.delay(0.0) > 0
    pace.finish(8.0)
    assert pace.delay(8.0) == 60.0
    assert pace.delay(68.0) == 0.0


def test_no_window_ever_holds_more_than_the_limit() -> None:
    """Whatever the arrivals and the answers' delays are."""
    rng = random.Random(7)
    pace, now = Pace(), 0.0
    marks: list[tuple[float, float]] = []
    for _ in range(2000):
        now += rng.choice((0.0, 0.1, 5.0))
        now += pace.delay(now)
        pace.start(now)
        started = now
        now += rng.choice((0.01, 8.0))
        pace.finish(now)
        marks.append((started, now))
    for index, (started, _) in enumerate(marks):
        # However WeCom counts within each request, more than 60 s lie between it and the twentieth before it.
        assert index < 20 or started - marks[index - 20][1] >= 60.0 - 1e-6
