"""``--checkpoint=configmap:[NAMESPACE/]NAME | file:PATH | none``: where the position is kept across restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kube_wecom_eventer.config.object_name import ObjectName, parse_config_map_name
from kube_wecom_eventer.workload import deployment_of

_SUFFIX = "-checkpoint"
_FALLBACK = f"kube-wecom-eventer{_SUFFIX}"

CheckpointKind = Literal["auto", "configmap", "file", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSettings:
    """Where the checkpoint is kept. ``name`` is set for a ConfigMap, ``path`` for a file.

    ``auto``: the user left it open; `resolve` decides. ``name`` without a namespace is in the daemon's own.
    """

    kind: CheckpointKind = "auto"
    name: ObjectName | None = None
    path: Path | None = None


def parse_checkpoint(text: str, *, problems: list[str]) -> CheckpointSettings:
    """Read the value of ``--checkpoint``; what is wrong is added to ``problems``."""
    scheme, colon, rest = text.partition(":")
    if text == "none":
        return CheckpointSettings(kind="none")
    if colon and scheme == "configmap":
        name = parse_config_map_name(rest)
        if name is None:
            problems.append(
                f"--checkpoint={text}: no ConfigMap's name; write configmap:NAME or configmap:NAMESPACE/NAME"
            )
        return CheckpointSettings(kind="configmap", name=name)
    if colon and scheme == "file":
        if not rest or rest.endswith("/") or "\0" in rest:
            problems.append(f"--checkpoint={text}: no file's path; write for example file:/var/lib/eventer/checkpoint")
        return CheckpointSettings(kind="file", path=Path(rest))
    problems.append(f"--checkpoint={text}: unknown place; write configmap:[NAMESPACE/]NAME, file:PATH or none")
    return CheckpointSettings()


def pod_name(environ: Mapping[str, str]) -> str:
    """Return the name of the daemon's pod: ``POD_NAME`` where the Deployment gives it, else the host's name."""
    return environ.get("POD_NAME") or environ.get("HOSTNAME") or ""


def resolve(settings: CheckpointSettings, *, in_cluster: bool, namespace: str, pod_name: str) -> CheckpointSettings:
    """Return where the checkpoint is kept: nothing is ``auto`` any more, and each ConfigMap has its namespace.

    ``in_cluster``: the daemon runs as a pod's service account. ``namespace`` and ``pod_name`` are the daemon's own.
    The default bears the Deployment's name: two Deployments in one namespace must not share a checkpoint.
    """
    if settings.name:
        return CheckpointSettings(kind="configmap", name=settings.name.within(namespace))
    if settings.kind != "auto":
        return settings
    if not in_cluster:
        return CheckpointSettings(kind="none")
    return CheckpointSettings(kind="configmap", name=ObjectName(namespace, _default_name(pod_name)))


def _default_name(pod_name: str) -> str:
    deployment = deployment_of(pod_name)
    name = parse_config_map_name(f"{deployment}{_SUFFIX}") if deployment else None
    return name.name if name else _FALLBACK
