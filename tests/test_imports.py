"""What a quiet daemon does not import: it would hold it for as long as it lives."""

from __future__ import annotations

import subprocess
import sys

import pytest

UNUSED = ("apprise", "argparse", "jinja2", "kube_wecom_eventer.render.go_template", "kubernetes", "tenacity", "yaml")


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules of a process that has imported all that the daemon has before its first event."""
    script = "import sys; import kube_wecom_eventer.cli, kube_wecom_eventer.app; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.parametrize("module", UNUSED)
def test_what_only_some_need_is_not_imported(imported: set[str], module: str) -> None:
    """It is, when it is needed."""
    assert "msgspec" in imported
    assert module not in imported
