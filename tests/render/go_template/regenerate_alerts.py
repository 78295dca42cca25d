"""Writes golden_alerts.json anew: every case of alert_cases.py, executed by Alertmanager's own template package.

Needs Go (``pip install 'kube-wecom-eventer[golden]'``) and Alertmanager's source as Debian has it
(``apt-get install golang-github-prometheus-alertmanager-dev``).
Run: ``python -m tests.render.go_template.regenerate_alerts``.
"""

from __future__ import annotations

import json
import os
import subprocess

from .alert_cases import cases
from .regenerate import HERE, go_program


def main() -> None:
    """Runs all cases in one Go process."""
    every = cases()
    done = subprocess.run(
        [go_program(), "run", "main.go"],
        cwd=HERE / "golden_alerts",
        input=json.dumps(every).encode(),
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"},
    )
    golden = [case | result for case, result in zip(every, json.loads(done.stdout), strict=True)]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in golden)
    (HERE / "golden_alerts.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
