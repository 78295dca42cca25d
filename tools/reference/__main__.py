"""``python -m tools.reference``: writes the pages that are made from the code.

Exit status 1, and nothing written, where a translation is missing, outdated or left over.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tools.monitoring import dashboard, prometheus_rule
from tools.reference import log_events
from tools.reference.catalogue import Catalogue, english
from tools.reference.page import reference

ROOT = Path(__file__).parents[2]
CHINESE = Path(__file__).with_name("zh.yaml")


def pages(chinese: Catalogue) -> Mapping[str, str]:
    """Return the pages by their paths; add here what else is made from the code."""
    return {
        "docs/log-events.md": log_events.page(english, runbook="runbook.md"),
        "docs/log-events.zh-CN.md": log_events.page(chinese.say, runbook="runbook.zh-CN.md"),
        "docs/reference.md": reference(english),
        "docs/reference.zh-CN.md": reference(chinese.say),
        "manifests/monitoring/grafana-dashboard.json": dashboard.page(),
        "manifests/monitoring/prometheus-rule.yaml": prometheus_rule.page(),
    }


def main() -> int:
    """Write all pages. Returns the exit status."""
    chinese = Catalogue.read(CHINESE)
    texts = pages(chinese)
    if problems := chinese.problems():
        print("\n".join(problems), file=sys.stderr)
        return 1
    for path, text in texts.items():
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
