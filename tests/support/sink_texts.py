"""Reads sinks as a ``--sink`` and as a declared route have them."""

from __future__ import annotations

from collections.abc import Collection

from kube_wecom_eventer.config.declared_sink import DEFAULT_HOSTS, parse_declared_sink
from kube_wecom_eventer.config.sink import SinkSettings, parse_sink

Read = tuple[SinkSettings | None, list[str], list[str]]
"""The settings, if there are some; problems; warnings."""


def parse(text: str) -> Read:
    """Read the first ``--sink``."""
    problems: list[str] = []
    warnings: list[str] = []
    sink = parse_sink(text, number=1, environ={}, problems=problems, warnings=warnings)
    return sink, problems, warnings


def accepted(text: str) -> SinkSettings:
    """Read a ``--sink`` that is well."""
    sink, problems, _ = parse(text)
    assert problems == []
    assert sink is not None
    return sink


def declared(text: str, *, allowed_hosts: Collection[str] = DEFAULT_HOSTS) -> Read:
    """Read a sink that the namespace ``payments`` declares."""
    problems: list[str] = []
    warnings: list[str] = []
    sink = parse_declared_sink(
        text,
        name="payments/route",
        namespace="payments",
        allowed_hosts=allowed_hosts,
        everywhere=False,
        problems=problems,
        warnings=warnings,
    )
    return sink, problems, warnings
