"""The daemon's log is read for a person."""

from __future__ import annotations

import json

import pytest

from kube_wecom_eventer.demo.log_lines import read_log_line


@pytest.mark.parametrize(
    ("line", "is_warning", "text"),
    [
        (
            '{"left": 6, "event": "left_at_stop", "level": "error", "timestamp": "x"}',
            True,
            "left_at_stop left=6",
        ),
        ('{"event": "watching", "level": "info"}', False, "watching"),
        ("2026-03-08 [warning  ] no checkpoint", True, "2026-03-08 [warning  ] no checkpoint"),
        ("{not json", False, "{not json"),
    ],
)
def test_warnings_are_found(line: str, is_warning: bool, text: str) -> None:
    """By level or word, and JSON becomes a line."""
    read = read_log_line(line)

    assert (read.is_warning, read.text) == (is_warning, text)


def test_what_is_known_is_said_in_words() -> None:
    """A sentence with the line's own values, in either language."""
    line = {"level": "error", "event": "destination_broken", "detail": "errcode 93000: {x}", "waiting": 3}

    read = read_log_line(json.dumps(line))

    assert read.in_words("en") == (
        "A robot is broken: errcode 93000: {x}. Its events wait (3), and it is asked again, seldom"
    )
    assert read.in_words("zh") == "机器人不可用：errcode 93000: {x}。事件保留等待（3 个），低频重试"


@pytest.mark.parametrize(
    "line",
    [
        '{"level": "warning", "event": "something_new", "detail": "x"}',
        '{"level": "warning", "event": "destination_broken"}',
    ],
)
def test_what_is_not_known_is_said_as_it_stands(line: str) -> None:
    """An event without words, or without the values that its words need."""
    read = read_log_line(line)

    assert read.in_words("en") == read.in_words("zh") == read.text
