"""The examples of docs/messages.md and its translation are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Renderer, Style, Templates
from tests.support.events import make_event

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": (DOCS / "messages.md").read_text("utf-8"), "zh": (DOCS / "messages.zh-CN.md").read_text("utf-8")}
EXAMPLES = [yaml.safe_load(found) for page in PAGES.values() for found in re.findall(r"(?s)```yaml\n(.*?)```", page)]
ABOUT = {"kind": "Pod", "namespace": "payments", "name": "checkout-7d9f", "fieldPath": "spec.containers{web}"}


@pytest.mark.parametrize("msgtype", ["text", "markdown", "markdown_v2"])
@pytest.mark.parametrize("lang", PAGES)
def test_a_sample_is_what_is_sent(lang: str, msgtype: str) -> None:
    """What one reads there is what arrives."""
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=ZoneInfo("Asia/Shanghai"))
    style = Style(msgtype=msgtype, lang=lang, cluster="prod-1", mentioned_list=("wangqing",))
    body = json.loads(renderer.built_in(make_event(involvedObject=ABOUT), style=style).body)
    assert f"\n{body[msgtype]['content']}\n" in PAGES[lang]


@pytest.mark.parametrize("config_map", EXAMPLES, ids=lambda example: next(iter(example["data"])))
def test_an_example_of_a_template_works(config_map: dict[str, dict[str, str]]) -> None:
    """It parses, gives a body of its own, and shows what it says."""
    templates = Templates(metrics=Metrics())
    with capture_logs() as logs:
        templates.update("ns/cm", config_map["data"])
        renderer = Renderer(templates=templates, zone=ZoneInfo("Asia/Shanghai"))
        message = renderer.render(make_event(), template="ns/cm")
    assert [entry["event"] for entry in logs] == ["template_loaded"]
    assert not message.built_in
    content = json.loads(message.body)["markdown"]["content"]
    assert '<font color="warning">BackOff</font>' in content
    assert "09:02:03" in content
    assert "\n> Back-off restarting failed container" in content
    assert "\n\n\n" not in content
