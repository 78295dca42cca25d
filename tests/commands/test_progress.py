"""While something is waited for, a terminal says what; a pipe and a file are left alone."""

from __future__ import annotations

import contextlib
import io

import pytest

from kube_wecom_eventer.commands.progress import Progress


class Terminal(io.StringIO):
    """A text stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_until_it_is_over() -> None:
    """Also where it fails; what would move the cursor does not."""
    out = Terminal()
    with contextlib.suppress(ZeroDivisionError), Progress(out).saying("asking \x1b[2J ..."):
        assert out.getvalue() == "\r\x1b[Kasking \ufffd[2J ..."
        raise ZeroDivisionError
    assert out.getvalue().endswith("...\r\x1b[K")


@pytest.mark.parametrize("out", [io.StringIO(), None])
def test_nothing_else_is_told(out: io.StringIO | None) -> None:
    """A log would hold the line for ever."""
    with Progress(out).saying("asking ..."):
        pass
    assert out is None or out.getvalue() == ""
