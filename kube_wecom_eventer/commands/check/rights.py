"""The rights that the daemon's args need, each asked of the API server, and the rule that a missing one needs.

https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from kube_wecom_eventer.commands.check.findings import Report
from kube_wecom_eventer.config import CheckpointSettings, LeaderElectionSettings, ObjectName, SecretField, Settings
from kube_wecom_eventer.errors import ApiError
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """``verbs`` on a resource. ``namespace``: empty for all. ``name``: of the one object that it is about, if one.

    ``needed_for``: what fails without it. ``may_miss``: nothing else does; the daemon runs.
    """

    verbs: tuple[str, ...]
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    needed_for: str
    may_miss: bool = False

    @property
    def shown(self) -> str:
        """Return it in words."""
        which = f"{self.resource} {self.name}" if self.name else self.resource
        where = f"in {self.namespace}" if self.namespace else "in all namespaces"
        return f"{', '.join(self.verbs)} {which} {where if self.resource != 'namespaces' else ''}".rstrip()

    def rule(self, verbs: Sequence[str]) -> tuple[str, ...]:
        """Return the rule that grants ``verbs``, as YAML to be pasted, and where it belongs."""
        where = f"a Role of namespace {self.namespace}" if self.namespace else "a ClusterRole"
        names = [f"  resourceNames: [{self.name}]"] if self.name else []
        return (
            f"grant the daemon's ServiceAccount, in {where}:",
            f'- apiGroups: ["{self.group}"]',
            f"  resources: [{self.resource}]",
            *names,
            f"  verbs: [{', '.join(verbs)}]",
        )


def needed(
    settings: Settings,
    *,
    namespace: str,
    place: CheckpointSettings,
    config_maps: Collection[ObjectName],
    secrets: Collection[SecretField],
    namespaces_wanted: bool,
) -> Iterator[Right]:
    """Yield the rights that these settings need. ``namespace``: the daemon's own. ``place``: of the checkpoint."""
    for watched in settings.watched or ("",):
        yield Right(verbs=("list", "watch"), resource="events", namespace=watched, needed_for="nothing is told")
        if settings.declared_routes:
            words = "no route of a namespace is known"
            yield Right(verbs=("list", "watch"), resource="configmaps", namespace=watched, needed_for=words)
    for each in sorted(config_maps):
        if not (settings.declared_routes and (not settings.watched or each.namespace in settings.watched)):
            words = "what stands in it is not known"
            # By name, as the daemon follows it: a rule may be for this one only.
            yield Right(
                verbs=("list", "watch"),
                resource="configmaps",
                namespace=each.namespace,
                name=each.name,
                needed_for=words,
            )
    for secret in sorted({(each.namespace, each.name) for each in secrets}):
        words = "a sink's key can't be read, and nothing is sent there"
        yield Right(verbs=("get",), resource="secrets", namespace=secret[0], name=secret[1], needed_for=words)
    if namespaces_wanted:
        words = "namespace_selector= takes nothing, mention_owner= mentions nobody"
        yield Right(verbs=("list", "watch"), resource="namespaces", needed_for=words)
    if place.name:
        yield from _checkpoint(place.name)
    if settings.leader_election:
        yield from _lease(settings.leader_election, namespace)


def _checkpoint(name: ObjectName) -> Iterator[Right]:
    words = "there is no checkpoint: a restart loses what happens meanwhile"
    create = Right(verbs=("create",), resource="configmaps", namespace=name.namespace, needed_for=words, may_miss=True)
    yield create
    yield replace(create, verbs=("get", "update"), name=name.name)


def _lease(election: LeaderElectionSettings, namespace: str) -> Iterator[Right]:
    lease = election.lease.within(namespace)
    create = Right(
        verbs=("create",),
        resource="leases",
        group="coordination.k8s.io",
        namespace=lease.namespace,
        needed_for="no replica leads, and nothing is told",
    )
    yield create
    yield replace(create, verbs=("get", "update"), name=lease.name)
    words = "a standby asks every few seconds instead of being told"
    yield replace(create, verbs=("watch",), name=lease.name, needed_for=words, may_miss=True)


class _Status(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Status


async def check_rights(client: ApiClient, rights: Sequence[Right], report: Report) -> None:
    """Ask for each right and say what is missing."""
    for number, right in enumerate(rights, start=1):
        report.working(f"asking for right {number} of {len(rights)} ...")
        try:
            missing = [verb for verb in right.verbs if not await _allowed(client, right, verb)]
        except ApiError as error:
            report.doubtful(right.shown, f"can't be asked: {error}")
            continue
        if not missing:
            report.good(right.shown, "granted")
        elif right.may_miss:
            report.doubtful(right.shown, f"not granted, so {right.needed_for}", *right.rule(missing))
        else:
            report.bad(right.shown, f"not granted, so {right.needed_for}", *right.rule(missing))


async def _allowed(client: ApiClient, right: Right, verb: str) -> bool:
    attributes = {
        "verb": verb,
        "group": right.group,
        "resource": right.resource,
        "namespace": right.namespace,
        "name": right.name,
    }
    body = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
    answer = await client.send("POST", _REVIEWS, {**body, "spec": {"resourceAttributes": attributes}})
    try:
        return msgspec.json.decode(answer, type=_Review).status.allowed
    except UNREADABLE:
        raise ApiError("the answer is no SelfSubjectAccessReview") from None
