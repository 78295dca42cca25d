"""Templates looked at, for tests of what is found in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from kube_wecom_eventer.render.lint import Finding, Language, lint_template
from kube_wecom_eventer.render.samples import sample_events

EVENTS = sample_events(datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC))


def lint(source: str, *, language: Language = "go", robot: bool = True, **options: Any) -> list[Finding]:
    return lint_template(source, language=language, robot=robot, events=EVENTS, zone=UTC, **options)


def body(kind: str = "text", content: str = "{{ .Message }}", **more: Any) -> str:
    """Return a template of a body; ``more``: besides the content."""
    part = json.dumps({"content": "@@", **more}, ensure_ascii=False).replace("@@", content)
    return f'{{"msgtype": "{kind}", "{kind}": {part}}}'


def one(findings: list[Finding]) -> tuple[str, str, str, str]:
    """Return the only finding's level, code, text and advice."""
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0].level, findings[0].code, findings[0].text, findings[0].instead
