"""The users' templates, by the ConfigMap that they live in: parsed once a version, the last good one kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.metrics import TEMPLATE_STAGES, Metrics
from kube_wecom_eventer.render.alert_templates import ALERT_CONTENT, AlertTemplates
from kube_wecom_eventer.render.jinja import parse_jinja
from kube_wecom_eventer.render.template import USUAL, Limits, Template

CONTENT = "content"
"""The key of kube-eventer's ConfigMaps that holds a Go template."""

CONTENT_J2 = "content.j2"
"""The key that holds a Jinja2 template; it counts where both are there."""

_LANGUAGES: Mapping[str, Language] = {CONTENT_J2: "jinja", CONTENT: "go"}

log = structlog.get_logger()

if TYPE_CHECKING:
    from kube_wecom_eventer.render.lint import Language


def parse_template(source: str, *, key: str, limits: Limits | None = None) -> Template:
    """Read a template as the daemon reads it under that key. ``limits``: other than a Go template's usual ones.

    Raises:
        TemplateError: it doesn't parse.
    """
    if key == CONTENT_J2 and limits is None:
        return parse_jinja(source)
    # 1.3 MB that who has no template does not need.
    from kube_wecom_eventer.render.go_template import GoTemplate  # noqa: PLC0415

    return GoTemplate.parse(source, limits=limits or USUAL)


class Templates:
    """What each named ConfigMap says now. A name that is unknown, or was never good, has no template.

    ``alerts``: what they say of alerts.
    """

    def __init__(self, *, metrics: Metrics) -> None:
        self.alerts = AlertTemplates(metrics=metrics)
        self._metrics = metrics
        self._parsed: dict[str, Template] = {}
        self._source: dict[str, tuple[str, str] | None] = {}
        self._failing: dict[str, str] = {}
        self._unusable: set[str] = set()
        self._loaded: dict[str, tuple[str, str]] = {}
        self._for_robots: dict[str, bool] = {}
        self._doubts: dict[str, tuple[str, ...]] = {}
        metrics.template_unusable.read = lambda: {(name,): self._is_unusable(name) for name in self._source}

    def get(self, name: str) -> Template | None:
        """Return the newest template of that name that could be parsed."""
        return self._parsed.get(name)

    def used_by(self, name: str, *, robot: bool) -> None:
        """Take note of what a template's messages are for: what is doubtful in it depends on that."""
        if self._for_robots.get(name) is not robot:
            self._for_robots[name] = robot or self._for_robots.get(name, False)
            self._look_for_doubts(name)

    def doubts(self, name: str) -> tuple[str, ...]:
        """Return a line for each thing in a template that works, but not as it is meant."""
        return self._doubts.get(name, ())

    def update(self, name: str, data: Mapping[str, str] | None, *, limits: Limits | None = None) -> None:
        """Take the data of a ConfigMap; None where there is no such ConfigMap. ``limits``: other than a Go template's
        usual ones.

        A template that doesn't parse leaves the last good one in its place; so does a ConfigMap that disappears.
        """
        self.alerts.update(name, data, limits=limits)
        found = _chosen(data or {})
        if name not in self._source:
            for stage in TEMPLATE_STAGES:
                self._metrics.template_failures.labels(template=name, stage=stage)
        elif found == self._source[name]:
            return
        self._source[name] = found
        if found is None:
            if ALERT_CONTENT not in (data or {}):
                self._bad(name, stage="missing", problem=_missing(data))
            return
        key, source = found
        if key == CONTENT_J2 and CONTENT in (data or {}):
            log.warning("template_has_two_keys", config_map=name, used=CONTENT_J2, ignored=CONTENT)
        try:
            self._parsed[name] = parse_template(source, key=key, limits=limits)
        except TemplateError as error:
            place = {"line": error.line} if error.line else {}
            hint = _explained(error.problem, _LANGUAGES[key])
            self._bad(name, stage="parse", problem=f"{key}: {error}", **place, **({"hint": hint} if hint else {}))
            return
        self._failing.pop(name, None)
        self._unusable.discard(name)
        self._loaded[name] = found
        log.info("template_loaded", config_map=name, key=key, length=len(source))
        self._look_for_doubts(name)

    def forget(self, name: str) -> None:
        """Let a name have no template any more."""
        self.alerts.forget(name)
        for table in (self._parsed, self._source, self._failing, self._loaded, self._for_robots, self._doubts):
            table.pop(name, None)
        self._unusable.discard(name)

    def trouble(self, name: str) -> str:
        """Return what is wrong with a template now; an empty text where nothing is known to be."""
        return "; ".join(filter(None, (self._failing.get(name, ""), self.alerts.trouble(name))))

    def failed(self, name: str, *, stage: str, problem: str) -> None:
        """Count a template that failed on an event; warn when the problem is a new one."""
        self._metrics.template_failures.labels(template=name, stage=stage).inc()
        if self._failing.get(name) != problem:
            found = self._loaded.get(name)
            hint = _explained(problem, _LANGUAGES[found[0]]) if found else ""
            details = {"hint": hint} if hint else {}
            log.warning(
                "template_failed", config_map=name, problem=problem, sent_instead="the built-in body", **details
            )
        self._failing[name] = problem

    def _is_unusable(self, name: str) -> bool:
        return name in self._unusable or self.alerts.unusable(name)

    def _look_for_doubts(self, name: str) -> None:
        """Log what is doubtful in a template; what was doubtful in its last version, too, is not said again."""
        if name not in self._for_robots or name not in self._loaded:
            return
        from kube_wecom_eventer.render.lint import quick_findings  # noqa: PLC0415 as below

        key, source = self._loaded[name]
        said = self._doubts.get(name, ())
        findings = quick_findings(source, language=_LANGUAGES[key], robot=self._for_robots[name])
        self._doubts[name] = tuple(str(finding) for finding in findings)
        for finding, line in zip(findings, self._doubts[name], strict=True):
            if line not in said:
                log.warning("template_doubtful", config_map=name, code=finding.code, detail=line)

    def _bad(self, name: str, *, stage: str, problem: str, **details: object) -> None:
        self._metrics.template_failures.labels(template=name, stage=stage).inc()
        self._failing[name] = problem
        self._unusable.add(name)
        instead = "the last good template" if name in self._parsed else "the built-in body"
        log.warning("template_unusable", config_map=name, problem=problem, used_instead=instead, **details)


def _explained(problem: str, language: Language) -> str:
    # Imported here: who has no template needs none of it.
    from kube_wecom_eventer.render.lint import explain  # noqa: PLC0415

    return explain(problem, language)


def _chosen(data: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the key that counts, with its template."""
    return next(((key, data[key]) for key in _LANGUAGES if key in data), None)


def _missing(data: Mapping[str, str] | None) -> str:
    if data is None:
        return "no such ConfigMap"
    keys = ", ".join(sorted(data)) or "none"
    return f"no key {CONTENT!r} or {CONTENT_J2!r} in it (it has: {keys})"
