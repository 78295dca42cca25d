"""Events for tests: one sensible event, with whatever a test wants different."""

from __future__ import annotations

from typing import Any

import msgspec

from kube_wecom_eventer.event import Event


def event_json(**changes: Any) -> dict[str, Any]:
    """Return a kubelet's BackOff as the API server sends it; ``changes`` replace top-level fields."""
    return {
        "metadata": {
            "name": "checkout-7d9f.17a1",
            "namespace": "payments",
            "uid": "6f2d0c1e",
            "resourceVersion": "1001",
            "creationTimestamp": "2026-11-20T01:00:00Z",
        },
        "involvedObject": {
            "kind": "Pod",
            "namespace": "payments",
            "name": "checkout-7d9f",
            "uid": "b1946ac9",
            "apiVersion": "v1",
        },
        "reason": "BackOff",
        "message": "Back-off restarting failed container",
        "source": {"component": "kubelet", "host": "node-1"},
        "firstTimestamp": "2026-11-20T01:00:00Z",
        "lastTimestamp": "2026-11-20T01:02:03Z",
        "count": 3,
        "type": "Warning",
        **changes,
    }


def make_event(**changes: Any) -> Event:
    """Return the same as an `Event`."""
    return msgspec.convert(event_json(**changes), Event, strict=False)
