"""An alert of Prometheus or Alertmanager, and the event as which it goes through filters, queues and messages.

Owns which label says what: level, kind and name of the object, namespace. Knows nothing of HTTP or of who told it.
Fields: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from kube_wecom_eventer.event import Event, ObjectMeta, ObjectReference

FIRING, RESOLVED = "firing", "resolved"

SEVERITY = "severity"
"""The label that becomes the level."""

SEVERITIES: Mapping[str, str] = {
    "critical": "Warning",
    "error": "Warning",
    "warning": "Warning",
    "info": "Normal",
    "none": "Normal",
}
"""The level of each severity; one that is not here is a Warning: nobody must miss what nobody has named."""

OBJECT_LABELS: Mapping[str, str] = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "replicaset": "ReplicaSet",
    "cronjob": "CronJob",
    "job_name": "Job",
    "horizontalpodautoscaler": "HorizontalPodAutoscaler",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "pod": "Pod",
    "persistentvolume": "PersistentVolume",
    "node": "Node",
}
"""The kinds of objects by the label that names one; the first that an alert has counts.

``pod`` and ``node`` come behind: they often name the exporter that reports something else. ``job`` is no Kubernetes
Job, but what Prometheus scrapes; kube-state-metrics writes ``job_name``.
"""

_OF_THE_CLUSTER = frozenset({"Node", "PersistentVolume"})
"""Kinds without a namespace: their alerts' namespace is the exporter's."""

_MESSAGES = (("summary",), ("description", "message"))
"""The annotations that make the message: the first of each that is there, a line for each."""


class AlertGroup(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """What Alertmanager says of the alerts that it sends together; nothing where Prometheus posts by itself."""

    receiver: str = ""
    labels: dict[str, str] = {}
    external_url: str = ""


class Alert(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """``status``: ``firing`` or ``resolved``. ``ends_at``: for one that fires, until when it does at least, if known.

    ``fingerprint``: Alertmanager's, where it said one. ``whole``: the identity of all labels, where they were cut.
    """

    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    fingerprint: str = ""
    group: AlertGroup = AlertGroup()
    whole: int = 0

    @property
    def resolved(self) -> bool:
        """Whether it is over."""
        return self.status == RESOLVED

    @property
    def identity(self) -> int:
        """48 bits that tell alerts apart by their labels, the same in every process."""
        return self.whole or identity_of(self.labels)

    @property
    def lasted(self) -> timedelta | None:
        """How long it fired; None while it does."""
        if not self.resolved or self.ends_at is None or self.ends_at < self.starts_at:
            return None
        return self.ends_at - self.starts_at


def identity_of(labels: Mapping[str, str]) -> int:
    """Return what `Alert.identity` is for these labels."""
    text = "\xff".join(f"{name}\xff{labels[name]}" for name in sorted(labels))
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=6).digest())


class AlertEvent(Event, frozen=True, kw_only=True):
    """An alert as an event: it has no resourceVersion, so no checkpoint counts it among versions."""

    alert: Alert


def level_of(severity: str, severities: Mapping[str, str] = SEVERITIES) -> str:
    """Return the level of a severity, in whatever case it is written."""
    return severities.get(severity.lower(), "Warning")


def alert_event(alert: Alert) -> AlertEvent:
    """Return the event of an alert: its reason is the alert's name, its object what the labels name."""
    labels = alert.labels
    name = labels.get("alertname", "")
    about = _object(labels)
    metadata = ObjectMeta(
        name=name, namespace=about.namespace, labels=labels, annotations=alert.annotations, uid=f"{alert.identity:012x}"
    )
    return AlertEvent(
        metadata=metadata,
        involved_object=about,
        reason=name,
        message=_message(alert.annotations) or _other_labels(labels),
        type=level_of(labels.get(SEVERITY, "")),
        first_timestamp=alert.starts_at,
        last_timestamp=alert.ends_at if alert.resolved else alert.starts_at,
        reporting_component="alertmanager",
        alert=alert,
    )


def _object(labels: Mapping[str, str]) -> ObjectReference:
    """Return what an alert is about; without a label that names a kind only its instance, which has none."""
    namespace = labels.get("namespace", "")
    for label, kind in OBJECT_LABELS.items():
        if name := labels.get(label):
            return ObjectReference(kind=kind, namespace="" if kind in _OF_THE_CLUSTER else namespace, name=name)
    return ObjectReference(namespace=namespace, name=labels.get("instance", ""))


def _other_labels(labels: Mapping[str, str]) -> str:
    """Return the labels that nothing else of a message shows: without annotations they are all that it can say."""
    shown = {"alertname", "namespace", SEVERITY, *OBJECT_LABELS}
    return ", ".join(f"{name}={labels[name]}" for name in sorted(labels) if name not in shown)


def _message(annotations: Mapping[str, str]) -> str:
    found = (next((annotations[name] for name in names if annotations.get(name)), "") for names in _MESSAGES)
    return "\n".join(dict.fromkeys(text for each in found if (text := each.strip())))
