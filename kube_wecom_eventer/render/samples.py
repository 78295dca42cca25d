"""Events to try a template on: one of each kind that templates trip over.

Fields and texts are those that the components write: the kubelet's (pkg/kubelet/events, pkg/kubelet/prober), the
scheduler's through events.k8s.io, the node controller's; https://github.com/kubernetes/kubernetes. Only ``hostile`` and
``emoji`` hold texts that applications, not Kubernetes, put into their events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from kube_wecom_eventer.event import Event, EventSeries, EventSource, ObjectMeta, ObjectReference

DEFAULT = "backoff"

_NODE = "node-gz-01"
_POD = "checkout-7d9f8c6b5-x2k4z"
_POD_UID = "b1946ac9-2c1f-4f6e-9d1a-6f2d0c1e8a55"


@dataclass(frozen=True, slots=True)
class Sample:
    """An event to try on, made for a moment; ``about`` says in a few words why one would."""

    name: str
    about: str
    make: Callable[[datetime], Event]


def samples() -> dict[str, Sample]:
    """Return the samples by name, the usual one first."""
    return {sample.name: sample for sample in _SAMPLES}


def sample_events(now: datetime) -> dict[str, Event]:
    """Return the samples' events, made for a moment, by name."""
    return {sample.name: sample.make(now) for sample in _SAMPLES}


def _kubelet(now: datetime, reason: str, message: str, *, count: int = 3) -> Event:
    """Return what the kubelet tells of a container."""
    first = (now - timedelta(minutes=4)).replace(microsecond=0)
    last = now.replace(microsecond=0)
    return Event(
        kind="Event",
        api_version="v1",
        metadata=_meta(_POD, "payments", first),
        involved_object=ObjectReference(
            kind="Pod",
            namespace="payments",
            name=_POD,
            uid=_POD_UID,
            api_version="v1",
            resource_version="184520",
            field_path="spec.containers{checkout}",
        ),
        reason=reason,
        message=message,
        source=EventSource(component="kubelet", host=_NODE),
        first_timestamp=first,
        last_timestamp=last,
        count=count,
        type="Warning",
        reporting_component="kubelet",
        reporting_instance=_NODE,
    )


def _meta(about: str, namespace: str, created: datetime) -> ObjectMeta:
    return ObjectMeta(
        name=f"{about}.18452c9f7a3b1e60",
        namespace=namespace,
        uid="6f2d0c1e-8a55-4f6e-9d1a-b1946ac92c1f",
        resource_version="184733",
        creation_timestamp=created,
    )


def _back_off(now: datetime) -> Event:
    message = f"Back-off restarting failed container checkout in pod {_POD}_payments({_POD_UID})"
    return _kubelet(now, "BackOff", message)


def _failed_scheduling(now: datetime) -> Event:
    """Return what the scheduler tells: no first or last time, no count, an empty source."""
    name = "search-indexer-6c4f7b9d8-7bqzm"
    return Event(
        kind="Event",
        api_version="v1",
        metadata=_meta(name, "search", now.replace(microsecond=0)),
        involved_object=ObjectReference(
            kind="Pod",
            namespace="search",
            name=name,
            uid="0d2f6b0e-55c1-4d2a-8f43-9b7a1f0c6e21",
            api_version="v1",
            resource_version="184731",
        ),
        reason="FailedScheduling",
        message="0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, "
        "2 Insufficient memory. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, "
        "2 No preemption victims found for incoming pod.",
        event_time=now,
        type="Warning",
        action="Scheduling",
        reporting_component="default-scheduler",
        reporting_instance="default-scheduler-control-plane-1",
    )


def _series(now: datetime) -> Event:
    event = _failed_scheduling(now - timedelta(minutes=9))
    return replace(event, series=EventSeries(count=12, last_observed_time=now))


def _node_not_ready(now: datetime) -> Event:
    """Return what the node controller tells; an object without a namespace has its events in ``default``."""
    moment = now.replace(microsecond=0)
    uid = "3c1b7c52-4a0e-4a37-8c5e-1f0f5f0d9a10"
    return Event(
        kind="Event",
        api_version="v1",
        metadata=_meta(_NODE, "default", moment),
        involved_object=ObjectReference(kind="Node", name=_NODE, uid=uid, api_version="v1"),
        reason="NodeNotReady",
        message=f"Node {_NODE} status is now: NodeNotReady",
        source=EventSource(component="node-controller"),
        first_timestamp=moment,
        last_timestamp=moment,
        count=1,
        type="Normal",
        reporting_component="node-controller",
    )


def _unhealthy(now: datetime) -> Event:
    output = (
        '{"status":"DOWN","details":{"path":"C:\\\\data\\\\ledger","error":"database is locked"}}\n'
        "curl: (22) The requested URL returned error: 503"
    )
    return _kubelet(now, "Unhealthy", f"Readiness probe failed: {output}", count=17)


def _huge(now: datetime) -> Event:
    """Return a probe's output as long as the kubelet lets it be: 10 KiB."""
    trace = "java.lang.IllegalStateException: pool is closed\n" + "".join(
        f"\tat com.example.checkout.Pool.take(Pool.java:{line})\n" for line in range(100, 400)
    )
    return _kubelet(now, "Unhealthy", f"Liveness probe failed: {trace}"[:10240])


def _emoji(now: datetime) -> Event:
    output = "❌ 数据库连接池耗尽，已重试 3 次 👩\u200d💻🚀\n请联系值班同学。"
    return _kubelet(now, "Unhealthy", f"Readiness probe failed: {output}")


def _hostile(now: datetime) -> Event:
    """Return what somebody writes who may create events."""
    message = (
        '<@all> <font color="warning">x</font>\x00 **y** [z](http://example.com)\n'
        '```\n# "}}, "mentioned_list": ["@all"]'
    )
    return _kubelet(now, "<@all>", message)


_SAMPLES = (
    Sample(DEFAULT, "the kubelet's, of a container that does not start", _back_off),
    Sample("failed-scheduling", "the scheduler's: no last time, no count, no source", _failed_scheduling),
    Sample("node-not-ready", "of a node: it has no namespace; level Normal", _node_not_ready),
    Sample("unhealthy", "quotes, line breaks and backslashes in its message", _unhealthy),
    Sample("huge", "a message of 10 KiB, the longest that a probe gives", _huge),
    Sample("emoji", "emoji and Chinese", _emoji),
    Sample("series", "it repeats, and is counted in a series", _series),
    Sample("hostile", "`<@all>`, markup, a NUL, an end of the JSON", _hostile),
)
