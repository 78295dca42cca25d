"""What a replay counts."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.commands.check.replay import Group


@pytest.mark.parametrize(
    ("at", "most"),
    [
        ([], 0),
        ([5.0], 1),
        ([0.0, 0.0, 59.9], 3),
        ([0.0, 60.0, 120.0], 1),
        ([0.0, 10.0, 61.0, 62.0, 63.0, 121.5], 4),
        ([float(second) for second in range(3600)], 60),
    ],
)
def test_the_busiest_minute_is_any_sixty_seconds(at: list[float], most: int) -> None:
    """As the chats count: their end does not belong to them."""
    assert Group(at=at).most_in_a_minute() == most


def test_a_hundred_thousand_messages_are_counted_soon() -> None:
    """A service of one's own gets one for each event; comparing each with each would take hours."""
    assert Group(at=[number / 4 for number in range(100_000)]).most_in_a_minute() == 240
