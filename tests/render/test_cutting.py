from __future__ import annotations

import re

import pytest

from kube_wecom_eventer.render.cutting import cut_content

PIECES = [
    "**⚠️ 错误** [日志](https://example.com/a)",
    '<font color="warning">BackOff</font> <@wangqing>',
    "`checkout-7d9f`",
    "```\nline\n```\n",
]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("limit", range(60, 180, 7))
def test_a_cut_leaves_no_half_sign_and_nothing_open(piece: str, limit: int) -> None:
    """Wherever the limit falls."""
    cut = cut_content(piece * 20, limit, markup=True)
    assert len(cut.encode()) <= limit
    assert "…(truncated)" in cut
    assert cut.count("<font") == cut.count("</font>")
    assert not re.search(r"<(?!font color=\"warning\">|/font>|@wangqing>)", cut)
    assert cut.count("](") == cut.count("a)") == cut.count("[日志]")
    assert cut.count("`") % 2 == 0
    assert len(re.findall("(?m)^```", cut)) % 2 == 0


def test_an_open_fence_and_font_are_closed_behind_the_mark() -> None:
    """The fence first: it hides what stands in it."""
    assert cut_content("<font color='info'>\n```\n" + "x" * 200, 100, markup=True).endswith(
        "xxx …(truncated)\n```</font>"
    )


def test_the_mark_does_not_undo_a_closing_fence() -> None:
    """A fence closes only alone on its line."""
    assert cut_content("```\nx\n```" + "\ny" * 100, 24, markup=True) == "```\nx\n```\n…(truncated)"


def test_nothing_but_open_tags_still_gives_a_balanced_content() -> None:
    """Closing them costs more than they do."""
    cut = cut_content("<font color='info'>" * 1000, 4096, markup=True)
    assert len(cut.encode()) <= 4096
    assert cut.count("<font") == cut.count("</font>") > 50


@pytest.mark.parametrize("markup", [True, False])
def test_a_mention_is_whole_or_left_out(markup: bool) -> None:
    """Half a mention mentions nobody, and shows its signs."""
    for limit in range(30, 60):
        assert re.sub("<@wangqing>", "", cut_content("错<@wangqing>" * 20, limit, markup=markup)).count("<") == 0


def test_plain_text_is_not_closed() -> None:
    """What looks like markup in it is text."""
    assert cut_content("```" + "x" * 100, 50, markup=False).endswith("x …(truncated)")
    assert cut_content("short <font>", 50, markup=True) == "short <font>"
