from __future__ import annotations

from typing import Any

import pytest

from kube_wecom_eventer.commands.migrate.rights import rights_objects
from kube_wecom_eventer.config import ObjectName, load_settings, resolve

EVENTS = (None, "events", ("list", "watch"), ())
CHECKPOINT = [("ops", "configmaps", ("create",), ()), ("ops", "configmaps", ("get", "update"), ("e-checkpoint",))]


def rights(*args: str, templates: tuple[ObjectName, ...] = ()) -> list[tuple[Any, ...]]:
    """Return place, resource, verbs and names of each rule; None stands for the whole cluster."""
    settings = load_settings(["--sink=wecom:?key=k", *args], environ={})
    own = settings.source.namespace or "ops"
    place = resolve(settings.checkpoint, in_cluster=True, namespace=own, pod_name="e-5d4f8c7b9d-x7zkq")
    objects = rights_objects(settings, account=ObjectName("ops", "e"), checkpoint=place, templates=templates)
    roles, bindings = objects[::2], objects[1::2]
    for role, binding in zip(roles, bindings, strict=True):
        assert binding["kind"] == f"{role['kind']}Binding"
        assert binding["metadata"] == role["metadata"]
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (role["kind"], role["metadata"]["name"])
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "e", "namespace": "ops"}]
    names = [(role["kind"], role["metadata"].get("namespace"), role["metadata"]["name"]) for role in roles]
    assert len(set(names)) == len(names)
    return [
        (
            role["metadata"].get("namespace"),
            *rule["resources"],
            tuple(rule["verbs"]),
            tuple(rule.get("resourceNames", ())),
        )
        for role in roles
        for rule in role["rules"]
    ]


@pytest.mark.parametrize(
    ("args", "templates", "wanted"),
    [
        ([], (), [EVENTS, *CHECKPOINT]),
        (["--checkpoint=none"], (), [EVENTS]),
        (
            ["--namespace=shop", "--checkpoint=none", "--silence-configmap=s"],
            (),
            [EVENTS, ("shop", "configmaps", ("list", "watch"), ("s",))],
        ),
        (["--checkpoint=file:/x"], (), [EVENTS]),
        (
            ["--checkpoint=configmap:other/c"],
            (),
            [EVENTS, ("other", "configmaps", ("create",), ()), ("other", "configmaps", ("get", "update"), ("c",))],
        ),
        (
            ["--checkpoint=none", "--silence-configmap=silences"],
            (ObjectName("shop", "b"), ObjectName("shop", "a"), ObjectName("ops", "t")),
            [
                EVENTS,
                ("ops", "configmaps", ("list", "watch"), ("silences", "t")),
                ("shop", "configmaps", ("list", "watch"), ("a", "b")),
            ],
        ),
        (
            ["--checkpoint=none", "--sink=wecom:?key_secret=shop/robot"],
            (),
            [EVENTS, ("shop", "secrets", ("get",), ("robot",))],
        ),
        (
            ["--checkpoint=none", "--leader-elect"],
            (),
            [
                EVENTS,
                ("ops", "leases", ("create",), ()),
                ("ops", "leases", ("get", "update", "watch"), ("kube-wecom-eventer",)),
            ],
        ),
        (
            ["--checkpoint=none", "--namespace-routes", "--sink=wecom:?key=j&mention_owner=true"],
            (),
            [EVENTS, (None, "configmaps", ("list", "watch"), ()), (None, "namespaces", ("list", "watch"), ())],
        ),
        (
            ["--checkpoint=none", "--watch-namespaces=shop", "--namespace-routes"],
            (),
            [("shop", "events", ("list", "watch"), ()), ("shop", "configmaps", ("list", "watch"), ())],
        ),
    ],
)
def test_the_rights_are_what_the_args_need(
    args: list[str], templates: tuple[ObjectName, ...], wanted: list[tuple[Any, ...]]
) -> None:
    """And no others: by name where a name is known, in the namespace where it is."""
    assert rights(*args, templates=templates) == wanted
