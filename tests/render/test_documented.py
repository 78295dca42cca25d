"""The examples of docs/messages.md, docs/templates.md and their translations are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
import yaml
from structlog.testing import capture_logs

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import DINGTALK, Renderer, Style, Templates, go_template, jinja
from kube_wecom_eventer.render.lint import Code, Language, quick_findings
from tests.support.events import make_event

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": (DOCS / "messages.md").read_text("utf-8"), "zh": (DOCS / "messages.zh-CN.md").read_text("utf-8")}
TEMPLATES = {"en": (DOCS / "templates.md").read_text("utf-8"), "zh": (DOCS / "templates.zh-CN.md").read_text("utf-8")}
EXAMPLES = [
    yaml.safe_load(found) for page in TEMPLATES.values() for found in re.findall(r"(?s)```yaml\n(.*?)```", page)
]
ABOUT = {"kind": "Pod", "namespace": "payments", "name": "checkout-7d9f", "fieldPath": "spec.containers{web}"}


@pytest.mark.parametrize("msgtype", ["text", "markdown", "markdown_v2"])
@pytest.mark.parametrize("lang", PAGES)
def test_a_sample_is_what_is_sent(lang: str, msgtype: str) -> None:
    """What one reads there is what arrives."""
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=ZoneInfo("Asia/Shanghai"))
    style = Style(msgtype=msgtype, lang=lang, cluster="prod-1", mentioned_list=("wangqing",))
    body = json.loads(renderer.built_in(make_event(involvedObject=ABOUT), style=style).body)
    assert f"\n{body[msgtype]['content']}\n" in PAGES[lang]


@pytest.mark.parametrize("lang", PAGES)
def test_the_sample_for_dingtalk_is_what_is_sent(lang: str) -> None:
    """Its markdown, on the page of destinations."""
    page = (DOCS / {"en": "sinks.md", "zh": "sinks.zh-CN.md"}[lang]).read_text("utf-8")
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=ZoneInfo("Asia/Shanghai"), bodies=DINGTALK)
    style = Style(msgtype="markdown", lang=lang, mentioned_mobile_list=("13800001111",))
    body = json.loads(renderer.built_in(make_event(count=1), style=style).body)
    assert f"\n{body['markdown']['text']}\n" in page


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
    (key,) = config_map["data"]
    language: Language = "jinja" if key.endswith(".j2") else "go"
    assert quick_findings(config_map["data"][key], language=language, robot=True) == ()


@pytest.mark.parametrize("page", TEMPLATES.values(), ids=TEMPLATES)
def test_each_kind_of_finding_is_explained(page: str) -> None:
    """Whoever finds its code in the log finds it there."""
    assert [code for code in get_args(Code) if f"`{code}`" not in page] == []


@pytest.mark.parametrize("page", TEMPLATES.values(), ids=TEMPLATES)
def test_the_first_template_works(page: str) -> None:
    """The one that a reader writes first."""
    (block,) = re.findall(r'(?s)```\n(   \{"msgtype": "text".*?)   ```', page)
    source = re.sub(r"(?m)^   ", "", block)
    assert quick_findings(source, language="go", robot=True) == ()
    templates = Templates(metrics=Metrics())
    templates.update("ns/cm", {"content": source})
    message = Renderer(templates=templates, zone=ZoneInfo("Asia/Shanghai")).render(make_event(), template="ns/cm")
    assert json.loads(message.body)["text"]["content"].splitlines()[0] == "BackOff Pod payments/checkout-7d9f"


@pytest.mark.parametrize("page", TEMPLATES.values(), ids=TEMPLATES)
def test_each_documented_field_is_one(page: str) -> None:
    """Of Go's names and of Jinja2's; and each function."""
    paths = {*go_template.event_paths(), *jinja.event_paths()}
    rows = re.findall(r"(?m)^\| (`\..*?) \|", page.partition("\n## Go\n")[2].partition("\n## Jinja2\n")[0])
    for row in rows:
        first, *others = re.findall(r"`(\.[\w.]+)`", row)
        about = first.rpartition(".")[0]
        assert first in paths
        assert all(other in paths or f"{about}{other}" in paths for other in others)
    functions = re.search(r"(?m)^.*`and or not .*$", page)
    assert functions is not None
    named = re.split(r"[`\s、,;；:：]+", functions[0].partition("`call`")[0])
    assert {word for word in named if word in go_template.FUNCTIONS} | {"call"} == set(go_template.FUNCTIONS)
