"""A template tried on events, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from msgspec import structs

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.go_template import GoTemplate
from kube_wecom_eventer.render.jinja import parse_jinja
from kube_wecom_eventer.render.lint.content import content_findings
from kube_wecom_eventer.render.lint.finding import Finding, line_of
from kube_wecom_eventer.render.lint.hints import Language, explain
from kube_wecom_eventer.render.lint.json_fault import json_fault, read
from kube_wecom_eventer.render.lint.names import UNKNOWN, field_uses, name_findings
from kube_wecom_eventer.render.lint.shape import shape_findings
from kube_wecom_eventer.render.lint.tracing import Skeleton, Tracer
from kube_wecom_eventer.render.lint.values import value_findings
from kube_wecom_eventer.render.template import Limits, Template
from kube_wecom_eventer.render.wecom_body import MENTION_LISTS, ROBOT

_MISSING = re.compile(r"can't evaluate field (\w+)|'(\w+)'(?: is undefined|$)")
_UNCLOSED = "unclosed action"
_STATEMENT = re.compile(r"\{%-?\s*(?:if|for|set|macro|else|endif)\b")


def lint_template(
    source: str,
    *,
    language: Language,
    robot: bool,
    events: Mapping[str, Event],
    zone: tzinfo,
    limits: Limits | None = None,
    most_steps: int | None = None,
) -> list[Finding]:
    """Return what is wrong with a template, errors first, then in its order.

    robot: its messages are for a robot of WeCom; else they may be any service's, and only what holds for all is looked
        at.
    events: what it is tried on, by names that findings show where they hold for some events only.
    limits: other than a Go template's usual ones. most_steps: of a Go template, after which no further event is tried.
    """
    source = source.replace("\r\n", "\n")
    try:
        parsed = _parsed(source, language, limits)
        uses = field_uses(source, language=language)
    except TemplateError as error:
        return [_syntax(error, source, language)]
    wrong = [use.path for use in uses if use.missing is not None]
    names = name_findings(uses, language=language)
    parsed = _repaired(source, wrong, language, limits) or parsed
    runs = _Runs(parsed, zone=zone, most_steps=most_steps)
    trial = _Trial(source, runs, language=language, robot=robot, names=names)
    for name, event in events.items():
        if runs.exhausted:
            break
        trial.add(name, event)
    return sorted(trial.findings(), key=lambda found: (found.level != "error", found.line or 0))


def _parsed(source: str, language: Language, limits: Limits | None) -> Template:
    if language == "jinja":
        return parse_jinja(source)
    return GoTemplate.parse(source) if limits is None else GoTemplate.parse(source, limits=limits)


def _repaired(source: str, wrong: Sequence[str], language: Language, limits: Limits | None) -> Template | None:
    """Return the template with a constant in the place of each wrong name, so that what else is wrong shows, too."""
    if not wrong:
        return None
    names = "|".join(re.escape(path) for path in wrong)
    actions = re.compile(rf"(\{{\{{-?)(\s*(?:{names})\s*)(-?\}}\}})")
    constant = actions.sub(lambda found: f"{found[1]} {'0':<{max(1, len(found[2]) - 2)}} {found[3]}", source)
    try:
        return _parsed(constant, language, limits)
    except TemplateError:
        return None


def _syntax(error: TemplateError, source: str, language: Language) -> Finding:
    line, column = error.line, error.column
    if error.problem == _UNCLOSED:
        # Go says where the template ends; what must be mended stands before that.
        opening = source.rfind("{{")
        line, column = source.count("\n", 0, opening) + 1, opening - source.rfind("\n", 0, opening)
    return Finding(
        code="syntax",
        level="error",
        text=error.problem,
        instead=explain(error.problem, language),
        line=line,
        column=column,
    )


class _Runs:
    """Runs a template until what it may cost is spent; a run that fails counts as half of that."""

    def __init__(self, template: Template, *, zone: tzinfo, most_steps: int | None) -> None:
        self._template = template
        self._zone = zone
        self._most = most_steps
        self._spent = 0

    @property
    def exhausted(self) -> bool:
        """Return whether no further run should start."""
        return self._most is not None and self._spent >= self._most

    def run(self, event: Event, writer: Tracer | Skeleton) -> str:
        """Return what the template writes for an event. Raises TemplateError where it fails."""
        try:
            self._spent += self._template.execute(event, writer, zone=self._zone)
        except TemplateError:
            self._spent += (self._most or 0) // 2
            raise
        return writer.result()

    def body(self, event: Event, writer: Tracer | Skeleton) -> Any:
        """Return the body for an event, decoded; None where that fails, or no further run should start."""
        if self.exhausted:
            return None
        try:
            return read(self.run(event, writer))
        except (TemplateError, ValueError, RecursionError):
            return None


class _Trial:
    """What several events bring to light; a finding that holds for some of them only says for which."""

    def __init__(
        self,
        source: str,
        runs: _Runs,
        *,
        language: Language,
        robot: bool,
        names: list[Finding],
    ) -> None:
        self._source = source
        self._runs = runs
        self._language = language
        self._robot = robot
        self._names = names
        self._tried: list[str] = []
        self._found: dict[tuple[str, str, int | None], Finding] = {}
        self._holds_for: dict[tuple[str, str, int | None], list[str]] = {}

    def add(self, name: str, event: Event) -> None:
        """Try an event."""
        findings = self._try(event)
        self._tried.append(name)
        for finding in findings:
            key = finding.code, finding.text, finding.line
            self._found.setdefault(key, finding)
            held = self._holds_for.setdefault(key, [])
            if name not in held:
                held.append(name)

    def findings(self) -> Iterator[Finding]:
        """Yield all that was found."""
        yield from self._names
        if self._language == "go" and _STATEMENT.search(self._source):
            yield Finding(
                code="other_language",
                level="warning",
                text="{% %} is Jinja2's; in a Go template it is only text",
                instead="write {{ if }}...{{ end }}, or keep the template under content.j2, in a file *.j2",
                line=line_of(self._source, "{%"),
            )
        for key, finding in self._found.items():
            some = finding.level == "error" and self._some(self._holds_for[key])
            yield replace(finding, text=f"{finding.text} ({some})") if some else finding

    def _some(self, held: Sequence[str]) -> str:
        """Say for which events something holds; nothing where it does for all."""
        others = [name for name in self._tried if name not in held]
        if not others:
            return ""
        if len(others) < len(held):
            return f"for all events but those like {', '.join(others)}"
        return f"for events like {', '.join(held)}"

    def _try(self, event: Event) -> list[Finding]:
        tracer = Tracer()
        try:
            text = self._runs.run(event, tracer)
        except TemplateError as error:
            return self._failure(error)
        if not self._robot and not tracer.begins_as_json:
            return []
        try:
            return self._of_body(event, text)
        except (ValueError, RecursionError) as error:
            return [json_fault(error, tracer=tracer, source=self._source)]

    def _of_body(self, event: Event, text: str) -> list[Finding]:
        """Return what is wrong with a rendered body. Raises ValueError or RecursionError where it is no JSON."""
        body = read(text)
        found = [*duplicates(text, self._source), *value_findings(body, event, source=self._source)]
        if self._robot:
            found = [*shape_findings(body, source=self._source), *found, *self._of_message(event, body)]
        return found

    def _failure(self, error: TemplateError) -> list[Finding]:
        missing = _MISSING.search(error.problem)
        told = (finding.text for finding in self._names if finding.code == UNKNOWN)
        if missing and any((missing[1] or missing[2]) in text for text in told):
            return []  # said already, with what was meant
        hint = explain(error.problem, self._language)
        return [
            Finding(code="fails", level="error", text=error.problem, instead=hint, line=error.line, column=error.column)
        ]

    def _of_message(self, event: Event, body: Any) -> list[Finding]:
        """Return what is doubtful in a WeCom message's content, as far as it has one."""
        kind = body.get("msgtype") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in ROBOT.types or not isinstance(body.get(kind), dict):
            return []
        found = self._too_long(event, kind) if not self._tried else []
        if content := _content(self._runs.body(event, Skeleton()), kind):
            mentioned = [str(each) for name in MENTION_LISTS for each in _as_list(body[kind].get(name))]
            found += content_findings(kind, content, mentioned=mentioned, source=self._source)
        return found

    def _too_long(self, event: Event, kind: str) -> list[Finding]:
        """Return a finding where a message is cut even if the event's own message is empty."""
        body = self._runs.body(structs.replace(event, message=""), Tracer())
        excess = ROBOT.overflow(body) if _content(body, kind) and body["msgtype"] == kind else 0
        if not excess:
            return []
        limit = ROBOT.types[kind].limit
        what = f"the content has {limit + excess} bytes without the event's message, WeCom takes {limit}: it is cut"
        return [Finding(code="too_long", level="warning", text=what, instead="write less")]


def _content(body: Any, kind: str) -> str:
    part = body.get(kind) if isinstance(body, dict) else None
    content = part.get("content") if isinstance(part, dict) else None
    return content if isinstance(content, str) else ""


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def duplicates(text: str, source: str) -> list[Finding]:
    """Return a finding for each name that an object of a JSON text has twice: the last one counts."""
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        counted = Counter(name for name, _ in items)
        twice.extend(name for name, count in counted.items() if count > 1)
        return dict(items)

    json.loads(text, strict=False, object_pairs_hook=pairs)
    return [
        Finding(
            code="name_twice",
            level="warning",
            text=f'"{name}" stands twice in one object: the last one counts',
            instead="remove one",
            line=line_of(source, f'"{name}"'),
        )
        for name in dict.fromkeys(twice)
    ]
