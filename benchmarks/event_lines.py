"""Watch lines as the real API server writes them, made fast enough that whoever sends them is never what is measured.

Knows nothing of servers, routes and the daemon.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

WORKLOADS = 20
"""Deployments in each namespace."""

_LETTERS = b"bcdfghjklm"
_NAMESPACES = ("payments", "orders", "search", "kube-system", "monitoring", "frontend", "billing", "batch")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an event is about; ``{pod}`` and ``{number}`` in the message differ from event to event."""

    reason: str
    message: str
    type: str = "Warning"
    kind: str = "Pod"
    component: str = "kubelet"


SHAPES = (
    Shape(reason="BackOff", message="Back-off restarting failed container app in pod {pod}, restart {number}"),
    Shape(
        reason="Unhealthy",
        message="Readiness probe failed: Get http://10.1.2.3:8080/ready?try={number}: dial tcp: connection refused",
    ),
    Shape(
        reason="FailedScheduling",
        message="0/{number} nodes are available: 3 Insufficient memory. " + "preemption is not helpful. " * 8,
        component="default-scheduler",
    ),
    Shape(reason="Pulled", message="Successfully pulled image app:{number} in 1.2 s", type="Normal"),
    Shape(reason="FailedMount", message="MountVolume.SetUp failed for volume data-{number}: timed out waiting"),
    Shape(reason="NodeNotReady", message="Node is not ready, {number}", kind="Node", component="node-controller"),
    Shape(reason="Failed", message="Error: ErrImagePull registry.example.com/app:{number}"),
    Shape(reason="Scheduled", message="Successfully assigned {pod}, {number}", type="Normal", component="scheduler"),
)
"""A storm's mix: three quarters are Warnings."""


class EventLines:
    """Makes the ``number``-th watch line. ``objects``: so many distinct event objects, which come again and again."""

    def __init__(self, *, objects: int = 1_000_000_000) -> None:
        self._objects = objects
        self._templates = [
            _template(SHAPES[number % len(SHAPES)], _NAMESPACES[number // len(SHAPES)])
            for number in range(len(SHAPES) * len(_NAMESPACES))
        ]

    def line(self, number: int, version: int) -> bytes:
        """Return it, with its newline."""
        subject = number % self._objects
        pod = (b"%05d" % (subject % 100_000)).translate(_TO_LETTERS)
        template = self._templates[subject % len(self._templates)]
        again = b"ADDED" if number < self._objects else b"MODIFIED"
        return template % {
            b"type": again,
            b"version": version,
            b"pod": pod,
            b"subject": subject,
            b"workload": subject % WORKLOADS,
            b"count": number // self._objects + 1,
        }


MARKS = "benchmark-marks"
"""The namespace of the events that say where a stream begins and ends."""


def mark(version: int) -> bytes:
    """Return such an event's line; no two of them are repeats."""
    about = {"kind": "Pod", "namespace": MARKS, "name": f"mark-{version}", "uid": f"mark-{version}"}
    metadata = {"name": f"mark-{version}", "namespace": MARKS, "resourceVersion": str(version)}
    event = {"metadata": metadata, "involvedObject": about, "reason": "Mark", "message": "mark", "type": "Warning"}
    return json.dumps({"type": "ADDED", "object": event}).encode() + b"\n"


_TO_LETTERS = bytes.maketrans(b"0123456789", _LETTERS)


def _template(shape: Shape, namespace: str) -> bytes:
    """Return a line in which only what differs is left open."""
    pod = shape.kind == "Pod"
    name = "app-%(workload)d-7d4b9c8f6d-%(pod)s" if pod else "node-%(workload)d"
    where = namespace if pod else "default"
    uid = "00000000-0000-4000-8000-%(subject)012x"
    message = shape.message.format(pod=name, number="%(subject)d")
    written = "2026-01-01T00:00:00Z"
    event = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {
            "name": f"{name}.%(subject)x",
            "namespace": where,
            "uid": uid,
            "resourceVersion": "%(version)d",
            "creationTimestamp": written,
            "managedFields": [_managed(shape.component, written)],
        },
        "involvedObject": {
            "kind": shape.kind,
            **({"namespace": namespace} if pod else {}),
            "name": name,
            "uid": uid,
            "apiVersion": "v1",
            "resourceVersion": "123456",
            **({"fieldPath": "spec.containers{app}"} if pod else {}),
        },
        "reason": shape.reason,
        "message": message,
        "source": {"component": shape.component, "host": "ip-10-0-3-17.ec2.internal"},
        "firstTimestamp": written,
        "lastTimestamp": written,
        "count": "COUNT",
        "type": shape.type,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    }
    line = json.dumps({"type": "%(type)s", "object": event}, separators=(",", ":"))
    return line.replace('"COUNT"', "%(count)d").encode() + b"\n"


def _managed(manager: str, time: str) -> dict[str, object]:
    """Return what the API server notes of who wrote which field: half of a line, and nothing that we read."""
    about = ("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            **{f"f:{name}": {} for name in ("count", "firstTimestamp", "lastTimestamp", "message", "reason", "type")},
            "f:involvedObject": {f"f:{name}": {} for name in about},
            "f:source": {"f:component": {}, "f:host": {}},
        },
    }
