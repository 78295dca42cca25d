"""The users' templates, by the ConfigMap that they live in: parsed once a version, the last good one kept."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render.go_template import GoTemplate

CONTENT = "content"
"""The key of kube-eventer's ConfigMaps that holds a Go template."""

log = structlog.get_logger()


class Templates:
    """What each named ConfigMap says now. A name that is unknown, or was never good, has no template."""

    def __init__(self, *, metrics: Metrics) -> None:
        self._metrics = metrics
        self._parsed: dict[str, GoTemplate] = {}
        self._source: dict[str, str | None] = {}
        self._failing: dict[str, str] = {}

    def get(self, name: str) -> GoTemplate | None:
        """Return the newest template of that name that could be parsed."""
        return self._parsed.get(name)

    def update(self, name: str, data: Mapping[str, str] | None) -> None:
        """Take the data of a ConfigMap; None where there is no such ConfigMap.

        A template that doesn't parse leaves the last good one in its place; so does a ConfigMap that disappears.
        """
        source = None if data is None else data.get(CONTENT)
        if name in self._source and source == self._source[name]:
            return
        self._source[name] = source
        if source is None:
            keys = ", ".join(sorted(data)) if data else ""
            problem = "no such ConfigMap" if data is None else f"no key {CONTENT!r} in it (it has: {keys or 'none'})"
            self._bad(name, stage="missing", problem=problem)
            return
        try:
            self._parsed[name] = GoTemplate.parse(source)
        except TemplateError as error:
            self._bad(name, stage="parse", problem=str(error))
            return
        self._failing.pop(name, None)
        log.info("template_loaded", config_map=name, length=len(source))

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
