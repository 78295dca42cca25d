"""Objects as users have them."""

from __future__ import annotations

from typing import Any

SOURCE = "--source=kubernetes:https://kubernetes.default"


def eventer(**fields: Any) -> dict[str, Any]:
    """A container that runs kube-eventer, as its own YAML has it."""
    container = {
        "name": "kube-eventer",
        "image": "registry.aliyuncs.com/acs/kube-eventer:v1.2.7-ca03be0-aliyun",
        "command": ["/kube-eventer", SOURCE, "--sink=log:"],
        **fields,
    }
    return {key: value for key, value in container.items() if value is not None}


def deployment(
    *,
    name: str = "kube-eventer",
    namespace: str | None = "kube-system",
    containers: list[dict[str, Any]] | None = None,
    pod: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A Deployment of kube-eventer."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {}), **(metadata or {})},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "kube-eventer"}},
            "template": {
                "metadata": {"labels": {"app": "kube-eventer"}, **(template or {})},
                "spec": {
                    "serviceAccount": "kube-eventer",
                    "containers": [eventer()] if containers is None else containers,
                    **(pod or {}),
                },
            },
            **(spec or {}),
        },
        **fields,
    }


def config_map(*, content: str = "{}") -> dict[str, Any]:
    """A ConfigMap with a template."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "body", "namespace": "kube-system"},
        "data": {"content": content},
    }
