from __future__ import annotations

import pytest

from kube_wecom_eventer.config.go_flags import Flag, ParsedFlags, parse_bool, parse_flags

SINK = Flag("sink", "", repeatable=True)
PORT = Flag("port", "", "8084")
METRICS = Flag("event-metrics", "", "true", is_bool=True)
KNOWN = {flag.name: flag for flag in (SINK, PORT, METRICS)}


def parse(*argv: str) -> ParsedFlags:
    return parse_flags(argv, KNOWN)


@pytest.mark.parametrize("argv", [["--port=1"], ["-port=1"], ["--port", "1"], ["-port", "1"]])
def test_all_four_spellings_are_one(argv: list[str]) -> None:
    """-x equals --x, and a value may stand behind '=' or in the next argument."""
    assert parse(*argv).values == {"port": ["1"]}


def test_only_the_first_equals_sign_divides() -> None:
    """A sink's URI is full of them."""
    assert parse("--sink=a?b=c&d=e").values == {"sink": ["a?b=c&d=e"]}


def test_a_value_may_begin_with_a_dash() -> None:
    """The argument behind a flag is its value, whatever it looks like, as in Go."""
    assert parse("--port", "-1").values == {"port": ["-1"]}


def test_a_repeatable_flag_keeps_the_order() -> None:
    """Sinks are numbered as they are written."""
    assert parse("--sink=a", "-sink", "b").values == {"sink": ["a", "b"]}


def test_the_last_of_a_flag_that_is_written_twice_counts() -> None:
    """As in Go, but said."""
    parsed = parse("--port=1", "--port=2")
    assert parsed.last(PORT) == "2"
    assert parsed.warnings == ["--port is written more than once; the last one counts"]


def test_a_bool_takes_no_value_from_the_next_argument() -> None:
    """Go stops reading at 'false' here, and drops the sink behind it; we go on, and say so."""
    parsed = parse("--event-metrics", "false", "--sink=a")
    assert parsed.values == {"event-metrics": ["true"], "sink": ["a"]}
    assert parsed.warnings == [
        "'false' is no flag and is ignored (a command stands before all flags; a bool flag takes its value behind '=': "
        "--flag=false)"
    ]


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("--nope", "--nope: unknown flag; --help lists the known ones"),
        ("--prot=1", "--prot: unknown flag; did you mean --port? --help lists the known ones"),
        ("--port", "--port: needs a value; write --port=VALUE"),
        ("---port=1", "'---port...': bad flag syntax; write --name=value"),
        ("--=1", "'--...': bad flag syntax; write --name=value"),
        (
            "--event-metrics=maybe",
            "--event-metrics=maybe: not a bool; write --event-metrics=true or --event-metrics=false",
        ),
    ],
)
def test_each_mistake_has_its_line(argument: str, problem: str) -> None:
    """The line names the flag, what is wrong, and what to write."""
    assert parse(argument).problems == [problem]


def test_an_argument_that_may_hold_a_key_is_not_shown_whole() -> None:
    """A sink that lost its flag is shown up to its colon only."""
    parsed = parse("webhook:https://x/?key=hunter2", "---sink=webhook:?key=hunter2", "--", "key=hunter2")
    assert "hunter2" not in str(parsed)
    assert len(parsed.warnings) == 2


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("T", True), ("true", True), ("0", False), ("False", False), ("yes", None)]
)
def test_bools_are_gos(text: str, value: bool | None) -> None:
    """What strconv.ParseBool takes, and no more."""
    assert parse_bool(text) is value
