from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools.monitoring import dashboard, prometheus_rule

MANIFESTS = Path(__file__).parents[2] / "manifests/monitoring"


@pytest.mark.parametrize(
    ("name", "text"),
    [("grafana-dashboard.json", dashboard.page()), ("prometheus-rule.yaml", prometheus_rule.page())],
    ids=["dashboard", "rules"],
)
def test_what_is_made_from_something_else_is_up_to_date(name: str, text: str) -> None:
    """``make docs`` writes it anew."""
    assert (MANIFESTS / name).read_text(encoding="utf-8") == text


def test_the_operator_gets_the_same_rules() -> None:
    """Once as a plain file, once as its object."""
    plain = yaml.safe_load((MANIFESTS / "alerts.yaml").read_text(encoding="utf-8"))
    made = yaml.safe_load((MANIFESTS / "prometheus-rule.yaml").read_text(encoding="utf-8"))
    assert (made["kind"], made["spec"]) == ("PrometheusRule", plain)
