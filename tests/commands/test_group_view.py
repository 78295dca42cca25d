"""A message is drawn as WeCom draws it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kube_wecom_eventer.commands.render.group_view import Paint, group_view, mentions
from kube_wecom_eventer.commands.texts import printable

PLAIN, COLOURED = Paint(colours=False), Paint(colours=True)


def message(kind: str, content: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": kind, kind: {"content": content, **more}}


def test_a_text_has_no_markup_and_its_lists_follow() -> None:
    """As in the group, where names are written behind it."""
    body = message("text", "**a** <@li>\n# b", mentioned_list=["wang", "@all"], mentioned_mobile_list=["138"])
    assert group_view(body, paint=PLAIN) == ["**a** @li", "# b", "@wang @all @138"]
    assert mentions(body) == ("li", "wang", "@all", "138")


def test_markdowns_markup_acts() -> None:
    """Headings, bold, links, quotes and colours; what it doesn't know stays."""
    content = '# head\n> **b** [t](http://x)\n<font color="warning">w</font> - x\n- y\n<@wang> <@all>'
    assert group_view(message("markdown", content), paint=PLAIN) == [
        "head",
        "▎b t (http://x)",
        "w - x",
        "- y",
        "@wang @all",
    ]
    assert mentions(message("markdown", content)) == ("wang",)


def test_markdown_v2_has_lists_and_fences() -> None:
    """And mentions nobody."""
    body = message("markdown_v2", "## h\n- a\n  * b\n```\n- **x**\n```\n<@wang>")
    assert group_view(body, paint=PLAIN) == ["h", "• a", "  • b", "  - **x**", "<@wang>"]
    assert mentions(body) == ()


def test_a_card_and_news_show_their_parts() -> None:
    """Title, description, text, rows."""
    card = {
        "main_title": {"title": "t", "desc": "d"},
        "sub_title_text": "s",
        "horizontal_content_list": [{"keyname": "k", "value": "v"}],
    }
    assert group_view({"msgtype": "template_card", "template_card": card}, paint=PLAIN) == ["t", "d", "s", "k  v"]
    news = {"articles": [{"title": "t", "description": "d"}]}
    assert group_view({"msgtype": "news", "news": news}, paint=PLAIN) == ["t", "d"]
    assert group_view({"msgtype": "file", "file": {"media_id": "x"}}, paint=PLAIN) == ["(file)"]


@pytest.mark.parametrize("body", [{}, {"msgtype": "text"}, {"msgtype": 5, "5": {}}, {"msgtype": "text", "text": []}])
def test_what_is_no_message_shows_nothing(body: dict[str, Any]) -> None:
    """WeCom would refuse it."""
    assert group_view(body, paint=PLAIN) == []
    assert mentions(body) == ()


def test_colours_are_wecoms() -> None:
    """And take nothing from the text."""
    content = '<font color="info">i</font> <font color="warning">**w**</font> <@wang>'
    (line,) = group_view(message("markdown", content), paint=COLOURED)
    assert "\x1b[32mi\x1b[0m" in line
    assert "\x1b[1;36m@wang\x1b[0m" in line
    assert re.sub(r"\x1b\[[0-9;]*m", "", line) == "i w @wang"


def test_what_moves_a_terminal_is_replaced() -> None:
    """Line breaks and tabs are kept as what they do."""
    assert printable("a\x1b[2J\x00\x9b\r\nb\tc\ud800") == "a\ufffd[2J\ufffd\ufffd\ufffd\nb   c\ufffd"
