from __future__ import annotations

import io
from argparse import SUPPRESS, ArgumentParser

import pytest

from kube_wecom_eventer import __version__
from kube_wecom_eventer.command_line import WIDTH, definitions, examples, show
from kube_wecom_eventer.command_parser import CommandParser, option_groups


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def parser() -> CommandParser:
    found = CommandParser(
        "brew",
        description="Makes `tea`.\n\nOr coffee.",
        examples=(("brew --cups=2", "For two."),),
        statuses={0: "There is tea.", 1: "There is none."},
        takes="[the kettle's flags]",
    )
    found.add_argument("--cups", type=float, default=1.0, help="How many.")
    found.add_argument("-k", "--kind", choices=("green", "black"), help="Which `leaves`. Unset: any.")
    found.add_argument("--hot", action="store_true", help="Or not.")
    found.add_argument("--secret", help=SUPPRESS)
    found.add_argument("guest", nargs="?", help="For whom.")
    return found


HELP = """\
Usage: kube-wecom-eventer brew [options] GUEST [the kettle's flags]

Makes tea.

Or coffee.

Arguments:
  GUEST                 For whom.

Options:
  -h, --help            Print this help.
  --version             Print the version.
  --cups=CUPS           How many. (default 1)
  -k, --kind=green|black
                        Which leaves. Unset: any.
  --hot                 Or not.

Examples:
  kube-wecom-eventer brew --cups=2
      For two.

Exit status:
  0                     There is tea.
  1                     There is none.
"""


def test_the_help_of_a_command() -> None:
    """Two columns, one form for each option, what is hidden left out, no backquotes."""
    assert parser().format_help() == HELP


def test_options_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """As argparse reads them."""
    found = parser().parse_args(["--cups=2", "-k", "black", "wangqing"])
    assert (found.cups, found.kind, found.hot, found.guest) == (2.0, "black", False, "wangqing")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        (["--cup=2", "--kund"], ["--cup: unknown option; did you mean --cups?", "--kund: unknown option; did you "]),
        (["a", "key=hunter2"], ["key...: one argument too many"]),
        (["--hunt=hunter2"], ["--hunt: unknown option"]),
        (["--cups=many"], ["argument --cups: invalid float value: 'many'"]),
        (["--cups"], ["argument --cups: expected one argument"]),
    ],
)
def test_what_cannot_be_read_is_refused_in_lines(
    args: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, all that is unknown at once, a name that may have been meant, nothing that may be a secret."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(args)
    assert ended.value.code == 2
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == len(lines) + 1
    for line, expected in zip(shown, [*lines, "--help lists the options"], strict=True):
        assert line.startswith(f"kube-wecom-eventer brew: {expected}")
    assert "hunter2" not in str(shown)


@pytest.mark.parametrize(
    ("args", "expected"), [(["--help"], HELP), (["--version"], f"kube-wecom-eventer {__version__}\n")]
)
def test_help_and_version_are_printed(args: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And that is all."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(args)
    assert (ended.value.code, capsys.readouterr().out) == (0, expected)


def test_the_options_of_any_parser_can_be_asked_for() -> None:
    """The reference is made of them."""
    plain = ArgumentParser(add_help=False)
    plain.add_argument("file", help="What.")
    plain.add_argument("-n", type=int, default=3)
    ((arguments, (file,)), (options, (number,))) = option_groups(plain)
    assert (arguments, file.name, file.written, file.help) == ("Arguments", "file", "FILE", "What.")
    assert (options, number.written, number.default) == ("Options", "-n=N", "3")


@pytest.mark.parametrize(
    ("out", "environ", "bold"),
    [
        (Screen, {}, True),
        (Screen, {"NO_COLOR": "1"}, False),
        (Screen, {"TERM": "dumb"}, False),
        (io.StringIO, {}, False),
    ],
)
def test_headings_are_bold_on_a_terminal(out: type[io.StringIO], environ: dict[str, str], bold: bool) -> None:
    """Not in a pipe, and not for whom colours are a nuisance."""
    to = out()
    show(HELP, to, environ=environ)
    assert to.getvalue().startswith("\033[1mUsage\033[0m: kube-") is bold
    assert ("\n\033[1mExit status\033[0m:\n" in to.getvalue()) is bold
    assert to.getvalue().replace("\033[1m", "").replace("\033[0m", "") == HELP


def test_texts_are_wrapped_in_their_column() -> None:
    """A term that is too long for its column stands on a line of its own."""
    text = definitions("Title", [("short", "word " * 30), ("a-term-that-is-rather-long", "text")], intro="word " * 30)
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    assert lines[0] == "Title:"
    assert "  short                 word word" in text
    assert lines[-2:] == ["  a-term-that-is-rather-long", " " * 24 + "text"]


def test_a_long_example_is_continued_as_a_shell_does() -> None:
    """It can be copied."""
    shown = examples([(" ".join(["--sink='wecom:?key=K&namespaces=payments'"] * 2), "Why.")])
    assert shown.splitlines() == [
        "Examples:",
        "  kube-wecom-eventer --sink='wecom:?key=K&namespaces=payments' \\",
        "    --sink='wecom:?key=K&namespaces=payments'",
        "      Why.",
    ]
