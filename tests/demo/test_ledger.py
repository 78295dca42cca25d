"""The demo's accounts: what a message stands for, which event it is about, what still waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kube_wecom_eventer.demo.ledger import Ledger, stands_for
from kube_wecom_eventer.demo.robots import robots
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.texts import ENGLISH
from kube_wecom_eventer.demo.wecom import Received

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
PAYMENTS, PLATFORM = robots(ENGLISH)


def text(content: str) -> dict[str, Any]:
    """A text message."""
    return {"msgtype": "text", "text": {"content": content}}


def received(body: Any, *, after: float = 0.0, key: str = PAYMENTS.key, accepted: bool = True) -> Received:
    """What came so many seconds after NOW."""
    at = NOW + timedelta(seconds=after)
    return Received(at=at, key=key, body=body, errcode=0 if accepted else 93000, errmsg="", accepted=accepted)


def event(name: str, *, namespace: str = "payments", level: str = "Warning", count: int = 1) -> JsonObject:
    """A BackOff of a pod."""
    involved = {"kind": "Pod", "namespace": namespace, "name": name}
    return {"involvedObject": involved, "reason": "BackOff", "message": "m", "type": level, "count": count}


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (text("BackOff · Pod a"), 1),
        (text("BackOff · Pod a ×3\n×7 in the message"), 3),
        (text("4 groups of events ×1233 · prod ×1"), 1),
        (text("odd ×5 reason · Pod a ×12"), 12),
        (text("a×3"), 1),
        ({"msgtype": "markdown", "markdown": {"content": '**<font color="warning">2 groups ×25</font>**\nx ×24'}}, 25),
        ({"msgtype": "template_card", "template_card": {"main_title": {"title": "BackOff ×4"}}}, 4),
        ({"msgtype": "template_card", "template_card": {"main_title": "×4"}}, 1),
        ({"msgtype": "news", "news": {"articles": []}}, 1),
        (None, 1),
    ],
)
def test_what_a_message_stands_for_is_in_its_first_line(body: Any, count: int) -> None:
    """The last ×N of the first line, or of a card's title; else 1."""
    assert stands_for(received(body)) == count


def test_what_is_selected_waits_until_it_is_told() -> None:
    """By group: a message of ×N tells N events; what no filter takes never waits; refused messages tell nothing."""
    ledger = Ledger((PAYMENTS, PLATFORM))
    for number in range(3):
        ledger.created_event(event(f"a{number}"), NOW)
    ledger.created_event(event("b", namespace="search"), NOW)
    ledger.created_event(event("c", level="Normal"), NOW)
    assert (ledger.created, ledger.selected, ledger.waiting) == (5, 4, 4)

    ledger.received(received(text("x"), accepted=False))
    ledger.received(received(text("2 groups ×3")))

    assert (ledger.told, ledger.waiting, ledger.accepted, ledger.refused) == (3, 1, 1, 1)
    assert [account.waiting for account in ledger.accounts] == [0, 1]


def test_a_message_about_one_event_has_a_delay() -> None:
    """Seconds since the newest version of the event that it names; none for a digest, or for another program's."""
    ledger = Ledger((PAYMENTS, PLATFORM))
    ledger.created_event(event("api-1"), NOW)
    ledger.created_event(event("api-1"), NOW + timedelta(seconds=1))

    told = ledger.received(received(text("BackOff · Pod payments/api-1"), after=1.5))
    assert told is not None
    assert told.delay == 0.5
    for content in ("BackOff · Pod payments/api-1 ×2", "hello"):
        told = ledger.received(received(text(content), after=2))
        assert told is not None
        assert told.delay is None
    assert ledger.median_delay == 0.5


def test_delays_of_a_played_fault_do_not_count() -> None:
    """The message shows its delay; the median is of what no fault held up."""
    ledger = Ledger((PAYMENTS, PLATFORM))
    ledger.created_event(event("api-1"), NOW, calm=False)

    told = ledger.received(received(text("BackOff api-1"), after=20))

    assert told is not None
    assert told.delay == 20
    assert ledger.median_delay is None


@pytest.mark.parametrize(("after", "repeat"), [(25.0, True), (0.01, False)])
def test_a_repeat_that_was_held_back_is_called_one(after: float, repeat: bool) -> None:
    """It is late on purpose, so its delay does not count; an event that changed its words is told at once."""
    ledger = Ledger((PAYMENTS, PLATFORM))
    ledger.created_event(event("api-1", count=2), NOW)

    told = ledger.received(received(text("BackOff api-1"), after=after))

    assert told is not None
    assert (told.delay, told.repeat) == (after, repeat)
    assert ledger.median_delay == (None if repeat else after)


def test_a_message_with_a_key_of_nobody_is_not_booked() -> None:
    """It came to no group."""
    ledger = Ledger((PAYMENTS, PLATFORM))

    assert ledger.received(received(text("x"), key="unknown", accepted=False)) is None
    assert ledger.refused == 0
