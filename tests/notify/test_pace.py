from __future__ import annotations

import random

from kube_wecom_eventer.notify import LONGEST_ATTEMPT, NoPace, Pace, Permitted, RecordedPace


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


def attempt(pace: Pace, now: float) -> None:
    assert pace.delay(now) == 0.0
    pace.start(now)
    pace.finish(now)


def test_a_pace_goes_on_from_the_attempts_of_another_process() -> None:
    """Those of the last minute hold their slots; one under way when they are noted counts from its latest end."""
    pace = Pace(answered=[-50.0, -10.0, 0.0])
    assert pace.free(0.0) == 17
    assert pace.free(10.0) == 18
    pace.start(10.0)
    assert pace.attempts(10.0) == [-10.0, 0.0, 10.0 + LONGEST_ATTEMPT]


def test_a_recorded_pace_has_the_limit_of_its_account() -> None:
    """An application's is another than a robot's; what an earlier process has sent counts."""
    pace = RecordedPace(limit=16, answered=[-1.0] * 15)
    pace.unrecordable(for_good=True)
    assert pace.free(0.0) == 1
    attempt(pace, 0.0)
    assert pace.delay(0.0) == 59.0


def test_nothing_leaves_before_the_first_record_and_five_between_two() -> None:
    """So that the next process knows how many it may have missed."""
    pace = RecordedPace()
    assert pace.delay(0.0) > 0
    assert pace.free(0.0) == 0
    pace.recorded(pace.started)
    for _ in range(5):
        attempt(pace, 0.0)
    assert pace.delay(1.0) > 0
    known = pace.started - 2
    pace.recorded(known)
    for _ in range(3):
        attempt(pace, 1.0)
    assert pace.delay(1.0) > 0


def test_while_no_record_can_be_written_five_leave_in_a_window() -> None:
    """The last record says nothing of them, and an unclean start counts five."""
    pace, now = RecordedPace(), 0.0
    pace.recorded(0)
    times = []
    while now < 600:
        if pace.delay(now) == 0.0:
            attempt(pace, now)
            times.append(now)
        now += 0.5
    assert len(times) > 20
    assert all(later - earlier >= 60 + LONGEST_ATTEMPT for earlier, later in zip(times, times[5:], strict=False))


def test_a_first_record_that_fails_for_a_moment_lets_five_leave() -> None:
    """The API server restarts just then: the next process counts five, and knows of no more."""
    pace = RecordedPace()
    pace.unrecordable(for_good=False)
    for _ in range(5):
        assert pace.delay(0.0) == 0.0
        attempt(pace, 0.0)
    assert pace.delay(1.0) > 0
    pace.recorded(pace.started)
    assert pace.delay(1.0) == 0.0


def test_where_there_is_no_record_to_be_had_the_pace_holds_in_this_process() -> None:
    """Without the right to write a checkpoint; one that was written once is waited for."""
    pace = RecordedPace()
    pace.unrecordable(for_good=True)
    for _ in range(20):
        attempt(pace, 0.0)
    assert pace.delay(0.0) == 60.0
    recorded = RecordedPace()
    recorded.recorded(0)
    recorded.unrecordable(for_good=True)
    for _ in range(5):
        attempt(recorded, 0.0)
    assert recorded.delay(0.0) > 0


def test_no_attempt_starts_after_the_permission_has_ended() -> None:
    """Another process may lead then."""
    until = 10.0
    pace = Permitted(NoPace(), until=lambda: until)
    assert pace.delay(10.0) == 0.0
    assert pace.delay(10.1) > 0
    until = 20.0
    assert pace.delay(10.1) == 0.0
    assert Permitted(Pace(limit=1, answered=[5.0]), until=lambda: until).delay(10.0) == 55.0
