"""Alerts in a checkpoint: whole while there is room, then as sums; every one counted."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.kube.checkpoint import FORMAT, LIMIT, Checkpoint, StreamPosition, decode, encode
from kube_wecom_eventer.kube.stored_alerts import (
    MOST_SUMS,
    ROOM,
    ROOM_FOR_SUMS,
    StoredAlerts,
    WaitingAlert,
    stored_alerts,
)
from tests.support.alerts import make_alert


def waiting(number: int, *, text: str = "", **labels: str) -> WaitingAlert:
    alert = make_alert(labels={"pod": f"p-{number}", **labels}, annotations={"summary": text})
    return WaitingAlert(route="r", alert=alert, count=2)


def checkpoint(alerts: StoredAlerts) -> Checkpoint:
    position = StreamPosition(seen=7, alive_at=1.0)
    return Checkpoint(format=FORMAT, writer="w", written_at=1.0, clean=True, streams={"": position}, alerts=alerts)


def test_what_waits_comes_back_as_it_was() -> None:
    """With its group, its times and how many it stands for; and what was told."""
    over = WaitingAlert(route="other", alert=make_alert(lasted=timedelta(minutes=3)), several=True)
    stored = stored_alerts([waiting(1), over], [("r", (1, 2, 3, 4)), ("s", (5, 6, 7, 0)), ("r", (8, 9, 10, 0))])
    again = decode(encode(checkpoint(stored), {})).alerts
    assert again == StoredAlerts(
        waiting=(waiting(1), over), told={"r": [(1, 2, 3, 4), (8, 9, 10, 0)], "s": [(5, 6, 7, 0)]}
    )
    assert again.count == 3


def test_a_checkpoint_of_an_earlier_version_has_no_alerts() -> None:
    """It is read all the same, and an earlier version reads ours."""
    plain = msgspec.json.decode(encode(checkpoint(StoredAlerts()), {}))
    del plain["alerts"]
    assert not decode(msgspec.json.encode(plain)).alerts


def test_beyond_the_room_there_are_sums() -> None:
    """By route, name, namespace, severity and status; beyond those by route and status."""
    many = [waiting(number, text="x" * 2000, namespace=f"ns-{number % 400}") for number in range(1000)]
    stored = stored_alerts(many, [])
    assert stored.count == 2000
    assert len(msgspec.json.encode(stored)) < LIMIT
    sums = [each for each in stored.waiting if not each.alert.annotations]
    assert len(sums) == MOST_SUMS + 1
    assert max(sums, key=lambda each: each.count).alert.labels == {"alertname": "…"}


@pytest.mark.parametrize("sign", ["x", "\x01"])
def test_sums_with_long_labels_have_their_room_too(sign: str) -> None:
    """A ConfigMap takes 1 MiB, and JSON writes six signs for some: a checkpoint that is not taken any more is none."""
    long = sign * 1000
    many = [waiting(number, alertname=f"{number}{long}", namespace=long, severity=long) for number in range(400)]
    stored = stored_alerts(many, [])
    assert stored.count == 800
    assert len(msgspec.json.encode(stored)) < ROOM + ROOM_FOR_SUMS + 1000


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    sizes=st.lists(st.integers(0, 8000), max_size=300),
    statuses=st.integers(1, 2),
)
def test_none_is_lost_and_the_size_is_bounded(sizes: list[int], statuses: int) -> None:
    """Whatever waits."""
    many = [
        WaitingAlert(
            route=f"r-{number % 3}",
            alert=make_alert(
                labels={"alertname": f"A{number}", "namespace": "n" * 200},
                annotations={"summary": "x" * size},
                lasted=timedelta(1) if number % statuses else None,
            ),
        )
        for number, size in enumerate(sizes)
    ]
    stored = stored_alerts(many, [])
    assert stored.count == len(sizes)
    for route in ("r-0", "r-1", "r-2"):
        assert sum(each.count for each in stored.waiting if each.route == route) == sum(
            each.route == route for each in many
        )
    assert len(msgspec.json.encode(stored)) < ROOM + ROOM_FOR_SUMS + 2000
