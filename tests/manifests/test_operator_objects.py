"""The Prometheus Operator's objects of ours, against its own types as they are published: names, types, what is needed.

The types are an npm package made of the Operator's Go types; TypeScript refuses a field that they don't have.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.manifests.rendering import MANIFESTS

PACKAGES = Path(__file__).parents[2] / "build" / "operator-types" / "node_modules"
COMPILER = PACKAGES / "typescript" / "bin" / "tsc"
TYPES = "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not COMPILER.exists(),
    reason="the Prometheus Operator's types are not installed: make operator-types",
)


def mistakes(folder: Path, each: dict[str, Any]) -> str:
    """Return what the types say of an object; nothing where it is well."""
    (folder / "node_modules").symlink_to(PACKAGES)
    kind = f"I{each['kind']}"
    (folder / "object.ts").write_text(
        f'import type {{ {kind} }} from "{TYPES}";\nexport const written: {kind} = {json.dumps(each, indent=1)};\n'
    )
    options = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext")
    command = ["node", str(COMPILER), *options, "object.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.stdout


def written(name: str) -> dict[str, Any]:
    each: dict[str, Any] = yaml.safe_load((MANIFESTS / "monitoring" / name).read_text(encoding="utf-8"))
    return each


@pytest.mark.parametrize("name", ["pod-monitor.yaml", "prometheus-rule.yaml"])
def test_an_object_is_as_the_operator_has_it(tmp_path: Path, name: str) -> None:
    """As its file is applied."""
    assert mistakes(tmp_path, written(name)) == ""


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("podMetricsEndpoints", 0, "portt"), "http", '"portt"\' does not exist'),
        (("jobLable",), "app", '"jobLable"\' does not exist'),
        (("podMetricsEndpoints", 0, "honorLabels"), "true", "'string' is not assignable to type 'boolean | undefined'"),
        (("selector",), None, "'null' is not assignable"),
    ],
)
def test_a_mistake_is_seen(tmp_path: Path, path: tuple[str | int, ...], value: object, said: str) -> None:
    """A misspelt field, a wrong type, one that must be there."""
    monitor = written("pod-monitor.yaml")
    place = monitor["spec"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert said in mistakes(tmp_path, monitor)
