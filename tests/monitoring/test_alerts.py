"""The alert rules: each fires when it should, is silent when it should be, and leads to the runbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.promtool import needs_promtool, promtool

ROOT = Path(__file__).parents[2]
RULES = ROOT / "manifests/monitoring/alerts.yaml"
TESTS = Path(__file__).parent / "alerts"
PREFIX = "KubeWecomEventer"


def alerts() -> list[dict[str, Any]]:
    """Return the rules."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_file(alert: str) -> Path:
    """Return the unit tests of an alert; a name's words become the file's."""
    return TESTS / (re.sub(r"(?<!^)([A-Z])", r"_\1", alert.removeprefix(PREFIX)).lower() + ".yaml")


test_file.__test__ = False  # type: ignore[attr-defined]  # a helper, whose name pytest would take for a test


@needs_promtool
def test_prometheus_reads_the_rules() -> None:
    """All of them."""
    assert f"SUCCESS: {len(alerts())} rules found" in promtool("check", "rules", RULES)


@needs_promtool
@pytest.mark.parametrize("alert", [rule["alert"] for rule in alerts()])
def test_an_alert_fires_when_it_should_and_else_is_silent(alert: str) -> None:
    """With the words that somebody reads at night; what each case is about stands in its file."""
    path = test_file(alert)
    promtool("test", "rules", path.name, cwd=path.parent)


@pytest.mark.parametrize("alert", [rule["alert"] for rule in alerts()])
def test_the_tests_of_an_alert_let_it_fire_and_let_it_be_silent(alert: str) -> None:
    """At several moments: before, while and after."""
    moments = [
        moment
        for each in yaml.safe_load(test_file(alert).read_text(encoding="utf-8"))["tests"]
        for moment in each["alert_rule_test"]
    ]
    assert {moment["alertname"] for moment in moments} == {alert}
    assert {bool(moment.get("exp_alerts")) for moment in moments} == {True, False}


def test_no_test_is_left_over() -> None:
    """Of an alert that is no more."""
    assert sorted(TESTS.iterdir()) == sorted(test_file(rule["alert"]) for rule in alerts())


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule["alert"]) for rule in alerts()])
def test_an_alert_says_what_is_wrong_and_leads_to_its_section(rule: dict[str, Any]) -> None:
    """A severity that people route by, a summary, a description, and a link to the section under its name."""
    assert rule["alert"].startswith(PREFIX)
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
    # What it groups by it names, but for the Deployment's job.
    text = rule["annotations"]["summary"] + rule["annotations"]["description"]
    groups = set(re.findall(r"\w+", " ".join(re.findall(r"(?:sum|max|min) by \(([^)]*)\)", rule["expr"]))))
    assert groups - {"job", "namespace"} <= set(re.findall(r"\$labels\.(\w+)", text))
