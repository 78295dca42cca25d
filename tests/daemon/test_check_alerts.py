"""What ``check`` says of alerts: of the port, of who may post, of templates, of routes that are for alerts only."""

from __future__ import annotations

from pathlib import Path

from tests.daemon.conftest import Pipeline
from tests.daemon.test_check import check, template


async def test_templates_of_alerts_are_tried_on_samples(pipeline: Pipeline) -> None:
    """Nobody keeps alerts. A ConfigMap may have just such a template, and a route may be for alerts only."""
    await pipeline.config_map("good", alert_content="{{ .Status }} {{ (index .Alerts 0).Labels.alertname }}")
    await pipeline.config_map("bad", alert_content="{{ .Nope }}")
    await pipeline.event("e")
    sinks = [
        pipeline.group.sink(f"{template(pipeline, 'good')}&sources=alerts"),
        pipeline.group.sink(template(pipeline, "bad")),
    ]
    checked = await check(pipeline, "--alertmanager-listen=127.0.0.1:0", *sinks)
    assert checked.about("alerts at 127.0.0.1:0") == ["are taken from everybody who reaches the port"]
    (good,) = checked.about("sink-1 template of alerts", "✓")
    assert good.startswith(f"ConfigMap {pipeline.server.namespace}/good: renders sample alerts; the largest body has ")
    (bad,) = checked.about("sink-2 template of alerts", "✗")
    assert "alert_content: line 1: {{ .Nope }}: can't evaluate field Nope in type *template.Data" in bad
    assert checked.about("sink-1", "·") == ["is for alerts only, so events can't show what it takes"]
    assert checked.about("sink-1 template") == []


async def test_who_may_post_is_looked_at(pipeline: Pipeline, tmp_path: Path) -> None:
    """A file that can't be used would end the start."""
    file = tmp_path / "auth"
    file.write_text("token: s3cret")
    args = ["--alertmanager-listen=:19093", f"--alertmanager-auth-file={file}", pipeline.group.sink()]
    checked = await check(pipeline, *args)
    assert checked.about("alerts at 0.0.0.0:19093", "✓") == [f"are taken from whom {file} names"]
    file.write_text("password: s3cret")
    checked = await check(pipeline, *args)
    (problem,) = checked.about("", "✗")
    assert problem.startswith(f"--alertmanager-auth-file={file}: line 1 is no credential")
    assert "s3cret" not in str(checked.findings)
