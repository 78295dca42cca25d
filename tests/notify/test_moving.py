"""What waits may be taken, brought back, given up and adopted in any order: it is counted, once."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.notify import Batch, MergingPending, Terms, notification
from tests.support.alerts import make_alert_event
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink

TERMS = [
    Terms(route=route, wording=None, sink=ScriptedSink(()), repeat_interval=100.0)  # type: ignore[arg-type]
    for route in ("one", "two")
]

NAMELESS = {"kind": "", "name": "", "namespace": "", "uid": ""}
EVENTS: list[Event] = [
    *(make_event(reason=reason, message=text) for reason in ("A", "B") for text in ("", "a", "b")),
    make_event(reason="A", message="", involvedObject=NAMELESS),
    make_event(reason="A", message="x", involvedObject=NAMELESS),
    make_alert_event(),
    make_alert_event(labels={"deployment": "", "namespace": ""}, annotations={}),
]

Step = tuple[str, int, int]
STEPS = st.tuples(
    st.sampled_from(["add", "add", "add", "take", "back", "move", "wait"]), st.integers(0, 1), st.integers(0, 9)
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(steps=st.lists(STEPS, max_size=30))
@example(steps=[("add", 0, 6), ("add", 0, 0), ("add", 0, 7), ("take", 0, 0), ("back", 0, 0)])
def test_none_is_lost_and_none_counted_twice(steps: list[Step]) -> None:
    """A count that went wrong would be an event that no message stands for, or a stop that waits for nobody."""
    places = [MergingPending(max_groups=2), MergingPending(max_groups=2)]
    lives = [0, 0]
    out: list[tuple[int, Batch]] = []
    added, now = 0, 0.0
    for step, route, number in steps:
        place = places[lives[route]]
        if step == "add":
            added += place.add(notification(EVENTS[number], TERMS[route], received_at=now), now)
        elif step == "take" and (batch := place.take(now)):
            out.append((["one", "two"].index(batch.route), batch))
        elif step == "back" and out:
            of, batch = out.pop()
            places[lives[of]].take_back(TERMS[of], batch)
        elif step == "move":
            left = place.withdraw(TERMS[route].route)
            lives[route] = 1 - lives[route]
            assert places[lives[route]].adopt(TERMS[route], left)
        elif step == "wait":
            now += 60.0
            for each in places:
                each.release(now)
        known = sum(each.counts().total() for each in places) + sum(batch.count for _, batch in out)
        assert known == added
    for each in places:
        each.release(float("inf"))
        assert each.events == each.counts().total()
        while each.take(float("inf")):
            pass
        assert each.events == 0
