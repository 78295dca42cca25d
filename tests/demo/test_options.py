"""The demo's arguments: defaults, languages, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.demo.options import PAGE_PORT, parse


def test_the_language_comes_from_the_locale() -> None:
    """LANG decides, LC_ALL before it, --lang before both; only --lang counts as a wish."""
    chinese = {"LANG": "zh_CN.UTF-8"}

    assert parse([], chinese).texts.lang == "zh"
    assert parse([], chinese).lang == ""
    assert parse([], {**chinese, "LC_ALL": "C"}).texts.lang == "en"
    assert parse(["--lang", "en"], chinese).texts.lang == "en"
    assert parse(["--lang", "en"], chinese).lang == "en"


def test_the_pages_port_is_a_wish_unless_it_was_asked_for() -> None:
    """The default may be exchanged for a free port, a port from the arguments may not; --no-page has none."""
    assert (parse([], {}).page_port, parse([], {}).port_is_wish) == (PAGE_PORT, True)
    asked = parse(["--page-port", "9000"], {})
    assert (asked.page_port, asked.port_is_wish) == (9000, False)
    assert parse(["--no-page"], {}).page_port is None


def test_all_that_is_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line names the flag, the value and what to write; the exit status is 2."""
    with pytest.raises(SystemExit) as ended:
        parse(["--seconds", "-1", "--burst", "-2", "--page-port", "70000", "--no-page"], {})

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "--seconds=-1: write 0 to 86400" in said
    assert "--burst=-2: write 0 to 10000" in said
    assert "--page-port=70000: write 1 to 65535, or 0 for a free one" in said
    assert "--page-port and --no-page exclude each other" in said


@pytest.mark.parametrize("seconds", ["nan", "inf", "abc"])
def test_seconds_that_are_no_time_are_refused(seconds: str) -> None:
    """What is no number of seconds ends in exit status 2."""
    with pytest.raises(SystemExit) as ended:
        parse(["--seconds", seconds], {})

    assert ended.value.code == 2


def test_a_demo_in_which_nothing_can_happen_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a day there must be somebody to press the buttons: --stay, and a page."""
    for arguments, advice in (("--seconds 0", "add --stay"), ("--seconds 0 --stay --no-page", "leave out --no-page")):
        with pytest.raises(SystemExit):
            parse(arguments.split(), {})
        assert advice in capsys.readouterr().err


def test_help_says_when_the_demo_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """--help explains the end, the exit status and the way through ssh."""
    with pytest.raises(SystemExit) as ended:
        parse(["--help"], {})

    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in ("ends by itself", "Exit status:", "ssh -L 8085:127.0.0.1:8085", "--stay --seconds=0"):
        assert words in said
