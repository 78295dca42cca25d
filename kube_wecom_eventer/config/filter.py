"""The parameters that choose events: ``level``, ``namespaces``, ``kinds``, ``reason``, ``exclude_reason``."""

from __future__ import annotations

import re
from dataclasses import dataclass

import re2

from kube_wecom_eventer.config.uri import OptionUri

CLUSTER_SCOPE = "_cluster"
"""Stands in ``namespaces=`` for objects without a namespace: nodes, volumes. No namespace can have that name."""

_LEVELS = ("Warning", "Normal")
_NEGATED_CLASS = re.compile(r"\[\^([A-Za-z]{3,})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSettings:
    """Which events a route takes. An empty set or tuple means: all.

    ``level``: ``Warning``, or ``Normal`` for both levels. ``reasons`` and ``excluded_reasons`` are regular
    expressions in RE2's syntax, searched anywhere in the reason; one that matches is enough.
    """

    level: str = "Warning"
    namespaces: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    excluded_reasons: tuple[str, ...] = ()


def parse_filter(uri: OptionUri, *, problems: list[str], warnings: list[str]) -> FilterSettings:
    """Read the filter of a sink; what is wrong or doubtful is added to ``problems`` and ``warnings``."""
    reasons = _values(uri, "reason", warnings)
    for name, values in (("reason", reasons), ("exclude_reason", _values(uri, "exclude_reason", []))):
        _check_patterns(name, values, problems, warnings)
    return FilterSettings(
        level=_level(uri, problems, warnings),
        namespaces=frozenset(_values(uri, "namespaces", warnings)),
        kinds=frozenset(_values(uri, "kinds", warnings)),
        reasons=reasons,
        excluded_reasons=_values(uri, "exclude_reason", warnings),
    )


def _values(uri: OptionUri, name: str, warnings: list[str]) -> tuple[str, ...]:
    written = uri.every(name)
    values = tuple(part for text in written for part in text.split(",") if part)
    if written and not values:
        warnings.append(f"{name}= is empty, so it filters nothing (kube-eventer would drop every event)")
    return values


def _level(uri: OptionUri, problems: list[str], warnings: list[str]) -> str:
    level = uri.first("level")
    if level is None:
        return "Warning"
    if not level:
        warnings.append("level= is empty, so level=Warning holds")
        return "Warning"
    if level not in _LEVELS:
        problems.append(f"level={level}: unknown level; write level=Warning, or level=Normal for both levels")
    return level


def _check_patterns(name: str, patterns: tuple[str, ...], problems: list[str], warnings: list[str]) -> None:
    quiet = re2.Options()
    quiet.log_errors = False
    for pattern in patterns:
        try:
            re2.compile(pattern, quiet)
        except re2.error as error:
            detail = error.args[0] if error.args else ""
            text = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
            problems.append(
                f"{name}={pattern}: no regular expression in RE2's syntax ({text}); a comma separates expressions"
            )
            continue
        negated = _NEGATED_CLASS.fullmatch(pattern)
        if negated and name == "reason":
            warnings.append(
                f"reason={pattern} means: any reason that has a letter other than these ones; "
                f"to leave out one reason write exclude_reason=^{negated[1]}$"
            )
