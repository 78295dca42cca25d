"""The event as a Jinja2 template sees it: plain data in the API's own words."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import msgspec

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.local_time import in_zone


def event_data(event: Event, zone: tzinfo) -> dict[str, Any]:
    """Return the fields of core/v1's Event in camelCase, and ``happened_at``; times are datetimes in the zone.

    A time that the server left out is None; ``metadata.labels`` and ``annotations`` are mappings, if empty ones.
    """
    data: dict[str, Any] = _in_zone(msgspec.to_builtins(event, builtin_types=(datetime,)), zone)
    for name in ("labels", "annotations"):
        data["metadata"][name] = data["metadata"][name] or {}
    happened = event.happened_at
    data["happened_at"] = in_zone(happened, zone) if happened else None
    return data


def _in_zone(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, dict):
        return {key: _in_zone(item, zone) for key, item in value.items()}
    if isinstance(value, datetime):
        return in_zone(value, zone) if value.year > 1 else None
    return value
