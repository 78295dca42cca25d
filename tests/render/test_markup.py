from __future__ import annotations

import pytest

from kube_wecom_eventer.render.markup import (
    contained,
    fenced_text,
    inert,
    inert_line,
    inert_line_v2,
    quoted,
    unaddressed_quote,
)

COPIED = [
    "checkout-7d9f8c6b5-x2x9z",
    "registry.example.com:5000/team_a/app@sha256:0a1b2c",
    "spec.containers{web}",
    "/var/lib/kubelet/pods/6f2d/volumes/kubernetes.io~projected/token",
    "C:\\temp\\new",
    "https://example.com/a_b?c=d&e=[f]#g",
    "exit 1: 3 < 4 && a<=b | tee x",
    "__init__ 100% $HOME {a: [1, 2]}",
]


@pytest.mark.parametrize("text", COPIED)
def test_what_one_copies_stays_as_it_is(text: str) -> None:
    """Names, images, paths, addresses, commands: byte for byte."""
    assert contained(text) == text
    assert inert(text) == text
    assert fenced_text(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<font color="info">x</font>', '<\u200bfont color="info">x<\u200b/font>'),
        ("<@all>", "<\u200b@all>"),
        ("ends with <", "ends with <\u200b"),
        ("`x` and ```", "'x' and '''"),
        ("~~~~", "~\u200b~\u200b~~"),
        ("**x** [l](http://y)", "**x** [l](http://y)"),
    ],
)
def test_a_value_can_not_break_out_of_the_markup_around_it(text: str, expected: str) -> None:
    """Only what would is touched, and once."""
    assert contained(text) == expected
    assert contained(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**x** ***", "*\u200b*x*\u200b* *\u200b*\u200b*"),
        ("[l](http://y)", "[l]\u200b(http://y)"),
        ("a\n# b\n  > c\rd", "a\n\u200b# b\n  \u200b> c\nd"),
    ],
)
def test_a_text_in_markdown_has_no_markup_of_its_own(text: str, expected: str) -> None:
    """Each sign is parted by what does not show."""
    assert inert(text) == expected


def test_a_line_is_one_line_and_escapes_nothing_behind_it() -> None:
    """Or an event's name could begin a line of its own, or undo our own markup."""
    assert inert_line("a\u2028b\n#c  d <\n") == "a b #c d <\u200b"
    assert inert_line("x\\") == "x\\\u200b"


def test_look_alikes_where_a_zero_width_space_breaks_nothing() -> None:
    """markdown_v2 has emphasis by single signs; an underscore within a name is none."""
    assert inert_line_v2("*a* _b_ __c__ d_e ~~f~~") == "∗a∗ ＿b＿ ＿＿c＿＿ d_e ～～f～～"


def test_a_quote_has_its_sign_before_each_line() -> None:
    """Whatever ends a line: the message can't step out of the quote."""
    assert quoted("a\r\nb\u2028c\n\nd\x85e") == "> a\n> b\n> c\n>\n> d\n> e"


def test_a_line_that_would_define_a_link_defines_none() -> None:
    """``[words][name]`` leads where any line says, in some chats; elsewhere in a line brackets stay."""
    text = "see [login][a]\n\n [a]: http://evil.example.com\nb [c]: d"
    assert unaddressed_quote(text) == ("> see [login][a]  \n>  \n> [a]\u200b: http://evil.example.com  \n> b [c]: d")
