"""What the daemon looks for in a template, each time that it changes: cheap, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from kube_wecom_eventer.render.lint.finding import Finding
from kube_wecom_eventer.render.lint.hints import Language
from kube_wecom_eventer.render.lint.template import lint_template
from kube_wecom_eventer.render.samples import sample_events

_TRIED = ("unhealthy", "failed-scheduling", "node-not-ready")
"""Signs that need escaping; fields that are empty; no namespace."""

_LONGEST = 8192
"""Characters of a template that is looked at; a message has room for 4096 bytes."""
_MOST_STEPS = 5_000
"""Steps of a Go template after which it is not run again; a usual one takes about 25."""
_MOST_FINDINGS = 10

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def quick_findings(source: str, *, language: Language, robot: bool) -> Sequence[Finding]:
    """Return the most important findings of a template; for a usual one in about a millisecond.

    robot: see `lint_template`.
    """
    if len(source) > _LONGEST:
        return ()
    made = sample_events(_MOMENT)
    events = {name: made[name] for name in _TRIED}
    found = lint_template(source, language=language, robot=robot, events=events, zone=UTC, most_steps=_MOST_STEPS)
    return tuple(islice(found, _MOST_FINDINGS))
