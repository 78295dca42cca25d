"""Our results against those of Go's own text/template, stored in golden.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.go_template import GoTemplate

from .collecting import Collecting

GOLDEN: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
INDEXES = {
    stage: [i for i, case in enumerate(GOLDEN) if case.get("stage") == stage] for stage in (None, "parse", "execute")
}


def _execute(case: dict[str, Any]) -> str:
    writer = Collecting()
    event = msgspec.convert(case["event"], Event)
    GoTemplate.parse(case["template"]).execute(event, writer, zone=ZoneInfo(case["zone"]))
    return writer.result


@pytest.mark.parametrize("index", INDEXES[None])
def test_prints_what_go_prints(index: int) -> None:
    """A template that Go executes prints the same text."""
    case = GOLDEN[index]

    assert case["want"] == _execute(case)


@pytest.mark.parametrize("index", INDEXES["parse"])
def test_refuses_what_go_does_not_parse(index: int) -> None:
    """A template that Go does not parse is refused with the line that Go names."""
    case = GOLDEN[index]

    with pytest.raises(TemplateError) as caught:
        GoTemplate.parse(case["template"])

    assert int(case["error"].split(":")[2]) == caught.value.line


@pytest.mark.parametrize("index", INDEXES["execute"])
def test_fails_where_go_fails(index: int) -> None:
    """A template that Go parses but can't execute fails in its execution, and the action's line is told."""
    case = GOLDEN[index]

    with pytest.raises(TemplateError) as caught:
        _execute(case)

    assert caught.value.line is not None
    GoTemplate.parse(case["template"])
