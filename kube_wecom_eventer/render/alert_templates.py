"""The users' templates for alerts: the key ``alert_content`` beside ``content``. The last good one is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render.template import USUAL, Limits

ALERT_CONTENT = "alert_content"
"""The key that holds a Go template over Alertmanager's data."""

log = structlog.get_logger()

if TYPE_CHECKING:
    from kube_wecom_eventer.render.go_template import GoAlertTemplate


class AlertTemplates:
    """What each named ConfigMap says of alerts now; a name without such a key has no template for them."""

    def __init__(self, *, metrics: Metrics) -> None:
        self._metrics = metrics
        self._parsed: dict[str, GoAlertTemplate] = {}
        self._source: dict[str, str] = {}
        self._failing: dict[str, str] = {}
        self._unusable: set[str] = set()

    def get(self, name: str) -> GoAlertTemplate | None:
        """Return the newest template of that name that could be parsed."""
        return self._parsed.get(name)

    def update(self, name: str, data: Mapping[str, str] | None, *, limits: Limits | None = None) -> None:
        """Take the data of a ConfigMap; None where there is no such ConfigMap, which leaves the last good template.

        ``limits``: other than the usual ones.
        """
        if data is None:
            return
        source = data.get(ALERT_CONTENT)
        if source is None:
            self.forget(name)
            return
        if source == self._source.get(name):
            return
        self._source[name] = source
        try:
            self._parsed[name] = _parse(source, limits or USUAL)
        except TemplateError as error:
            self._metrics.template_failures.labels(template=name, stage="parse").inc()
            problem = self._failing[name] = f"{ALERT_CONTENT}: {error}"
            instead = "the last good template" if name in self._parsed else "the built-in body"
            self._unusable.add(name)
            log.warning("template_unusable", config_map=name, problem=problem, used_instead=instead)
            return
        self._failing.pop(name, None)
        self._unusable.discard(name)
        log.info("template_loaded", config_map=name, key=ALERT_CONTENT, length=len(source))

    def forget(self, name: str) -> None:
        """Let a name have no template for alerts any more."""
        for table in (self._parsed, self._source, self._failing):
            table.pop(name, None)
        self._unusable.discard(name)

    def unusable(self, name: str) -> bool:
        """Return whether its newest version can't be used."""
        return name in self._unusable

    def trouble(self, name: str) -> str:
        """Return what is wrong with a template now; an empty text where nothing is known to be."""
        return self._failing.get(name, "")

    def failed(self, name: str, *, stage: str, problem: str) -> None:
        """Count a template that failed on alerts; warn when the problem is a new one."""
        self._metrics.template_failures.labels(template=name, stage=stage).inc()
        problem = f"{ALERT_CONTENT}: {problem}"
        if self._failing.get(name) != problem:
            log.warning("template_failed", config_map=name, problem=problem, sent_instead="the built-in body")
        self._failing[name] = problem


def _parse(source: str, limits: Limits) -> GoAlertTemplate:
    from kube_wecom_eventer.render.go_template import GoAlertTemplate  # noqa: PLC0415 as in templates.py

    return GoAlertTemplate.parse(source, limits=limits)
