from __future__ import annotations

import pytest

from kube_wecom_eventer.config.label_selector import parse_label_selector

LABELS = {"team": "payments", "tier": "", "example.com/env": "prod"}


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("team=payments", True),
        ("team==payments", True),
        ("team = shop", False),
        ("team!=shop", True),
        ("missing!=shop", True),
        ("team in (payments,shop)", True),
        ("team in ( shop , other )", False),
        ("team notin (shop)", True),
        ("missing notin (shop)", True),
        ("missing in (shop)", False),
        ("team", True),
        ("!team", False),
        ("!missing", True),
        ("tier=", True),
        ("example.com/env=prod,team in (payments,shop),!legacy", True),
        ("example.com/env=prod,team in (shop),!legacy", False),
    ],
)
def test_a_selector_selects_as_kubectls_does(text: str, selects: bool) -> None:
    """Equality, sets, existence; all must hold."""
    selector = parse_label_selector(text)
    assert selector is not None
    assert selector.selects(LABELS) is selects


@pytest.mark.parametrize("text", ["team in payments", "team in ()x", "=x", "a b", "team=a=b", ",", "team,,x", "in (a)"])
def test_what_is_no_selector_is_not_read(text: str) -> None:
    """It is a problem at start, not a route that never matches."""
    assert parse_label_selector(text) is None
