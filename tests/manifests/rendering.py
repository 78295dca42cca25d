"""Kustomizations as kubectl renders them, and what is in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "manifests"
DAEMON = "kube-wecom-eventer"

Object = dict[str, Any]

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")


def components() -> list[str]:
    """Return the parts that may be added to manifests/, by their folders' names."""
    found = [
        path.parent
        for path in sorted(MANIFESTS.rglob("kustomization.yaml"))
        if yaml.safe_load(path.read_text(encoding="utf-8"))["kind"] == "Component"
    ]
    return [str(folder.relative_to(MANIFESTS)) for folder in found]


def rendered(folder: Path) -> list[Object]:
    """Return the objects of a kustomization."""
    run = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return [each for each in yaml.safe_load_all(run.stdout) if each]


def mixed(folder: Path, parts: Sequence[str], *, base: Path = MANIFESTS) -> Path:
    """Write a kustomization of a base and these parts; return its folder."""
    here = folder.resolve()
    written = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(base, here)],
        "components": [os.path.relpath(MANIFESTS / part, here) for part in parts],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(written))
    return folder


def the(objects: Sequence[Object], kind: str, name: str) -> Object:
    """Return one object."""
    (found,) = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def container(objects: Sequence[Object]) -> Object:
    """Return the daemon's container."""
    (found,) = the(objects, "Deployment", DAEMON)["spec"]["template"]["spec"]["containers"]
    return dict(found)
