from __future__ import annotations

import pytest

from kube_wecom_eventer.render.text import cut_bytes, harmless


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@all> look", "<\u200b@all> look"),
        ("a < b, c@d", "a < b, c@d"),
        ("image@sha256:12", "image@sha256:12"),
        ("nul\x00 bell\x07 esc\x1b[31m", "nul\ufffd bell\ufffd esc\ufffd[31m"),
        ("one\r\ntwo\tthree\nfour", "one\ntwo\tthree\nfour"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("emoji 🚀 and 中文", "emoji 🚀 and 中文"),
    ],
)
def test_an_events_text_is_made_harmless_and_stays_readable(text: str, expected: str) -> None:
    """No mention, no control characters; everything else as it was."""
    assert harmless(text) == expected
    assert harmless(expected) == expected


@pytest.mark.parametrize("limit", range(0, 40))
def test_a_cut_keeps_within_the_bytes_and_whole_characters(limit: int) -> None:
    """Whatever the limit, the result is valid UTF-8 within it."""
    text = "错误: 🚀 failed to pull image"
    cut = cut_bytes(text, limit)
    assert len(cut.encode()) <= limit
    assert "\ufffd" not in cut


def test_a_cut_is_visible_and_a_fitting_text_is_left_alone() -> None:
    """The reader must know that there was more."""
    assert cut_bytes("a" * 100, 50).endswith("…(truncated)")
    assert cut_bytes("中" * 10, 30) == "中" * 10
