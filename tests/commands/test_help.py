"""What ``--help`` and ``help`` print, and that nothing is missing there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kube_wecom_eventer
from kube_wecom_eventer import __version__
from kube_wecom_eventer.cli import COMMANDS, main
from kube_wecom_eventer.command_line import PROGRAM, WIDTH
from kube_wecom_eventer.command_parser import CommandParser
from kube_wecom_eventer.commands.help import ENVIRONMENT, TOPICS
from kube_wecom_eventer.config.settings import FLAG_GROUPS
from kube_wecom_eventer.config.sink import PARAMETER_GROUPS
from kube_wecom_eventer.config.source import SOURCE_PARAMETERS
from kube_wecom_eventer.config.target import SINK_SCHEMES

PACKAGE = Path(kube_wecom_eventer.__file__).parent
KUBERNETES_OWN = {"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "HOSTNAME"}
"""Set in each pod, and by each shell."""
DEMO_ONLY = {"COLORTERM", "TERM", "COLUMNS"}


def shown(*args: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(args) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def has_term(text: str, term: str) -> bool:
    """Return whether a line begins with a term."""
    return f"\n  {term} " in text or f"\n  {term}\n" in text


@pytest.mark.parametrize("args", [["-h"], ["-help"], ["--help"], ["help"], ["help", "--help"], ["--sink=x", "--help"]])
def test_the_daemons_help_names_each_flag_and_each_command(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Enough to write the first command line, in groups."""
    text = shown(*args, capsys=capsys)
    for group in FLAG_GROUPS:
        assert f"\n\n{group.title}:\n" in text
        assert [flag.name for flag in group.flags if not has_term(text, flag.written)] == []
    assert [name for name in (*COMMANDS, *TOPICS, *ENVIRONMENT) if not has_term(text, name)] == []
    assert f"{PROGRAM} --sink='wecom:?key=" in text


def test_the_help_of_sinks_names_each_scheme_and_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    """With its default and the sinks that it is for."""
    text = shown("help", "sink", capsys=capsys)
    assert [scheme.form for scheme in SINK_SCHEMES if not has_term(text, scheme.form)] == []
    for group in PARAMETER_GROUPS:
        assert f"\n\n{group.title}:\n" in text
        assert [each.name for each in group.parameters if not has_term(text, each.name)] == []
    assert "(for WeCom robots, wechat:, dingtalk: and apprise:, default 5m)" in " ".join(text.split())


def test_the_help_of_sources_names_each_option(capsys: pytest.CaptureFixture[str]) -> None:
    """With what holds where none is written."""
    text = shown("help", "source", capsys=capsys)
    assert [option.name for option in SOURCE_PARAMETERS if not has_term(text, option.name)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_help_and_its_version(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By `NAME --help` as by `help NAME`, with examples and exit statuses."""
    parser = COMMANDS[name].parser()
    assert isinstance(parser, CommandParser)
    assert parser.examples
    assert {0, 2} <= set(parser.statuses)
    text = shown(name, "--help", capsys=capsys)
    assert text == parser.format_help() == shown("help", name, capsys=capsys) == shown(name, "-h", capsys=capsys)
    assert text.startswith(f"Usage: {PROGRAM} {name} [options]")
    assert shown(name, "--version", capsys=capsys) == f"{PROGRAM} {__version__}\n"


@pytest.mark.parametrize("args", [["--help"], *(["help", topic] for topic in (*TOPICS, *COMMANDS))], ids=" ".join)
def test_each_help_fits_a_terminal_and_needs_no_colours(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """80 columns; no markup; no page of the documentation that does not exist."""
    text = shown(*args, capsys=capsys)
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []
    assert "\033" not in text
    assert "`" not in text
    pages = re.findall(r"docs/[\w.-]+\.md", text)
    assert [page for page in pages if not (PACKAGE.parent / page).is_file()] == []


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["chekc"], "chekc: unknown command; did you mean check? --help lists the commands\n"),
        (["xyz"], "xyz: unknown command; --help lists the commands\n"),
        (["wecom:?key=hunter2"], "wecom...: unknown command; --help lists the commands\n"),
        (["help", "snik"], "help snik: unknown topic; did you mean sink? --help lists the topics\n"),
        (["help", "rotues"], "help rotues: unknown topic; did you mean routes? --help lists the topics\n"),
    ],
)
def test_an_unknown_command_or_topic_is_refused(args: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It names what was written, and what may have been meant."""
    assert main(args) == 2
    assert capsys.readouterr() == ("", line)


def test_each_variable_of_the_environment_that_is_read_is_documented() -> None:
    """Those that the code asks for by name; libraries read some more."""
    asked = re.compile(r"environ(?:ment)?(?:\.get\(|\[)\"([A-Z_]+)\"")
    read = {name for path in PACKAGE.rglob("*.py") for name in asked.findall(path.read_text(encoding="utf-8"))}
    documented = {name for names in ENVIRONMENT for name in names.split(", ")}
    assert "POD_NAME" in read
    assert read - documented - KUBERNETES_OWN <= DEMO_ONLY
