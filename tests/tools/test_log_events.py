"""The log's events. That their pages are up to date is seen with the others that are made from the code."""

from __future__ import annotations

import re

from tools.reference.log_events import log_events
from tools.reference.log_meanings import MEANINGS


def test_each_event_has_a_meaning_and_no_meaning_is_left_over() -> None:
    """In tools/reference/log_meanings.py."""
    assert list(MEANINGS) == sorted(log_events())


def test_names_are_constant_and_in_snake_case() -> None:
    """People search for them and count them."""
    assert [name for name in log_events() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
