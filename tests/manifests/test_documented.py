"""What docs/install.md tells to write renders, and what it names is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.manifests.rendering import MANIFESTS, ROOT, components, container, needs_kubectl, rendered

PAGES = pytest.mark.parametrize("page", ["install.md", "install.zh-CN.md"])


def text_of(page: str) -> str:
    """Return a page."""
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@needs_kubectl
@PAGES
def test_the_kustomization_renders(page: str, tmp_path: Path) -> None:
    """In a folder beside manifests/; its sink replaces ours, and the parts' flags stand behind it."""
    (written,) = re.findall(r"```yaml\n(.*?)```", text_of(page), re.DOTALL)
    here = os.path.relpath(MANIFESTS, tmp_path.resolve())
    (tmp_path / "kustomization.yaml").write_text(written.replace("../manifests", here))
    args = container(rendered(tmp_path))["args"]
    assert args[1:] == [
        "--sink=wecom:?route=platform&key=${WECOM_ROBOT_KEY}&default=true&cluster=prod-1",
        "--leader-elect",
        "--namespace-routes=true",
    ]


@PAGES
def test_each_part_is_named(page: str) -> None:
    """In the table."""
    named = re.findall(r"^\| \[[\w/-]+\]\(\.\./manifests/([\w/-]+)\)", text_of(page), re.MULTILINE)
    assert sorted(named) == sorted(components())
