"""Label selectors, as kubectl takes them behind ``-l``: ``team=payments,tier!=test,env in (prod,stage),!legacy``.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_KEY = r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s+\(\s*({_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)")
_EQUAL = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
_COMMA = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class _Requirement:
    """``values``: None asks only whether there is such a label. ``negated``: the labels must not be so."""

    key: str
    values: frozenset[str] | None
    negated: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        if self.values is None:
            return (self.key in labels) is not self.negated
        return (labels.get(self.key) in self.values) is not self.negated


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Requirements that must all hold."""

    requirements: tuple[_Requirement, ...]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether it selects an object with these labels."""
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse_label_selector(text: str) -> LabelSelector | None:
    """Read a selector; None where the text is none."""
    requirements = [_requirement(part.strip()) for part in _COMMA.split(text)]
    known = tuple(requirement for requirement in requirements if requirement)
    return LabelSelector(known) if len(known) == len(requirements) else None


def _requirement(text: str) -> _Requirement | None:
    if found := _SET.fullmatch(text):
        values = frozenset(value.strip() for value in found[3].split(","))
        return _Requirement(found[1], values, negated=found[2] == "notin")
    if found := _EQUAL.fullmatch(text):
        return _Requirement(found[1], frozenset({found[3]}), negated=found[2] == "!=")
    if found := _EXISTS.fullmatch(text):
        return _Requirement(found[2], None, negated=bool(found[1]))
    return None
