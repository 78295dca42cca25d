"""The rights that the daemon's args need, and no others, as RBAC objects. Which ones, `check` says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kube_wecom_eventer.commands.check.rights import Right, needed
from kube_wecom_eventer.commands.migrate.yaml_writer import Inline
from kube_wecom_eventer.config import CheckpointSettings, ObjectName, Settings, secrets_of

_RBAC = "rbac.authorization.k8s.io"

Object = dict[str, Any]


def rights_objects(
    settings: Settings, *, account: ObjectName, checkpoint: CheckpointSettings, templates: Iterable[ObjectName]
) -> list[Object]:
    """Return the roles and their bindings for the ServiceAccount ``account``.

    ``checkpoint``: where it is, resolved. ``templates``: the ConfigMaps with templates.
    """
    own = settings.source.namespace or account.namespace
    silences = [settings.silences.within(own)] if settings.silences else []
    sinks = settings.sinks
    rights = needed(
        settings,
        namespace=own,
        place=checkpoint,
        config_maps={*templates, *silences},
        secrets={secret for sink in sinks for secret in secrets_of(sink.target)},
        namespaces_wanted=any(sink.filter.namespace_selector or sink.mention_owner for sink in sinks),
    )
    by_place: dict[str, list[Right]] = {}
    for right in rights:
        by_place.setdefault(right.namespace, []).append(right)
    objects: list[Object] = []
    for place in sorted(by_place, key=lambda place: (place != "", place != account.namespace, place)):
        # Elsewhere, and in the whole cluster, another installation may have a role of that name.
        role = account.name if place == account.namespace else f"{account.name}-{account.namespace}"
        objects += _role(role, place, _rules(by_place[place]), account)
    return objects


def _rules(rights: Sequence[Right]) -> list[Object]:
    """Return few rules: one for the objects that the same may be done with, and for all that may be done with them."""
    names: dict[tuple[str, str, tuple[str, ...], bool], list[str]] = {}
    for right in rights:
        names.setdefault((right.group, right.resource, right.verbs, bool(right.name)), []).append(right.name)
    verbs: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, may, _), objects in names.items():
        verbs.setdefault((group, resource, tuple(filter(None, objects))), []).extend(may)
    return [
        {
            "apiGroups": Inline([group]),
            "resources": Inline([resource]),
            **({"resourceNames": Inline(objects)} if objects else {}),
            "verbs": Inline(may),
        }
        for (group, resource, objects), may in verbs.items()
    ]


def _role(role: str, place: str, rules: Sequence[Object], account: ObjectName) -> tuple[Object, Object]:
    """Return a role and its binding; with an empty ``place`` they are the cluster's."""
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
            "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}],
        },
    )
