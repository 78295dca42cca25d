"""The log's events, and their page."""

from __future__ import annotations

import re
from pathlib import Path

from tools.reference.log_events import log_events, page
from tools.reference.log_meanings import MEANINGS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_code_says() -> None:
    """``make docs`` writes it anew."""
    assert (DOCS / "log-events.md").read_text(encoding="utf-8") == page()


def test_each_event_has_a_meaning_and_no_meaning_is_left_over() -> None:
    """In tools/reference/log_meanings.py."""
    assert list(MEANINGS) == sorted(log_events())


def test_names_are_constant_and_in_snake_case() -> None:
    """People search for them and count them."""
    assert [name for name in log_events() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
