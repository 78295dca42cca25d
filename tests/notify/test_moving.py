"""What waits may be taken, brought back, given up and adopted in any order: it is counted, once, and noted."""

from __future__ import annotations

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event, ObjectMeta
from kube_wecom_eventer.notify import Batch, MergingPending, OneByOne, Terms, Versions, notification
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


def identities(*versions: Versions) -> set[int]:
    """Return the event objects that a checkpoint would note."""
    return {identity for each in versions for identity, _ in each.items()}


class Places:
    """Two destinations between which two routes move, and the messages that are out."""

    def __init__(self) -> None:
        self.all = [MergingPending(max_groups=2), MergingPending(max_groups=2)]
        self.out: list[tuple[int, Batch]] = []
        self.added = 0
        self.noted: set[int] = set()
        self._lives = [0, 0]
        self._now = 0.0

    def take_step(self, step: str, route: int, number: int) -> None:
        """Do one thing."""
        getattr(self, step)(route, number)

    def add(self, route: int, number: int) -> None:
        event = EVENTS[number]
        if not isinstance(event, AlertEvent):
            event = msgspec.structs.replace(event, metadata=ObjectMeta(uid=f"{self.added}", resource_version="1"))
            self.noted.add(event.identity)
        self.added += self._of(route).add(notification(event, TERMS[route], received_at=self._now), self._now)

    def take(self, route: int, _number: int) -> None:
        if batch := self._of(route).take(self._now):
            self.out.append((["one", "two"].index(batch.route), batch))

    def back(self, _route: int, _number: int) -> None:
        if self.out:
            route, batch = self.out.pop()
            self._of(route).take_back(TERMS[route], batch)

    def move(self, route: int, _number: int) -> None:
        left = self._of(route).withdraw(TERMS[route].route)
        self._lives[route] = 1 - self._lives[route]
        assert self._of(route).adopt(TERMS[route], left)

    def wait(self, _route: int, _number: int) -> None:
        self._now += 60.0
        for each in self.all:
            each.release(self._now)

    def _of(self, route: int) -> MergingPending:
        return self.all[self._lives[route]]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(steps=st.lists(STEPS, max_size=30))
@example(steps=[("add", 0, 6), ("add", 0, 0), ("add", 0, 7), ("take", 0, 0), ("back", 0, 0)])
@example(steps=[("add", 0, 0), ("take", 0, 0), ("add", 0, 0), ("wait", 0, 0), ("wait", 0, 0)])
def test_none_is_lost_and_none_counted_twice(steps: list[Step]) -> None:
    """A count that went wrong would be an event that no message stands for, or a stop that waits for nobody; what is
    not noted is lost by a kill."""
    places = Places()
    for step in steps:
        places.take_step(*step)
        known = sum(each.counts().total() for each in places.all) + sum(batch.count for _, batch in places.out)
        assert known == places.added
        waiting = [version for each in places.all for _, version in each.versions()]
        assert identities(*waiting, *(batch.versions for _, batch in places.out)) == places.noted
    for each in places.all:
        each.release(float("inf"))
        assert each.events == each.counts().total()
        while each.take(float("inf")):
            pass
        assert each.events == 0


def test_repeats_that_are_held_back_have_a_bound() -> None:
    """Beyond it they wait as sums: whoever makes events can make them repeat."""
    pending = MergingPending(max_groups=5)
    abouts = [
        {"kind": "Job", "namespace": "ns", "name": f"job-{letter}", "uid": letter} for letter in "abcdefghijklmno"
    ]
    events = [make_event(reason="A", message="same", involvedObject=about) for about in abouts]
    for event in events:
        pending.add(notification(event, TERMS[0], received_at=0.0), 0.0)
        assert pending.take(0.0)
    for event in events:
        pending.add(notification(event, TERMS[0], received_at=1.0), 1.0)
    assert (pending.groups, pending.counts().total()) == (6, 15)


def test_routes_take_turns() -> None:
    """One with much to tell leaves every second message to the other."""
    pending = MergingPending()
    told = []
    for _ in range(4):
        for terms in TERMS:
            pending.add(notification(make_alert_event(), terms, received_at=0.0), 0.0)
        batch = pending.take(0.0)
        told.append(batch.route if batch else "")
    assert told == ["one", "two", "one", "two"]


def test_what_comes_back_does_not_wait_for_others_to_join_it() -> None:
    """It has waited already."""
    pending = MergingPending()
    terms = Terms(route="one", wording=None, sink=ScriptedSink(()), group_wait=30.0)  # type: ignore[arg-type]
    pending.add(notification(EVENTS[0], terms, received_at=0.0), 0.0)
    batch = pending.take(30.0)
    assert batch is not None
    pending.add(notification(EVENTS[1], terms, received_at=31.0), 31.0)
    assert not pending.ready(31.0)
    pending.take_back(terms, batch)
    assert pending.ready(31.0)


def test_a_route_is_adopted_on_its_new_terms() -> None:
    """An edited ``repeat_interval`` holds from the next event on."""
    old, new = MergingPending(), MergingPending()
    old.add(notification(EVENTS[0], TERMS[0], received_at=0.0), 0.0)
    assert old.take(0.0)
    terms = Terms(route="one", wording=None, sink=ScriptedSink(()), repeat_interval=0.0)  # type: ignore[arg-type]
    assert new.adopt(terms, old.withdraw("one"))
    new.add(notification(EVENTS[0], terms, received_at=1.0), 1.0)
    assert new.events == 1


def test_a_request_tells_all_that_it_stands_for() -> None:
    """Alerts that an earlier process had merged, for a route that told a chat then, and tells a webhook now."""
    pending, other = OneByOne(), OneByOne()
    event = make_alert_event()
    pending.add(notification(event, TERMS[0], received_at=0.0, count=3), 0.0)
    assert ([item.count for _, item in pending.alerts()], pending.counts().total()) == ([3], 3)
    batch = pending.take(0.0)
    assert batch is not None
    assert batch.count == 3
    pending.take_back(TERMS[0], batch)
    left = pending.withdraw("one")
    assert left.count == 3
    assert other.adopt(TERMS[0], left)
    assert other.counts() == {"one": 3}
