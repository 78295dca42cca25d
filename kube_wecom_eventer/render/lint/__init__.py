"""Mistakes in templates, found before an event is told by them: for people at a terminal, for checks, for the log.

Pure functions from a template's source to findings; nothing here sends, logs or counts.
"""

from kube_wecom_eventer.render.lint.finding import Code, Finding, Level, excerpt
from kube_wecom_eventer.render.lint.hints import Language, explain
from kube_wecom_eventer.render.lint.quick import quick_findings
from kube_wecom_eventer.render.lint.shape import shape_findings
from kube_wecom_eventer.render.lint.template import lint_template

__all__ = [
    "Code",
    "Finding",
    "Language",
    "Level",
    "excerpt",
    "explain",
    "lint_template",
    "quick_findings",
    "shape_findings",
]
