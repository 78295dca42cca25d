"""Prometheus' own tool, where this machine has it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed; Debian has it in the package prometheus"
)


def promtool(*args: str | Path, cwd: Path | None = None) -> str:
    """Run it; return what it says. AssertionError where it finds fault."""
    command = ["promtool", *map(str, args)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
