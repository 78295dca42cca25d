"""Names that no Event has, with the one that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kube_wecom_eventer.render import go_template, jinja
from kube_wecom_eventer.render.lint.finding import Code, Finding
from kube_wecom_eventer.render.lint.hints import Language
from kube_wecom_eventer.render.template import FieldUse
from kube_wecom_eventer.suggestion import near

UNKNOWN: Code = "field_unknown"
_MOST = 10
"""Names that are told of one template: who mends so many sees the others then."""
_MEANT: Mapping[str, str] = {
    "object": "involvedobject",
    "object.kind": "involvedobject.kind",
    "object.name": "involvedobject.name",
    "object.namespace": "involvedobject.namespace",
    "regarding": "involvedobject",
    "regarding.kind": "involvedobject.kind",
    "regarding.name": "involvedobject.name",
    "regarding.namespace": "involvedobject.namespace",
    "objectname": "involvedobject.name",
    "pod": "involvedobject.name",
    "podname": "involvedobject.name",
    "note": "message",
    "level": "type",
    "severity": "type",
    "node": "source.host",
    "nodename": "source.host",
    "time": "lasttimestamp",
    "timestamp": "lasttimestamp",
    "firsttime": "firsttimestamp",
    "lasttime": "lasttimestamp",
    "lastseen": "lasttimestamp",
    "reportingcomponent": "reportingcontroller",
}
"""What other APIs and programs call a field, and what ours is called; in lower case, without underscores."""

_JINJA_MEANT: Mapping[str, str] = {
    **_MEANT,
    "name": "involvedobject.name",
    "namespace": "involvedobject.namespace",
    "labels": "metadata.labels",
    "annotations": "metadata.annotations",
    "reportingcontroller": "reportingcomponent",
    "reportingcomponent": "reportingcomponent",
    **dict.fromkeys(("time", "timestamp", "lasttime", "lastseen"), "happenedat"),
}
_USUAL = (
    *("type", "reason", "message", "count", "lasttimestamp", "happenedat"),
    *("involvedobject.kind", "involvedobject.namespace", "involvedobject.name", "source.component", "source.host"),
)
_OBJECTS_OWN = ("labels", "annotations", "status", "spec")


def field_uses(source: str, *, language: Language) -> list[FieldUse]:
    """Return the chains of names that a template asks for. Raises TemplateError where it doesn't parse."""
    return jinja.field_uses(source) if language == "jinja" else go_template.field_uses(source)


def name_findings(uses: Iterable[FieldUse], *, language: Language) -> list[Finding]:
    """Return a finding for each chain of names that no Event has, or that means something else."""
    if language == "jinja":
        return _findings(uses, jinja.event_paths(), _JINJA_MEANT, own=("event.kind",))
    return _findings(uses, go_template.event_paths(), _MEANT, own=(".Kind",))


def _findings(
    uses: Iterable[FieldUse], paths: Sequence[str], meant: Mapping[str, str], *, own: Sequence[str]
) -> list[Finding]:
    found: dict[str, Finding] = {}
    for use in uses:
        if len(found) == _MOST:
            break
        if use.missing is not None:
            found.setdefault(use.path, _unknown(use, paths, meant))
        elif use.path in own:
            found.setdefault(use.path, _events_own(use, paths))
    return list(found.values())


def _unknown(use: FieldUse, paths: Sequence[str], meant: Mapping[str, str]) -> Finding:
    _, _, behind = _plain(use.path).partition(".")
    if _plain(use.path).startswith("involvedobject.") and behind.split(".")[0] in _OBJECTS_OWN:
        instead = "an Event holds its object's kind, namespace and name, not the object itself: remove it"
    else:
        suggestion = _suggestion(use.path, paths, meant)
        instead = f"did you mean {suggestion}?" if suggestion else f"an Event has {', '.join(_usual(paths))}"
    return Finding(
        code=UNKNOWN,
        level="error",
        text=f"{use.path}: no Event has that",
        instead=instead,
        line=use.line,
        column=use.column,
    )


def _events_own(use: FieldUse, paths: Sequence[str]) -> Finding:
    meant = next(path for path in paths if _plain(path) == "involvedobject.kind")
    return Finding(
        code="field_of_the_event",
        level="warning",
        text=f'{use.path} is the Event\'s own kind, always "Event"',
        instead=f"did you mean {meant}?",
        line=use.line,
        column=use.column,
    )


def _suggestion(path: str, paths: Sequence[str], meant: Mapping[str, str]) -> str:
    """Return the path that was probably meant; empty where none is close."""
    known = {_plain(each): each for each in paths}
    wanted = _plain(path)
    exact = known.get(wanted) or known.get(meant.get(wanted, ""))
    if exact:
        return exact
    if close := near(wanted, known):
        return known[close[0]]
    last = wanted.rpartition(".")[2]
    same = [each for plain, each in known.items() if "." in plain and plain.endswith(f".{last}")]
    return same[0] if same and "." in wanted else ""


def _plain(path: str) -> str:
    """Return a path as the table of names has it."""
    return path.removeprefix("event.").lstrip(".").replace("_", "").lower()


def _usual(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if _plain(path) in _USUAL]
