"""The users' templates, by the ConfigMap that they live in: parsed once a version, the last good one kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import structlog

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render.go_template import GoTemplate, Limits
from kube_wecom_eventer.render.jinja import JinjaTemplate
from kube_wecom_eventer.render.template import Template

CONTENT = "content"
"""The key of kube-eventer's ConfigMaps that holds a Go template."""

CONTENT_J2 = "content.j2"
"""The key that holds a Jinja2 template; it counts where both are there."""

_PARSERS: Mapping[str, Callable[[str], Template]] = {CONTENT_J2: JinjaTemplate.parse, CONTENT: GoTemplate.parse}

log = structlog.get_logger()


class Templates:
    """What each named ConfigMap says now. A name that is unknown, or was never good, has no template."""

    def __init__(self, *, metrics: Metrics) -> None:
        self._metrics = metrics
        self._parsed: dict[str, Template] = {}
        self._source: dict[str, tuple[str, str] | None] = {}
        self._failing: dict[str, str] = {}

    def get(self, name: str) -> Template | None:
        """Return the newest template of that name that could be parsed."""
        return self._parsed.get(name)

    def update(self, name: str, data: Mapping[str, str] | None, *, limits: Limits | None = None) -> None:
        """Take the data of a ConfigMap; None where there is no such ConfigMap. ``limits``: other than a Go template's
        usual ones.

        A template that doesn't parse leaves the last good one in its place; so does a ConfigMap that disappears.
        """
        found = _chosen(data or {})
        if name in self._source and found == self._source[name]:
            return
        self._source[name] = found
        if found is None:
            self._bad(name, stage="missing", problem=_missing(data))
            return
        key, source = found
        if key == CONTENT_J2 and CONTENT in (data or {}):
            log.warning("template_has_two_keys", config_map=name, used=CONTENT_J2, ignored=CONTENT)
        try:
            parse = _PARSERS[key] if limits is None else partial(GoTemplate.parse, limits=limits)
            self._parsed[name] = parse(source)
        except TemplateError as error:
            self._bad(name, stage="parse", problem=f"{key}: {error}")
            return
        self._failing.pop(name, None)
        log.info("template_loaded", config_map=name, key=key, length=len(source))

    def forget(self, name: str) -> None:
        """Let a name have no template any more."""
        for table in (self._parsed, self._source, self._failing):
            table.pop(name, None)

    def trouble(self, name: str) -> str:
        """Return what is wrong with a template now; an empty text where nothing is known to be."""
        return self._failing.get(name, "")

    def failed(self, name: str, *, stage: str, problem: str) -> None:
        """Count a template that failed on an event; warn when the problem is a new one."""
        self._metrics.template_failures.labels(template=name, stage=stage).inc()
        if self._failing.get(name) != problem:
            log.warning("template_failed", config_map=name, problem=problem, sent_instead="the built-in body")
        self._failing[name] = problem

    def _bad(self, name: str, *, stage: str, problem: str) -> None:
        self._metrics.template_failures.labels(template=name, stage=stage).inc()
        self._failing[name] = problem
        instead = "the last good template" if name in self._parsed else "the built-in body"
        log.warning("template_unusable", config_map=name, problem=problem, used_instead=instead)


def _chosen(data: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the key that counts, with its template."""
    return next(((key, data[key]) for key in _PARSERS if key in data), None)


def _missing(data: Mapping[str, str] | None) -> str:
    if data is None:
        return "no such ConfigMap"
    keys = ", ".join(sorted(data)) or "none"
    return f"no key {CONTENT!r} or {CONTENT_J2!r} in it (it has: {keys})"
