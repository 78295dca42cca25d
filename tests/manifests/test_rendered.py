"""What is applied as one file is what the kustomizations render, and all of it names one version of the image."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kube_wecom_eventer import __version__
from tests.manifests.rendering import DAEMON, MANIFESTS, ROOT, container, needs_kubectl, rendered

FILES = {"install.yaml": MANIFESTS, "install-namespace-routes.yaml": ROOT / "examples" / "namespace-routes"}


@needs_kubectl
@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_is_rendered_now(name: str) -> None:
    """Object by object, in the same order; 'make manifests' renders it anew."""
    written = list(yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8")))
    assert written == rendered(FILES[name])


def test_every_file_to_apply_is_checked() -> None:
    """None is left behind by the make target."""
    assert {path.name for path in MANIFESTS.glob("install*.yaml")} == set(FILES)
    assert set(re.findall(r"call render,([\w/-]+),([\w.-]+)", (ROOT / "Makefile").read_text(encoding="utf-8"))) == {
        (str(folder.relative_to(ROOT)), name) for name, folder in FILES.items()
    }


@pytest.mark.parametrize("name", FILES)
def test_the_namespace_comes_first(name: str) -> None:
    """One 'kubectl apply -f' is enough: what is in a namespace is created after it."""
    kinds = [each["kind"] for each in yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8"))]
    assert kinds[0] == "Namespace"
    assert "Secret" not in kinds


def test_the_image_has_the_programs_version() -> None:
    """In all that people apply or copy."""
    for name in FILES:
        objects = list(yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8")))
        assert container(objects)["image"] == f"{DAEMON}:{__version__}"
    written = [
        (path.relative_to(ROOT), tag)
        for path in _texts()
        for tag in re.findall(rf"{DAEMON}:(\d+\.\d+\.\d+)", path.read_text(encoding="utf-8"))
    ]
    assert written
    assert [each for each in written if each[1] != __version__] == []
    kustomization = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text(encoding="utf-8"))
    assert [image["newTag"] for image in kustomization["images"]] == [__version__]


def _texts() -> list[Path]:
    patterns = ("README*.md", "docs/*.md", "manifests/**/*.yaml", "examples/**/*.yaml")
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
