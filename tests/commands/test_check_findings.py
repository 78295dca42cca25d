"""How findings are shown, and the small decisions of a check."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from kube_wecom_eventer.commands.check.destinations import compare_clocks
from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.commands.check.rights import Right
from kube_wecom_eventer.commands.check.routes import within

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def test_a_report_is_a_table_with_what_to_do() -> None:
    """A mark, what it is about, what was found; then what to do, then what there is to see; at the end a sum. A
    section without findings is not shown."""
    out = io.StringIO()
    report = Report(out=out, environ={})
    report.section("Cluster")
    report.good("API server", "answers")
    report.bad("a right with a long name", "not granted", "grant:", "  - this")
    report.note(
        "routes",
        "none",
    )
    report.section("Nothing to say")
    report.section("Routes")
    report.doubtful("sink-1", "word " * 30, shown=("a line",))
    report.end()
    assert out.getvalue() == (
        "Cluster\n"
        "  ✓ API server            answers\n"
        "  ✗ a right with a long name\n"
        "                          not granted\n"
        "                          → grant:\n"
        "                              - this\n"
        "  · routes                none\n"
        "\n"
        "Routes\n"
        f"  ! sink-1                {('word ' * 19).strip()}\n"
        f"                          {('word ' * 11).strip()}\n"
        "                          │ a line\n"
        "\n"
        "1 wrong, 1 doubtful, 1 well\n"
    )


def test_nothing_of_the_cluster_moves_the_cursor() -> None:
    """An event's message may hold a terminal's commands; whoever wrote it need not be whoever reads this."""
    out = io.StringIO()
    report = Report(out=out, environ={})
    report.section("Warning \x1b[2J")
    report.note("x\x1b[1A", "a\x07b")
    report.doubtful("", "c", "grant\x9b1A", shown=["d\x1b]0;title\x07", "e\tf"])
    shown = "Warning ?[2J\n  · x?[1A                 a?b\n  ! c\n    → grant?1A\n    │ d?]0;title?\n    │ e   f\n"
    assert out.getvalue().replace("\ufffd", "?") == shown


def test_a_right_is_written_as_the_rule_that_grants_it() -> None:
    """As YAML, and where it belongs."""
    right = Right(verbs=("get",), resource="secrets", namespace="payments", name="robot", needed_for="nothing")
    assert right.rule(["get"]) == (
        "grant the daemon's ServiceAccount, in a Role of namespace payments:",
        '- apiGroups: [""]',
        "  resources: [secrets]",
        "  resourceNames: [robot]",
        "  verbs: [get]",
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3600, "in the last hour"),
        (7200, "in the last 2 hours"),
        (600, "in the last 10 minutes"),
        (5, "in the last 5 seconds"),
    ],
)
def test_a_window_of_time_in_words(seconds: float, words: str) -> None:
    """For people."""
    assert within(seconds) == words


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(0, ""), (29, ""), (-29, ""), (90, "is 90 s ahead of that of it"), (-90, "is 90 s behind that of it")],
)
def test_clocks_are_compared(ahead: float, said: str) -> None:
    """Half a minute is no reason to worry; what is no date says nothing."""
    report = Report(out=io.StringIO(), environ={})
    compare_clocks("Fri, 20 Nov 2026 01:00:00 GMT", "it", report, now=NOW + timedelta(seconds=ahead))
    compare_clocks("yesterday", "it", report, now=NOW)
    assert [finding.text for finding in report.findings] == ([f"this machine's clock {said}"] if said else [])
