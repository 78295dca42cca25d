"""The closed sets of labels' values: what the code counts under is what the reference explains."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kube_wecom_eventer
from kube_wecom_eventer.eventer_metrics import EventerMetrics
from kube_wecom_eventer.match import SILENCED
from kube_wecom_eventer.metrics import LABEL_VALUES, LABELS, PREFIX, Metrics
from kube_wecom_eventer.notify import DROP_REASONS
from kube_wecom_eventer.reading import EXPIRED, NO_CHECKPOINT, ROUTE_REMOVED
from kube_wecom_eventer.sinks.apprise_answers import NO_RECEIVER, NOT_NOW
from kube_wecom_eventer.sinks.dingtalk_codes import DINGTALK
from kube_wecom_eventer.sinks.wecom_codes import APPLICATION, ROBOT

ROOT = Path(__file__).parents[1]
PACKAGE = Path(kube_wecom_eventer.__file__).parent


def literals(pattern: str, *places: str) -> set[str]:
    """Return what a pattern's group finds in the modules of some places in the package."""
    paths = (path for place in places for path in PACKAGE.glob(place))
    return {found for path in paths for found in re.findall(pattern, path.read_text(encoding="utf-8"))}


def labelled() -> dict[str, set[str]]:
    """Return the labels of each metric."""
    registry = Metrics().registry
    EventerMetrics(registry=registry, last_contact=lambda: 0.0)
    collectors = list(registry._collector_to_names)
    return {collector.describe()[0].name: set(collector._labelnames) for collector in collectors}  # type: ignore[attr-defined]


def test_each_metric_that_the_documentation_names_exists() -> None:
    """Whoever copies a query gets an answer."""
    registry = Metrics().registry
    EventerMetrics(registry=registry, last_contact=lambda: 0.0)
    known = set(registry._names_to_collectors)
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("README*.md")]
    named = {name for page in pages for name in re.findall(rf"\b(?:{PREFIX}|eventer)_[a-z_]+", page.read_text("utf-8"))}
    assert len(named) > 20
    assert named - known == set()


def test_each_label_is_explained() -> None:
    """By its closed set of values, or in words where there is none."""
    for metric, labels in labelled().items():
        closed = set(LABEL_VALUES.get(metric.removeprefix(f"{PREFIX}_"), {}))
        assert labels - closed <= set(LABELS), metric


def test_closed_sets_belong_to_labels_that_there_are() -> None:
    """A metric that is renamed takes its set along."""
    known = labelled()
    for metric, labels in LABEL_VALUES.items():
        assert set(labels) <= known[f"{PREFIX}_{metric}"]


def test_each_reason_of_a_drop_is_explained() -> None:
    """No other is counted."""
    expected = {*DROP_REASONS, SILENCED, EXPIRED, ROUTE_REMOVED, NO_CHECKPOINT}
    assert set(LABEL_VALUES["events_dropped"]["reason"]) == expected


def test_each_reason_of_a_failed_attempt_is_explained() -> None:
    """Sinks name them in their outcomes; codes and statuses stand for themselves."""
    named = literals(r'"((?:http|errcode)_[^"]+)"', "sinks/*.py") | literals(r'reason="(\w+)"', "sinks/*.py")
    forms = {re.sub(r"\{(errcode|NO_RECEIVER|status // 100)\}", "N", name).replace("{status}", "NNN") for name in named}
    forms |= {f"not_{codes.of.lower()}" for codes in (ROBOT, APPLICATION, DINGTALK)} | {NO_RECEIVER, NOT_NOW}
    assert forms == set(LABEL_VALUES["messages_failed"]["reason"])


@pytest.mark.parametrize(
    ("metric", "label", "pattern", "place"),
    [
        ("template_failures", "stage", r'stage="(\w+)"', "render/**/*.py"),
        ("checkpoint_writes", "result", r'result="(\w+)"', "checkpointing.py"),
        ("watch_restarts", "reason", r'_restarted\("(\w+)"\)', "kube/event_stream.py"),
    ],
)
def test_each_value_of_another_closed_set_is_explained(metric: str, label: str, pattern: str, place: str) -> None:
    """As above."""
    assert literals(pattern, place) == set(LABEL_VALUES[metric][label])
