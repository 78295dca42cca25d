"""Texts keep their place on the screen, whatever they hold."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from kube_wecom_eventer.demo.terminal import Terminal, cut, plain, width_of, wrapped


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


class ClosedPipe(io.StringIO):
    """A stream that nobody reads."""

    def write(self, _: str) -> int:
        """Fail as a pipe does whose reader has gone."""
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("支付", 4), ("e\u0301", 1), ("\x1b[31mred\x1b[0m", 3), ("", 0), ("，", 2)],
)
def test_width(text: str, columns: int) -> None:
    """Chinese takes two columns, combining marks and styles take none."""
    assert width_of(text) == columns


def test_cut_and_wrapped_count_columns() -> None:
    """Neither splits a character nor goes over the edge."""
    assert cut("支付网关", 8) == "支付网关"
    assert cut("支付网关", 7) == "支付网…"
    assert cut("支付网关", 6) == "支付…"
    assert list(wrapped("a支付网", 4)) == ["a支", "付网"]
    assert list(wrapped("", 4)) == [""]


def test_a_message_can_not_draw_by_itself() -> None:
    """Control characters of a message do not reach the terminal."""
    assert plain("a\x1b[31mb\rc\x9b") == "a [31mb c "


@pytest.mark.parametrize(
    ("environment", "styled"),
    [({"TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(environment: Mapping[str, str], styled: bool) -> None:
    """NO_COLOR and a dumb terminal get plain text, and so does a file."""
    terminal = Terminal(out=FakeTerminal(), environment=environment)

    assert (terminal.style("x", "red") != "x") is styled
    assert Terminal(out=io.StringIO(), environment=environment).style("x", "red") == "x"


def test_a_box_is_straight() -> None:
    """All lines of a frame are equally wide, Chinese title and text included."""
    out = io.StringIO()
    terminal = Terminal(out=out, environment={})

    terminal.box("支付值班群", ["abc", "镜像拉取失败", terminal.style("x", "mention")], indent=4, style="green")

    assert len({width_of(line) for line in out.getvalue().splitlines()}) == 1


def test_a_closed_pipe_is_told_once() -> None:
    """When nobody reads any more, that is told, and later lines go nowhere."""
    told = []
    terminal = Terminal(out=ClosedPipe(), environment={}, on_closed=lambda: told.append(1))

    terminal.line("one")
    terminal.line("two")

    assert told == [1]


def test_progress_gives_way_to_the_next_line() -> None:
    """On a terminal it is erased; in a file it never stands."""
    for out, expected in (
        (FakeTerminal(), "\r\x1b[K1 waits\r\x1b[K0 wait\r\x1b[Kover\nnext\n"),
        (io.StringIO(), "over\nnext\n"),
    ):
        terminal = Terminal(out=out, environment={})
        terminal.progress("1 waits")
        terminal.progress("0 wait")
        terminal.line("over")
        terminal.line("next")
        terminal.end_progress()
        assert out.getvalue() == expected


def test_progress_that_is_left_ends_its_line() -> None:
    """Whatever comes behind the demo begins a line of its own."""
    out = FakeTerminal()
    terminal = Terminal(out=out, environment={})

    terminal.progress("1 waits")
    terminal.end_progress()

    assert out.getvalue() == "\r\x1b[K1 waits\n"
