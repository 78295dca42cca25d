from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.match.silence import Silence
from kube_wecom_eventer.match.silence_file import read_silences
from tests.support.events import make_event

NODE = {"kind": "Node", "name": "node-1"}
END = datetime(2026, 12, 1, tzinfo=UTC)
BEFORE = END - timedelta(microseconds=1)


def silence(fields: str, *, until: str = "2026-12-01T00:00:00Z") -> Silence:
    text = f"{{{fields}, until: '{until}', by: wangqing, why: migration}}"
    reading = read_silences("k", text, zone=ZoneInfo("Asia/Shanghai"), routes=["payments", "shop"])
    assert reading.problems == ()
    (only,) = reading.silences
    return only


def takes(fields: str, **event: Any) -> bool:
    return silence(fields).takes(make_event(**event), route="payments", now=BEFORE)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("namespace: pay", True),
        ("namespace: ^pay$", False),
        ("kind: '^(Pod|Node)$'", True),
        ("kind: pod", False),
        ("name: '^checkout-[0-9a-f]+$'", True),
        ("name: '^checkout$'", False),
        ("reason: Back", True),
        ("reason: ^Off", False),
        ("message: 'restarting .* container'", True),
        ("message: '(?i)BACK-OFF'", True),
        ("message: OOM", False),
        ("namespace: payments, reason: BackOff", True),
        ("namespace: payments, reason: Unhealthy", False),
        ("namespace: shop, reason: BackOff", False),
    ],
)
def test_all_matchers_must_be_found_anywhere(fields: str, expected: bool) -> None:
    """Regular expressions in RE2's syntax, each in its own field."""
    assert takes(fields) is expected


@pytest.mark.parametrize("field", ["namespace", "kind", "name", "reason", "message"])
def test_nothing_is_found_in_an_empty_field(field: str) -> None:
    """Not even what matches anything."""
    assert takes(f"{field}: '.*'")
    assert not takes(f"{field}: '.*'", involvedObject={}, reason="", message="")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("_cluster", True), ("^(_cluster|kube-system)$", True), ("cluster", False), (".", False), ("^$", False)],
)
def test_objects_without_a_namespace_are_meant_by_name_only(pattern: str, expected: bool) -> None:
    """``namespace: cluster`` must not silence all nodes."""
    assert takes(f"namespace: '{pattern}'", involvedObject=NODE) is expected


def test_a_silence_holds_for_its_routes() -> None:
    """One, several, or all."""
    event = make_event()
    for fields, routes in (
        ("kind: Pod, route: payments", ["payments"]),
        ("kind: Pod, route: [payments]", ["payments"]),
        ("kind: Pod, route: [shop, payments]", ["payments", "shop"]),
        ("kind: Pod", ["payments", "shop"]),
    ):
        held = [route for route in ("payments", "shop") if silence(fields).takes(event, route=route, now=BEFORE)]
        assert held == routes


@pytest.mark.parametrize(
    "until",
    [
        "2026-12-01T00:00:00Z",
        "2026-12-01t00:00:00z",
        "2026-12-01T08:00:00+08:00",
        "2026-11-30T16:30:00.000-07:30",
        "2026-12-01 08:00",
        "2026-12-01 08:00:00",
        "2026-12-01T08:00",
    ],
)
def test_a_silence_ends_at_the_second(until: str) -> None:
    """RFC 3339, or the daemon's own zone; no edit is needed."""
    held = silence("kind: Pod", until=until)
    assert held.until == END
    assert held.takes(make_event(), route="payments", now=BEFORE)
    assert not held.takes(make_event(), route="payments", now=END)


def test_where_it_is_written_makes_no_difference() -> None:
    """A silence that moves to another line is the same one."""
    (first,) = read_silences("a", "{kind: Pod, until: 2026-12-01 08:00, by: a, why: b}", zone=UTC, routes=[]).silences
    text = "\n\nkind: Pod\nby: a\nwhy: b\nuntil: 2026-12-01 08:00"
    (second,) = read_silences("b", text, zone=UTC, routes=[]).silences
    assert (first.where, second.where) == ("a, line 1", "b, line 3")
    assert first == second
    assert hash(first) == hash(second)
