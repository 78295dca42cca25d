"""Grafana's dashboard format, as far as ours needs it: versions 9 to 12 read it as it is.

Data sources are asked for by a variable, so nothing in it depends on one installation. Sizes are in the grid's units,
of which a row has 24.
https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

Json = dict[str, Any]

SCHEMA = 37
"""Grafana 9's; newer versions bring it to theirs when they load it."""

_WIDTH = 24
_SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


class Panel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One panel. ``queries``: PromQL by legends. ``limits``: colours from a value on, the first one from the lowest.

    ``words``: what a value is called, and its colour.
    """

    title: str
    description: str
    queries: Mapping[str, str]
    kind: Literal["stat", "timeseries", "table"] = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    limits: Sequence[tuple[str, float | None]] = ()
    words: Mapping[str, tuple[str, str]] = {}
    stacked: bool = False
    bars: bool = False

    def json(self, number: int, x: int, y: int) -> Json:
        """Return the panel at its place."""
        targets = [
            self._target(ref, legend, each) for ref, (legend, each) in zip("ABC", self.queries.items(), strict=False)
        ]
        made = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": _SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": _OPTIONS[self.kind],
            "targets": targets,
        }
        if self.kind == "table":
            # What Prometheus adds to each row, and says nothing.
            made["transformations"] = [{"id": "organize", "options": {"excludeByName": {"Time": True}}}]
        return made

    def _target(self, ref: str, legend: str, expression: str) -> Json:
        instant = self.kind != "timeseries"
        return {
            "refId": ref,
            "datasource": _SOURCE,
            "expr": expression,
            "legendFormat": legend,
            "editorMode": "code",
            "range": not instant,
            "instant": instant,
            "format": "table" if self.kind == "table" else "time_series",
        }

    def _defaults(self) -> Json:
        steps = [{"color": colour, "value": value} for colour, value in self.limits or (("green", None),)]
        defaults: Json = {
            "unit": self.unit,
            "min": 0,
            "thresholds": {"mode": "absolute", "steps": steps},
            "color": {"mode": "thresholds" if self.kind == "stat" else "palette-classic"},
            "mappings": [_mapping(self.words)] if self.words else [],
        }
        if self.kind == "timeseries":
            defaults["custom"] = self._custom()
        return defaults

    def _custom(self) -> Json:
        return {
            "drawStyle": "bars" if self.bars else "line",
            "lineWidth": 1,
            "fillOpacity": 60 if self.bars else 20 if self.stacked else 5,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.limits else "off"},
        }


_OPTIONS: Mapping[str, Json] = {
    "stat": {
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "auto",
        "textMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "timeseries": {
        "legend": {"displayMode": "table", "placement": "right", "calcs": ["max", "lastNotNull"], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}


def _mapping(words: Mapping[str, tuple[str, str]]) -> Json:
    options = {
        value: {"text": text, "color": colour, "index": place}
        for place, (value, (text, colour)) in enumerate(words.items())
    }
    return {"type": "value", "options": options}


class Variable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice at the top, of the values of a label. ``all``: what stands for all of them; empty: their list."""

    name: str
    label: str
    description: str
    values: str
    all: str = ""

    def json(self) -> Json:
        """Return the variable."""
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "description": self.description,
            "datasource": _SOURCE,
            "definition": self.values,
            "query": {"query": self.values, "refId": f"{self.name}-values"},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": self.all or None,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "hide": 0,
            "options": [],
            "regex": "",
            "skipUrlSync": False,
        }


_SOURCE_VARIABLE: Json = {
    "type": "datasource",
    "name": "datasource",
    "label": "Data source",
    "query": "prometheus",
    "current": {},
    "hide": 0,
    "includeAll": False,
    "multi": False,
    "options": [],
    "refresh": 1,
    "regex": "",
    "skipUrlSync": False,
}


class Dashboard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dashboard. ``rows``: panels by the rows' titles, placed from left to right, and then below."""

    title: str
    description: str
    variables: Sequence[Variable]
    rows: Mapping[str, Sequence[Panel]]

    def json(self) -> Json:
        """Return the dashboard as Grafana loads it."""
        return {
            "__inputs": [],
            "__requires": [
                {"type": "grafana", "id": "grafana", "name": "Grafana", "version": "9.0.0"},
                {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
                *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in _OPTIONS),
            ],
            "title": self.title,
            "description": self.description,
            "tags": ["kubernetes", "events", "wecom"],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "timezone": "browser",
            "time": {"from": "now-6h", "to": "now"},
            "refresh": "30s",
            "annotations": {"list": []},
            "links": [],
            "templating": {"list": [_SOURCE_VARIABLE, *(variable.json() for variable in self.variables)]},
            "panels": list(_placed(self.rows.items())),
        }


def _placed(rows: Iterable[tuple[str, Sequence[Panel]]]) -> Iterator[Json]:
    number = y = 0
    for title, panels in rows:
        number += 1
        place = {"x": 0, "y": y, "w": _WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
        x, y, height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > _WIDTH:
                x, y, height = 0, y + height, 0
            number += 1
            yield panel.json(number, x, y)
            x, height = x + panel.width, max(height, panel.height)
        y += height
