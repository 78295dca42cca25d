"""Our results against those of Alertmanager's own template package, stored in golden_alerts.json."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kube_wecom_eventer.alert import FIRING, RESOLVED, Alert, AlertGroup
from kube_wecom_eventer.config.label_matcher import parse_label_matchers
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.alert_data import alert_data
from kube_wecom_eventer.render.go_template import GoAlertTemplate

from .collecting import Collecting

GOLDEN: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden_alerts.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _places(stage: str | None, *, matchers: bool = False) -> list[int]:
    return [
        place for place, case in enumerate(GOLDEN) if case.get("stage") == stage and ("matchers" in case) is matchers
    ]


def _alert(written: dict[str, Any], group: AlertGroup) -> Alert:
    return Alert(
        status=RESOLVED if "endsAt" in written else FIRING,
        labels=written["labels"],
        annotations=written["annotations"],
        starts_at=msgspec.convert(written["startsAt"], datetime),
        ends_at=msgspec.convert(written.get("endsAt"), datetime | None),
        generator_url=written["generatorURL"],
        group=group,
    )


def _execute(case: dict[str, Any]) -> str:
    writer = Collecting()
    group = AlertGroup(receiver=case["receiver"], labels=case["groupLabels"], external_url=case["externalURL"])
    data = alert_data([_alert(each, group) for each in case["alerts"]], now=NOW)
    GoAlertTemplate.parse(case["template"]).execute(data, writer, zone=ZoneInfo("Asia/Shanghai"))
    return writer.result


@pytest.mark.parametrize("place", _places(None))
def test_prints_what_alertmanager_prints(place: int) -> None:
    """A template that Alertmanager executes prints the same text, over the same alerts."""
    case = GOLDEN[place]
    assert _execute(case) == case["want"]


@pytest.mark.parametrize("place", _places("parse"))
def test_refuses_what_alertmanager_does_not_parse(place: int) -> None:
    """A template that Go does not parse is refused with the line that Go names."""
    case = GOLDEN[place]
    with pytest.raises(TemplateError) as caught:
        GoAlertTemplate.parse(case["template"])
    assert int(case["error"].split(":")[2]) == caught.value.line


@pytest.mark.parametrize("place", _places("execute"))
def test_fails_where_alertmanager_fails(place: int) -> None:
    """A template that is parsed but can't be executed there fails here, too, and the line is told."""
    case = GOLDEN[place]
    with pytest.raises(TemplateError) as caught:
        _execute(case)
    assert caught.value.line is not None


@pytest.mark.parametrize("place", _places(None, matchers=True))
def test_matchers_hold_where_alertmanagers_do(place: int) -> None:
    """The same labels, the same answer."""
    case = GOLDEN[place]
    labels = case["alerts"][0]["labels"]
    assert all(matcher.holds(labels) for matcher in parse_label_matchers(case["matchers"])) is case["holds"]


@pytest.mark.parametrize("place", _places("parse", matchers=True))
def test_what_is_no_matcher_there_is_none_here(place: int) -> None:
    """And that is said."""
    with pytest.raises(ValueError, match=r"matcher|quote|regular expression"):
        parse_label_matchers(GOLDEN[place]["matchers"])
