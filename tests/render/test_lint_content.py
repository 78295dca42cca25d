"""Markup, mentions and values that arrive otherwise than they are meant are told."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.render.lint import Language
from tests.render.linting import body, lint, one

CONTENTS = [
    (
        "markdown",
        "<@all> {{ .Message }}",
        "mentions_ignored",
        "<@all> has no effect: WeCom's markdown can't mention all",
    ),
    (
        "markdown_v2",
        "<@wangqing> {{ .Message }}",
        "mentions_ignored",
        "<@wangqing> has no effect: WeCom mentions nobody in markdown_v2",
    ),
    (
        "text",
        "@wangqing {{ .Message }}",
        "mentions_nobody",
        "@wangqing in the content is only text, it mentions nobody",
    ),
    (
        "text",
        "请 @张三 处理 {{ .Message }}",
        "mentions_nobody",
        "@张三 in the content is only text, it mentions nobody",
    ),
    ("markdown", "@all {{ .Message }}", "mentions_nobody", "@all in the content is only text, it mentions nobody"),
    (
        "markdown",
        r"<font color=\"red\">{{ .Reason }}</font>",
        "colour_unknown",
        'colour "red": WeCom knows info (green), comment (grey) and warning (orange) only',
    ),
    (
        "markdown",
        r"<font color='#FF0000'>{{ .Reason }}</font>",
        "colour_unknown",
        'colour "#FF0000": WeCom knows info (green), comment (grey) and warning (orange) only',
    ),
    ("markdown", r"<font color=\"info\">{{ .Reason }}", "font_open", "a <font> has no </font>, or the other way round"),
    (
        "markdown_v2",
        r"<font color=\"info\">{{ .Reason }}</font>",
        "markup_ignored",
        "markdown_v2 has no colours, <font> shows as it is written",
    ),
    (
        "markdown",
        r"{{ .Reason }}\n- {{ .Message }}",
        "markup_ignored",
        "markdown has no lists, they show as they are written",
    ),
    ("markdown", r"1. {{ .Message }}", "markup_ignored", "markdown has no lists, they show as they are written"),
    (
        "markdown",
        r"| a | b |\n| --- | --- |\n| {{ .Reason }} | x |",
        "markup_ignored",
        "markdown has no tables, they show as they are written",
    ),
    (
        "markdown",
        r"```\n{{ .Message }}\n```",
        "markup_ignored",
        "markdown has no fences, they show as they are written",
    ),
    ("markdown", r"{{ .Reason }}\n---\nx", "markup_ignored", "markdown has no rules, they show as they are written"),
    ("text", "**{{ .Reason }}**", "markup_ignored", "text has no markup, **…** shows as it is written"),
    (
        "text",
        "[log](https://example.com/{{ .Name }})",
        "markup_ignored",
        "text has no markup, [log](https: shows as it is written",
    ),
]


@pytest.mark.parametrize(("kind", "content", "code", "text"), CONTENTS, ids=[content[3] for content in CONTENTS])
def test_markup_and_mentions_that_do_not_act_are_told(kind: str, content: str, code: str, text: str) -> None:
    """They are sent, accepted, and show as nobody meant."""
    level, found, said, instead = one(lint(body(kind, content)))
    assert (level, found, said) == ("warning", code, text)
    assert instead


@pytest.mark.parametrize("kind", ["text", "markdown", "markdown_v2"])
def test_what_an_event_holds_is_not_taken_for_the_templates_own(kind: str) -> None:
    """One of the events holds mentions, colours, bold and a fence."""
    assert lint(body(kind, r"{{ .Reason }}\n{{ .Message }}")) == []


VALUES = [
    ('{{ printf "%q" .Message }}', "go", "escaped_twice"),
    (
        r"{{ event.message | replace('\"', '\\\"') }}".replace(r"\"", '"').replace(r"\\", "\\\\"),
        "jinja",
        "escaped_twice",
    ),
    ("{{ .Message | html }}", "go", "escaped_html"),
    ("{{ .Labels.app }} {{ .Reason }}", "go", "no_value"),
    ("{{ .EventTime }} {{ .Reason }}", "go", "time_missing"),
    ('{{ "<@wangqing>" }} {{ .Reason }}', "go", "markup_printed"),
]


@pytest.mark.parametrize(("content", "language", "code"), VALUES)
def test_values_that_arrive_otherwise_than_meant_are_told(content: str, language: Language, code: str) -> None:
    """Own escaping, fields that few events have, markup that an expression prints."""
    level, found, _, instead = one(lint(body(content=content), language=language))
    assert (level, found) == ("warning", code)
    assert instead
