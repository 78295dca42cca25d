"""The Grafana dashboard: it loads anywhere, Prometheus understands it, and each panel says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.monitoring.dashboard import as_prometheus_sees, load, panels, queries
from tests.monitoring.promtool import needs_promtool, promtool


@needs_promtool
def test_prometheus_understands_each_query(tmp_path: Path) -> None:
    """As rules, which promtool reads without a server."""
    rules = [
        {"record": f"query:{number}", "expr": as_prometheus_sees(expression)}
        for number, (_, _, expression) in enumerate(queries())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", file)


def test_it_asks_for_the_data_source() -> None:
    """Each panel and variable names the variable, and nothing of any installation: no uid, no id."""
    dashboard = load()
    first, *others = dashboard["templating"]["list"]
    assert (first["type"], first["name"], first["query"]) == ("datasource", "datasource", "prometheus")
    sources = [value for key, value in _all(dashboard) if key == "datasource"]
    assert sources == [{"type": "prometheus", "uid": "${datasource}"}] * len(sources)
    assert len(sources) == len(panels()) + len(list(queries())) + len(others)
    assert [value for key, value in _all(dashboard) if key == "uid"] == ["${datasource}"] * len(sources)
    assert "id" not in dashboard


def _all(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each key with its value, at any depth."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _all(inner)
    if isinstance(value, dict):
        yield from value.items()


def test_only_its_own_variables_and_grafanas_are_used() -> None:
    """A misspelt one would be sent to Prometheus as it stands."""
    dashboard = load()
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    written = [expression for _, _, expression in queries()]
    written += [each["definition"] for each in dashboard["templating"]["list"][1:]]
    used = {name for text in written for name in re.findall(r"\$(\w+)", text)}
    assert used - {"__rate_interval", "__range"} <= variables


def test_each_panel_says_what_it_shows_and_what_to_do() -> None:
    """In a description of its own, longer than its title."""
    descriptions = [panel["description"] for panel in panels()]
    assert all(len(panel["description"]) > len(panel["title"]) for panel in panels())
    assert len(set(descriptions)) == len(descriptions)


def test_panels_lie_side_by_side() -> None:
    """None over another, none beyond the edge; each has an id of its own."""
    taken: set[tuple[int, int]] = set()
    everything = load()["panels"]
    for panel in everything:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in everything}) == len(everything)
