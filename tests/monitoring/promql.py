"""What PromQL speaks of: metrics and labels. Read by patterns, which is enough for expressions that promtool takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

TARGET_LABELS = frozenset({"job", "namespace", "pod", "instance"})
"""What Prometheus adds to each sample, as docs/monitoring.md has it."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_METRIC = re.compile(r"\b((?:kube_wecom_eventer|eventer|process)_\w+)\b(?:\{([^}]*)\})?")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_MATCHED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def metrics(expression: str) -> set[str]:
    """Return the names of the metrics in an expression."""
    return {name for name, _ in _METRIC.findall(_without_texts(expression))}


def unknown(expression: str, exported: Mapping[str, set[str]], *, also: str = "") -> Iterator[str]:
    """Yield each metric and label of an expression that is not exported. ``also``: labels, as they are grouped by."""
    text = _without_texts(expression)
    for name, matchers in _METRIC.findall(text):
        if name not in exported:
            yield name
            continue
        yield from (f"{name}{{{label}}}" for label in _MATCHED.findall(matchers) if label not in _of(name, exported))
    known = set().union(*(_of(name, exported) for name in metrics(expression) if name in exported))
    for group in [*_GROUPING.findall(text), also]:
        yield from (label for label in re.findall(r"\w+", group) if label not in known)


def _of(name: str, exported: Mapping[str, set[str]]) -> set[str]:
    return exported[name] | TARGET_LABELS


def _without_texts(expression: str) -> str:
    return _TEXT.sub('""', expression)
