"""What we give people to copy for alerts works: configurations by the real checkers, templates by the renderer."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Merged, Renderer, Style, Templates
from tests.support.alerts import START, make_alert_event

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "alertmanager"
PAGES = [ROOT / "docs" / name for name in ("alerts.md", "alerts.zh-CN.md")]


def blocks(page: Path) -> list[Any]:
    """Return the YAML that a page shows, also in lists."""
    found = re.findall(r"^ *```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(dedent(each)) for each in found]


def checked(program: str, *arguments: str) -> None:
    """Run a checker, or skip where there is none."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"there is no program {program}: apt-get install prometheus prometheus-alertmanager")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanagers_configuration_is_one() -> None:
    """By amtool; and the pages show the same."""
    checked("amtool", "check-config", str(EXAMPLE / "alertmanager.yml"))
    example = yaml.safe_load((EXAMPLE / "alertmanager.yml").read_text())
    for page in PAGES:
        assert [each for each in blocks(page) if "route" in each] == [example]


def test_prometheus_configuration_is_one(tmp_path: Path) -> None:
    """By promtool. Debian's knows no Kubernetes, so that other addresses stand in; the token is the reader's."""
    example = yaml.safe_load((EXAMPLE / "prometheus.yml").read_text())
    (manager,) = example["alerting"]["alertmanagers"]
    assert manager.pop("kubernetes_sd_configs")
    token = tmp_path / "token"
    token.write_text("x")
    manager["authorization"]["credentials_file"] = str(token)
    manager["static_configs"] = [{"targets": ["127.0.0.1:19093"]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(example))
    checked("promtool", "check", "config", str(tmp_path / "prometheus.yml"))


def templates() -> list[Any]:
    """Return each template for alerts in examples and pages."""
    written = [("example", yaml.safe_load((EXAMPLE / "template.yaml").read_text())["data"]["alert_content"])]
    written += [(page.name, each["data"]["alert_content"]) for page in PAGES for each in blocks(page) if "data" in each]
    assert len(written) == 3
    return [pytest.param(text, id=name) for name, text in written]


@pytest.mark.parametrize("template", templates())
@pytest.mark.parametrize("number", [1, 3, 200])
def test_each_template_makes_a_message(template: str, number: int) -> None:
    """Of one alert, of some, and of more than there is room for: its own words, within WeCom's limit."""
    holder = Templates(metrics=Metrics())
    holder.update("ns/cm", {"alert_content": template})
    renderer = Renderer(templates=holder, zone=UTC, now=lambda: START + timedelta(hours=1))
    items = [
        Merged(make_alert_event(labels={"pod": f"p-{place}"}, lasted=timedelta(minutes=5) if place % 3 else None))
        for place in range(number)
    ]
    style = Style(msgtype="markdown")
    message = (
        renderer.digest(items, template="ns/cm", style=style)
        if number > 1
        else renderer.render(items[0].event, template="ns/cm", style=style)
    )
    assert not message.built_in
    content = json.loads(message.body)["markdown"]["content"]
    assert len(content.encode()) <= 4096
    assert content.count("<font") == content.count("</font>")
    assert "p99 is above 2 s" in content
    if number == 3:
        assert "\n\n\n" not in content


def test_the_example_reads_well() -> None:
    """As a person sees it."""
    text = yaml.safe_load((EXAMPLE / "template.yaml").read_text())["data"]["alert_content"]
    holder = Templates(metrics=Metrics())
    holder.update("ns/cm", {"alert_content": text})
    [
        make_alert_event(labels={"pod": "web-1"}),
        make_alert_event(labels={"pod": "web-2"}, lasted=timedelta(minutes=12)),
    ]
    fires = make_alert_event(labels={"pod": "web-1"})
    over = make_alert_event(labels={"pod": "web-2"}, lasted=timedelta(minutes=12))
    message = Renderer(templates=holder, zone=UTC).digest(
        [Merged(fires), Merged(over)], template="ns/cm", style=Style(msgtype="markdown")
    )
    assert json.loads(message.body)["markdown"]["content"].split("\n") == [
        '<font color="warning">告警 1 条</font>',
        "> **HighLatency** payments web-1",
        "> p99 is above 2 s",
        "> 11-20 18:00:00",
        "",
        '<font color="info">恢复 1 条</font>',
        "> **HighLatency** payments web-2",
        "> p99 is above 2 s",
        "> 11-20 18:00:00，持续 12m 0s",
    ]
