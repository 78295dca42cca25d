"""The rights that the daemon's args need, and no others, as RBAC objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kube_wecom_eventer.commands.migrate.yaml_writer import Inline
from kube_wecom_eventer.config import CheckpointSettings, ObjectName, RobotTarget, Settings

_RBAC = "rbac.authorization.k8s.io"

Object = dict[str, Any]
Rule = dict[str, Any]

_READ = ("list", "watch")


def rights_objects(
    settings: Settings, *, name: str, namespace: str, checkpoint: CheckpointSettings, templates: Iterable[ObjectName]
) -> list[Object]:
    """Return the roles and their bindings for the ServiceAccount ``name`` of ``namespace``.

    ``checkpoint``: where it is, resolved. ``templates``: the ConfigMaps with templates.
    """
    everywhere, rules = _cluster_rules(settings), _rules(settings, namespace, checkpoint, templates)
    # A ClusterRole has no namespace, so its name says which one it is for: another installation has its own.
    objects = list(_role(f"{name}-{namespace}", None, everywhere, name, namespace)) if everywhere else []
    for place in sorted(rules, key=lambda place: (place != namespace, place)):
        # Elsewhere another installation may have a role of that name.
        role = name if place == namespace else f"{name}-{namespace}"
        objects += _role(role, place, rules[place], name, namespace)
    return objects


def _cluster_rules(settings: Settings) -> list[Rule]:
    rules = []
    if not settings.watched:
        rules.append(_rule("events", _READ))
        if settings.declared_routes:
            rules.append(_rule("configmaps", _READ))
    if any(sink.filter.namespace_selector or sink.mention_owner for sink in settings.sinks):
        rules.append(_rule("namespaces", _READ))
    return rules


def _rules(
    settings: Settings, namespace: str, checkpoint: CheckpointSettings, templates: Iterable[ObjectName]
) -> dict[str, list[Rule]]:
    rules: dict[str, list[Rule]] = defaultdict(list)
    for watched in settings.watched:
        rules[watched].append(_rule("events", _READ))
        if settings.declared_routes:
            rules[watched].append(_rule("configmaps", _READ))
    followed = {*templates, *([settings.silences.within(namespace)] if settings.silences else [])}
    for place, names in _by_namespace(followed):
        rules[place].append(_rule("configmaps", _READ, names=names))
    keys = {sink.target.key_secret for sink in settings.sinks if isinstance(sink.target, RobotTarget)} - {None}
    for place, names in _by_namespace(ObjectName(key.namespace, key.name) for key in keys if key):
        rules[place].append(_rule("secrets", ("get",), names=names))
    if checkpoint.name:
        rules[checkpoint.name.namespace] += [
            _rule("configmaps", ("create",)),
            _rule("configmaps", ("get", "update"), names=[checkpoint.name.name]),
        ]
    if settings.leader_election:
        lease, group = settings.leader_election.lease.within(namespace), "coordination.k8s.io"
        rules[lease.namespace] += [
            _rule("leases", ("create",), group=group),
            _rule("leases", ("get", "update", "watch"), names=[lease.name], group=group),
        ]
    return rules


def _by_namespace(names: Iterable[ObjectName]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        found[name.namespace].add(name.name)
    for namespace in sorted(found):
        yield namespace, sorted(found[namespace])


def _rule(resource: str, verbs: Sequence[str], *, names: Sequence[str] = (), group: str = "") -> Rule:
    only = {"resourceNames": Inline(names)} if names else {}
    return {"apiGroups": Inline([group]), "resources": Inline([resource]), **only, "verbs": Inline(verbs)}


def _role(role: str, place: str | None, rules: Sequence[Rule], account: str, namespace: str) -> tuple[Object, Object]:
    """Return a role and its binding; without a ``place`` they are the cluster's."""
    kind = "Role" if place else "ClusterRole"
    metadata = {"name": role, **({"namespace": place} if place else {})}
    version = f"{_RBAC}/v1"
    return (
        {"apiVersion": version, "kind": kind, "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": version,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    )
