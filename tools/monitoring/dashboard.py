"""Our Grafana dashboard: ``page`` is manifests/monitoring/grafana-dashboard.json, made of dashboard.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from tools.monitoring.grafana import Dashboard

SOURCE = Path(__file__).with_name("dashboard.yaml")


def page() -> str:
    """Return the dashboard as Grafana loads it."""
    written = msgspec.yaml.decode(SOURCE.read_bytes(), type=Dashboard)
    return json.dumps(written.json(), indent=2, ensure_ascii=False) + "\n"
