from __future__ import annotations

import pytest

from kube_wecom_eventer.render.style import Style, markdown_mentions, style_doubts


@pytest.mark.parametrize(
    "style",
    [
        Style(),
        Style(mentioned_list=("@all", "wangqing"), mentioned_mobile_list=("13800001111", "@all")),
        Style(msgtype="markdown", mentioned_list=("wang.qing-1@corp",)),
        Style(msgtype="markdown_v2", lang="en", cluster="prod"),
        Style(msgtype="template_card"),
    ],
)
def test_a_style_that_works_raises_no_doubts(style: Style) -> None:
    """An operator who reads a warning should have something to do."""
    assert style_doubts(style) == ()


@pytest.mark.parametrize("msgtype", ["markdown_v2", "template_card"])
def test_mentions_where_none_are_possible_are_doubted(msgtype: str) -> None:
    """Each list is named, with what to write instead."""
    style = Style(msgtype=msgtype, mentioned_list=("wangqing",), mentioned_mobile_list=("13800001111",))
    assert style_doubts(style) == (
        f"mentioned_list has no effect: WeCom mentions nobody in {msgtype}; write msgtype=text",
        f"mentioned_mobile_list has no effect: WeCom mentions nobody in {msgtype}; write msgtype=text",
    )


def test_markdown_mentions_userids_only() -> None:
    """Neither all, nor telephones, nor what is no userid: each has its line, and none gets into the content."""
    style = Style(
        msgtype="markdown",
        mentioned_list=("wangqing", "@all", "a> <@b"),
        mentioned_mobile_list=("13800001111",),
    )
    assert markdown_mentions(style) == "<@wangqing>"
    mobile, everybody, bad = style_doubts(style)
    assert mobile.startswith("mentioned_mobile_list has no effect")
    assert everybody.startswith("mentioned_list=@all has no effect")
    assert bad.startswith("mentioned_list=a> <@b has no effect: not a userid")


def test_too_many_userids_for_a_markdown_are_doubted() -> None:
    """They would leave no room for the event."""
    style = Style(msgtype="markdown", mentioned_list=tuple(f"user{number:060}" for number in range(50)))
    assert len(markdown_mentions(style)) <= 1024
    assert "50 userids, a markdown message has room for the first 15" in style_doubts(style)[0]


def test_unknown_words_are_doubted() -> None:
    """They cost the look, not the event."""
    first, second = style_doubts(Style(msgtype="html", lang="fr"))
    assert first.startswith("msgtype=html has no built-in message, text is sent")
    assert second.startswith("lang=fr is not known, Chinese is written")
