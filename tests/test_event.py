from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kube_wecom_eventer.event import Event
from tests.support.events import make_event

NOON = "2026-11-20T12:00:00Z"
MICRO = "2026-11-20T12:00:00.250000Z"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"series": {"count": 2, "lastObservedTime": MICRO}, "lastTimestamp": "2026-11-20T01:00:00Z"},
            datetime(2026, 11, 20, 12, 0, 0, 250_000, UTC),
            id="a series' own time is the newest",
        ),
        pytest.param({"lastTimestamp": NOON}, datetime(2026, 11, 20, 12, tzinfo=UTC), id="lastTimestamp"),
        pytest.param(
            {"lastTimestamp": None, "eventTime": MICRO},
            datetime(2026, 11, 20, 12, 0, 0, 250_000, UTC),
            id="eventTime where lastTimestamp is null",
        ),
        pytest.param(
            {"lastTimestamp": "0001-01-01T00:00:00Z", "firstTimestamp": NOON},
            datetime(2026, 11, 20, 12, tzinfo=UTC),
            id="Go's zero time is no time",
        ),
        pytest.param(
            {"lastTimestamp": None, "firstTimestamp": None},
            datetime(2026, 11, 20, 1, tzinfo=UTC),
            id="the creation time as the last resort",
        ),
    ],
)
def test_the_time_of_an_event_is_the_newest_that_it_names(fields: dict[str, Any], expected: datetime) -> None:
    """Of the five places where Kubernetes writes a time, the truest one that is filled counts."""
    assert expected == make_event(**fields).happened_at


def test_an_event_without_any_time_has_none() -> None:
    """Nothing is made up where the server gave no time at all."""
    assert Event().happened_at is None


def test_unknown_and_null_fields_are_tolerated() -> None:
    """A newer API server may send fields that we don't know, and null where a struct has no value."""
    line = b'{"reason":"X","series":null,"related":null,"metadata":{"name":"n","managedFields":[{}]},"future":{"a":1}}'
    assert msgspec.json.decode(line, type=Event).reason == "X"
