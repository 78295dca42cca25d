"""Writes golden.json anew: every case of cases.py, executed by Go's own text/template.

Needs Go: ``pip install 'kube-wecom-eventer[golden]'``.
Run: ``python -m tests.render.go_template.regenerate``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .cases import CASES

HERE = Path(__file__).parent


def go_program() -> str:
    """The go command beside this Python, or on the PATH."""
    beside = Path(sys.executable).parent / "go"
    return str(beside) if beside.exists() else shutil.which("go") or "go"


def main() -> None:
    """Runs all cases in one Go process."""
    cases: list[dict[str, Any]] = [case.as_json() for case in CASES]
    done = subprocess.run(
        [go_program(), "run", "."],
        cwd=HERE / "golden",
        input=json.dumps(cases).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    golden = [case | result for case, result in zip(cases, json.loads(done.stdout), strict=True)]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in golden)
    (HERE / "golden.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
