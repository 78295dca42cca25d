"""The Pod Security Standard ``restricted``, as far as a manifest can break it.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Object = dict[str, Any]

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(objects: Sequence[Object]) -> list[str]:
    """Return a line for each thing that the standard forbids in a Deployment's pods."""
    return [
        f"{each['metadata']['name']}: {violation}"
        for each in objects
        if each["kind"] == "Deployment"
        for violation in _of_pod(each["spec"]["template"]["spec"])
    ]


def _of_pod(pod: Object) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))
    for volume in pod.get("volumes", []):
        yield from (f"volume {kind}" for kind in volume if kind != "name" and kind not in _VOLUMES)
    security = pod.get("securityContext", {})
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        yield from _of_container(container, security)


def _of_container(container: Object, of_pod: Object) -> Iterator[str]:
    own = container.get("securityContext", {})
    security = {**of_pod, **own}
    if own.get("privileged") or own.get("procMount", "Default") != "Default":
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if security.get("runAsNonRoot") is not True or security.get("runAsUser") == 0:
        yield "runs as root"
    if security.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile"
    capabilities = own.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or not set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"}:
        yield "capabilities"
    yield from ("hostPort" for port in container.get("ports", []) if port.get("hostPort"))
