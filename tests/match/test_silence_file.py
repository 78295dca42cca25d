from __future__ import annotations

import time
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.match.silence_file import LARGEST, Reading, read_silences

REST = "until: 2026-12-01 08:00\nby: wangqing\nwhy: migration"
GOOD = f"kind: Pod\n{REST}"


def read(text: str) -> Reading:
    return read_silences("k", text, zone=UTC, routes=["payments", "shop"])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (GOOD, 1),
        ("- {name: a, until: 2026-12-01 08:00, by: b, why: c}\n- {name: b, until: 2026-12-01 08:00, by: b, why: c}", 2),
        (f"{GOOD}\n---\n{GOOD}", 2),
        (f"# only words\n{GOOD}\n...\n", 1),
        ("kind: on\nname: 007\nreason: null1\nuntil: 2026-12-01T08:00:00+08:00\nby: 1\nwhy: yes", 1),
        ("", 0),
        ("# nothing now", 0),
        ("[]", 0),
        ("null", 0),
    ],
)
def test_one_or_several_or_none(text: str, count: int) -> None:
    """A mapping, a list of mappings, documents; values are texts, whatever YAML would make of them."""
    reading = read(text)
    assert (reading.problems, reading.doubts, len(reading.silences)) == ((), (), count)


MATCHERS = "namespace, kind, name, reason, message"
TIMES = "2026-12-01 08:00 or 2026-12-01T08:00:00+08:00"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("BackOff", "line 1: 'BackOff': no silence; write fields, for example reason: '^BackOff$'"),
        ("- - a", "line 1: a list: no silence; write fields, for example reason: '^BackOff$'"),
        (REST, f"line 1: no matcher; write at least one of {MATCHERS}"),
        (
            f"{GOOD}\nreasons: BackOff",
            f"line 5: 'reasons': unknown field; write one of {MATCHERS}, until, by, why, route",
        ),
        (f"{GOOD}\n? [a]\n: b", f"line 5: a list: unknown field; write one of {MATCHERS}, until, by, why, route"),
        (f"{GOOD}\nkind: Node", "line 5: 'kind': written twice; write it once"),
        (
            f"{GOOD}\nreason: '('",
            "line 5: reason: '(': no regular expression in RE2's syntax (missing ): (); "
            r"write a backslash before a sign that stands for itself: '\('",
        ),
        (
            f"{GOOD}\nname: (?!a)",
            "line 5: name: '(?!a)': no regular expression in RE2's syntax (invalid perl operator: (?!); "
            r"write a backslash before a sign that stands for itself: '\('",
        ),
        (
            f"{GOOD}\nreason: [a, b]",
            "line 5: reason: a list: no regular expression; write a text, 'a|b' matches either, or leave reason out",
        ),
        (
            f"{GOOD}\nmessage:",
            "line 5: message: '': no regular expression; write a text, 'a|b' matches either, or leave message out",
        ),
        (
            "kind: Pod\nby: a\nwhy: b",
            f"line 1: until: missing; a silence needs an end; write for example until: {TIMES}",
        ),
        (
            "kind: Pod\nby: a\nwhy: b\nuntil:",
            f"line 4: until: '': no text; a silence needs an end; write for example until: {TIMES}",
        ),
        *(
            (
                f"kind: Pod\nby: a\nwhy: b\nuntil: {until}",
                f"line 4: until: '{until}': no date and time; write for example {TIMES}",
            )
            for until in (
                "tomorrow", "2026-12-01", "2026-13-01 08:00", "2026-12-01T24:00:01Z", "20261201T0800", "9999999999",
                "0001-01-01T00:00:00+08:00", "２026-12-01 08:00",
            )
        ),
        (
            "kind: Pod\nuntil: 2026-12-01 08:00\nwhy: b",
            "line 1: by: missing; write who answers for the silence, for example by: wangqing",
        ),
        (
            "kind: Pod\nuntil: 2026-12-01 08:00\nby: {a: b}\nwhy: b",
            "line 3: by: a mapping: no text; write who answers for the silence, for example by: wangqing",
        ),
        (
            "kind: Pod\nuntil: 2026-12-01 08:00\nby: a",
            "line 1: why: missing; write why nobody needs to be told, for example why: planned migration",
        ),
        (
            "kind: Pod\nuntil: 2026-12-01 08:00\nby: a\nwhy: ' '",
            "line 4: why: ' ': no text; write why nobody needs to be told, for example why: planned migration",
        ),
        *(
            (
                f"{GOOD}\nroute: {written}",
                f"line 5: route: {shown}: "
                "no list of routes; write route: [NAME, NAME], or leave it out for all routes",
            )
            for written, shown in (("", "''"), ("[]", "a list"), ("[shop, []]", "a list"), ("{a: b}", "a mapping"))
        ),
        (
            f"- &a\n  kind: Pod\n  {REST.replace(chr(10), chr(10) + '  ')}\n- *a",
            "line 6: *a: aliases are not read; write out what it stands for",
        ),
        pytest.param(
            "[" * 60_000,
            "line 1: nested too deep; a silence is a mapping, or several are a list of mappings",
            id="deep",
        ),
        pytest.param(
            " " * LARGEST + "#",
            "65537 bytes: more than the 65536 that one key may hold; spread the silences over several keys",
            id="large",
        ),
        pytest.param("kind: \ud800", "it holds half a character; write it again in UTF-8", id="surrogate"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_to_write(text: str, problem: str) -> None:
    """The line, the field, the value, what to write instead; and it silences nothing."""
    started = time.monotonic()
    assert read(text) == Reading(text=text, problems=(problem,))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("kind: Pod\nmessage: a: b", "line 2: no YAML: ", "; put texts with special signs in single quotes: message: "),
        ('message: "\\d"', "line 1: no YAML: ", "single quotes: message: 'a: [b]'"),
        ("reason: [a-z]+", "line 1: no YAML: ", "single quotes: message: 'a: [b]'"),
        ("kind: \x00", "no YAML: ", "; take that character out"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(text: str, start: str, end: str) -> None:
    """And how a regular expression is written in YAML."""
    (problem,) = read(text).problems
    assert problem.startswith(start)
    assert end in problem
    assert "\n" not in problem


def test_all_mistakes_of_a_silence_are_told_and_the_good_one_beside_it_holds() -> None:
    """One reading is enough to mend all."""
    reading = read(f"- reson: a\n  until: x\n- kind: Pod\n  {REST.replace(chr(10), chr(10) + '  ')}")
    assert [problem.split(";")[0] for problem in reading.problems] == [
        "line 1: 'reson': unknown field",
        "line 1: no matcher",
        "line 2: until: 'x': no date and time",
        "line 1: by: missing",
        "line 1: why: missing",
    ]
    assert [silence.where for silence in reading.silences] == ["k, line 3"]


def test_a_route_that_does_not_exist_is_doubted() -> None:
    """The silence holds for the others."""
    reading = read(f"{GOOD}\nroute: [payment, shop]")
    assert reading.doubts == ("line 5: route: 'payment': no route has this name; there is payments, shop",)
    assert reading.silences[0].routes == {"payment", "shop"}


def test_a_declared_route_is_not_doubted() -> None:
    """Namespaces declare theirs at any time; one that may be misspelt without a slash is doubted all the same."""
    text = f"{GOOD}\nroute: [payments/wecom, payment]"
    (doubt,) = read_silences("k", text, zone=UTC, routes=["payments"], declared=True).doubts
    assert doubt == "line 5: route: 'payment': no route has this name; there is payments"


def test_many_mistakes_are_told_in_part() -> None:
    """A log is no place for ten thousand lines."""
    problems = read("- a\n" * 10_000).problems
    assert len(problems) == 21
    assert problems[-1] == "and 9980 more of this kind"


def test_values_are_shown_safely() -> None:
    """A long value in part; words on one line, without what acts in a terminal."""
    (problem,) = read(f"{GOOD}\nreason: '({'x' * 5000}'").problems
    assert len(problem) < 1000
    (silence,) = read(f'kind: Pod\nuntil: 2026-12-01 08:00\nby: "a\\e[31m\\nb"\nwhy: {"w" * 9000}').silences
    assert silence.by == "a [31m b"
    assert len(silence.why) == 300


PIECES = st.sampled_from(
    [
        *("namespace", "kind", "name", "reason", "message", "until", "by", "why", "route", "2026-12-01 08:00", "~"),
        *("2026-12-01T08:00:00Z", ": ", "\n", "\n- ", "\n  ", "- ", "{", "}", "[", "]", ", ", "'", '"', "|", ">", "*a"),
        *("&a ", "<<: ", "---\n", "? ", "!!python/object:os.system ", "#", "\t", "(", "\\", "\ud800", "\x00", "🚀"),
    ]
)
ANY = settings(max_examples=300, derandomize=True, deadline=None, database=None)


def is_clear(reading: Reading) -> None:
    """Silences that can be asked, and lines."""
    for silence in reading.silences:
        assert silence.matchers
        assert silence.by
        assert silence.why
    assert all(problem and "\n" not in problem for problem in (*reading.problems, *reading.doubts))


@ANY
@given(st.text(st.characters(codec=None), max_size=80))
def test_any_text_gives_silences_or_clear_problems(text: str) -> None:
    """Never a traceback."""
    is_clear(read(text))


@ANY
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_pieces_of_silences_do_too(text: str) -> None:
    """Such that YAML is found now and then."""
    is_clear(read(text))


VALUES = st.text(st.characters(codec="utf-8"), max_size=20) | PIECES


@ANY
@given(
    st.dictionaries(
        st.sampled_from(["namespace", "kind", "name", "reason", "message", "until", "by", "why", "route"]),
        VALUES | st.just("2026-12-01 08:00"),
    )
)
def test_any_values_do_too(fields: dict[str, str]) -> None:
    """In good YAML: each value in double quotes."""
    quoted = {
        name: "".join(f"\\U{ord(sign):08x}" for sign in value if ord(sign) < 0xD800) for name, value in fields.items()
    }
    is_clear(read("\n".join(f'{name}: "{value}"' for name, value in quoted.items())))
