"""The dashboard's file, and what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILE = ROOT / "manifests/monitoring/grafana-dashboard.json"


def load() -> dict[str, Any]:
    """Return the dashboard."""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def panels() -> list[dict[str, Any]]:
    """Return the panels, without the rows' titles."""
    return [panel for panel in load()["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str, str]]:
    """Yield titles, legends and PromQL."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["legendFormat"], target["expr"]


def as_prometheus_sees(expression: str) -> str:
    """Return an expression with values in the place of Grafana's variables."""
    for variable, value in (("$__rate_interval", "5m"), ("$__range", "6h")):
        expression = expression.replace(variable, value)
    return re.sub(r"\$\w+", ".+", expression)
