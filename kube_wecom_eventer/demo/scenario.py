"""A stream of events as an SRE sees them in a day, with the fields that the real components fill.

Owns the stories and the objects they are about; randomness and clock are passed in, so a seed plays the same
day again. Texts are written after those of kubelet, scheduler, controllers and node-problem-detector.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from string import Template
from typing import Any

from kube_wecom_eventer.demo.status import JsonObject

NAMESPACES = ("payments", "shop", "search", "infra")
REPEATABLE_LIMIT = 100  # events that may still repeat; the oldest come to rest
REPEAT_CHANCE = 0.35

_WORKLOADS = {
    "payments": ("payment-api", "ledger", "refund-worker"),
    "shop": ("cart", "checkout", "catalog"),
    "search": ("indexer", "query"),
    "infra": ("ingress-nginx", "cert-manager"),
}
_NODES = ("node-gz-01", "node-gz-02", "node-sh-07")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, kw_only=True)
class Story:
    """One kind of event. ``message`` may name $pod, $app, $namespace, $node, $image and $uid."""

    reason: str
    message: str
    weight: int = 1
    level: str = "Warning"
    kind: str = "Pod"
    component: str = "kubelet"


STORIES = (
    Story(
        reason="BackOff",
        message="Back-off restarting failed container app in pod ${pod}_$namespace($uid)",
        weight=5,
    ),
    Story(
        reason="BackOff",
        message='Back-off pulling image "$image"',
        weight=2,
    ),
    Story(
        reason="Failed",
        message='Failed to pull image "$image": rpc error: code = NotFound desc = failed to pull and unpack '
        'image "$image": failed to resolve reference "$image": not found',
        weight=2,
    ),
    Story(reason="Failed", message="Error: ImagePullBackOff", weight=2),
    Story(
        reason="FailedScheduling",
        message="0/3 nodes are available: 1 node(s) had untolerated taint "
        "{node.kubernetes.io/disk-pressure: }, 2 Insufficient memory. preemption: 0/3 nodes are available: "
        "3 No preemption victims found for incoming pod.",
        component="default-scheduler",
        weight=3,
    ),
    Story(
        reason="Unhealthy",
        message='Readiness probe failed: HTTP probe failed with statuscode: 503, body: {"error": "数据库连接池耗尽"}',
        weight=4,
    ),
    Story(
        reason="Unhealthy",
        message='Liveness probe failed: command timed out: "sh -c \'redis-cli ping | grep -q \\"PONG\\"\'" '
        "timed out after 1s",
    ),
    Story(
        reason="FailedMount",
        message='MountVolume.SetUp failed for volume "config" : configmap "$app-config" not found',
        weight=2,
    ),
    Story(
        reason="FailedPostStartHook",
        message='PostStartHook failed: exec: "C:\\\\app\\\\warm-up.cmd": file does not exist\n'
        "at line 1:\n\t{{ .Values.hook }}",
    ),
    Story(
        reason="OOMKilling",
        message="Memory cgroup out of memory: Killed process 28714 (java) total-vm:7614216kB, anon-rss:4127020kB",
        kind="Node",
        component="kernel-monitor",
    ),
    Story(
        reason="NodeNotReady",
        message="Node $node status is now: NodeNotReady",
        level="Normal",
        kind="Node",
        component="node-controller",
    ),
    Story(
        reason="FailedCreate",
        message='Error creating: pods "$app-6f5c9-" is forbidden: exceeded quota: team-quota, requested: '
        "limits.memory=2Gi, used: limits.memory=31Gi, limited: limits.memory=32Gi",
        kind="ReplicaSet",
        component="replicaset-controller",
    ),
    Story(
        reason="Evicted",
        message="The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 3Gi. ",
    ),
    Story(
        reason="Scheduled",
        message="Successfully assigned $namespace/$pod to $node",
        level="Normal",
        component="default-scheduler",
        weight=3,
    ),
    Story(
        reason="Pulled",
        message='Container image "$image" already present on machine',
        level="Normal",
        weight=4,
    ),
    Story(reason="Created", message="Created container app", level="Normal", weight=4),
    Story(reason="Started", message="Started container app", level="Normal", weight=4),
    Story(reason="Killing", message="Stopping container app", level="Normal", weight=2),
)
_BURST = STORIES[0]
_FRESH = tuple(story for story in STORIES if story.level == "Warning" and story.kind == "Pod")
# What JSON, WeCom's markup and a browser could each trip over.
_NASTY = Story(
    reason="Failed",
    message='Error: exec "C:\\app\\start.cmd" said:\n\t"配置错误" <@all> <@oncall-payments> {{ .Values.password }}\n'
    "<script>alert(1)</script> <img src=x onerror=alert(1)> **bold** [click](javascript:alert(1)) "
    '`rm -rf` \x00 ","msgtype":"image"} 🙂',
)


class Scenario:
    """Makes one event after another; some are a repeat of an earlier one, with a higher count."""

    def __init__(self, *, random: Random, clock: Callable[[], datetime]) -> None:
        self._random = random
        self._clock = clock
        # All pods of one version of a Deployment have the same middle part.
        self._version = {app: f"{random.getrandbits(36):09x}" for apps in _WORKLOADS.values() for app in apps}
        self._repeatable: deque[JsonObject] = deque(maxlen=REPEATABLE_LIMIT)

    def next_event(self) -> JsonObject:
        """A new event, or a newer version of one that was given before (of the same name)."""
        if self._repeatable and self._random.random() < REPEAT_CHANCE:
            index = self._random.randrange(len(self._repeatable))
            self._repeatable[index] = self._repeated(self._repeatable[index])
            return self._repeatable[index]
        story = self._random.choices(STORIES, weights=[story.weight for story in STORIES])[0]
        namespace = self._random.choice(NAMESPACES)
        event = self._event(story, namespace, self._random.choice(_WORKLOADS[namespace]))
        if story.level == "Warning":
            self._repeatable.append(event)
        return event

    def burst(self, size: int, *, namespace: str = "payments") -> list[JsonObject]:
        """What a bad rollout makes at once: so many pods of one Deployment that do not start."""
        app = _WORKLOADS[namespace][0]
        return [self._event(_BURST, namespace, app) for _ in range(size)]

    def fresh(self, namespace: str = "") -> JsonObject:
        """A Warning of a pod that nobody has heard of yet; of any namespace unless one is given."""
        return self._fresh(namespace or self._random.choice(NAMESPACES))

    def nasty(self) -> JsonObject:
        """An event whose message holds what breaks a careless program."""
        return self._event(_NASTY, "payments", self._random.choice(_WORKLOADS["payments"]))

    def storm(self, size: int) -> Iterator[JsonObject]:
        """So many Warnings, each of a pod of its own, in all namespaces."""
        for _ in range(size):
            yield self._fresh(self._random.choice(NAMESPACES))

    def crash_loop(self, times: int) -> Iterator[JsonObject]:
        """One event and its newer versions, each made when it is asked for."""
        event = self._event(_BURST, "payments", _WORKLOADS["payments"][0])
        for _ in range(times - 1):
            yield event
            event = self._repeated(event)
        yield event

    def _fresh(self, namespace: str) -> JsonObject:
        story = self._random.choices(_FRESH, weights=[story.weight for story in _FRESH])[0]
        return self._event(story, namespace, self._random.choice(_WORKLOADS[namespace]))

    def _event(self, story: Story, namespace: str, app: str) -> JsonObject:
        node = self._random.choice(_NODES)
        name = self._object_name(story.kind, app, node)
        uid = self._uid()
        words = {
            "pod": name,
            "app": app,
            "namespace": namespace,
            "node": node,
            "uid": uid,
            "image": f"registry.example.com/{namespace}/{app}:v1.{self._random.randrange(90)}",
        }
        # An object without a namespace has its events in `default`.
        home = "default" if story.kind == "Node" else namespace
        involved: dict[str, Any] = {"kind": story.kind, "name": name, "uid": uid, "apiVersion": "v1"}
        if story.kind == "Node":
            involved["uid"] = node  # kubelet and node-problem-detector give the node's name as its uid
        else:
            involved["namespace"] = namespace
        if story.kind == "ReplicaSet":
            involved["apiVersion"] = "apps/v1"
        if story.kind == "Pod" and story.component == "kubelet":
            involved["fieldPath"] = "spec.containers{app}"
        event: JsonObject = {
            "metadata": {"name": f"{name}.{self._random.getrandbits(64):016x}", "namespace": home},
            "involvedObject": involved,
            "reason": story.reason,
            "message": Template(story.message).substitute(words),
            "type": story.level,
        }
        return {**event, **self._reporter(story.component, node)}

    def _object_name(self, kind: str, app: str, node: str) -> str:
        if kind == "Node":
            return node
        if kind == "ReplicaSet":
            return f"{app}-{self._version[app]}"
        return f"{app}-{self._version[app]}-{''.join(self._random.choices(_SUFFIX, k=5))}"

    def _uid(self) -> str:
        bits = f"{self._random.getrandbits(128):032x}"
        return "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))

    def _reporter(self, component: str, node: str) -> JsonObject:
        now = self._clock().astimezone(UTC)
        if component == "default-scheduler":
            # Written through events.k8s.io: no first or last time, and a series when it repeats.
            return {
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
                "eventTime": _micro(now),
                "action": "Scheduling",
                "reportingComponent": component,
                "reportingInstance": f"{component}-control-plane-1",
            }
        source = {"component": component}
        if component in ("kubelet", "kernel-monitor"):
            source["host"] = node
        moment = _seconds(now)
        return {
            "source": source,
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
            "reportingComponent": component,
            "reportingInstance": source.get("host", ""),
        }

    def _repeated(self, event: JsonObject) -> JsonObject:
        now = self._clock().astimezone(UTC)
        if event.get("eventTime"):
            count = event.get("series", {}).get("count", 1) + 1
            return {**event, "series": {"count": count, "lastObservedTime": _micro(now)}}
        return {**event, "count": event["count"] + 1, "lastTimestamp": _seconds(now)}


def _seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
