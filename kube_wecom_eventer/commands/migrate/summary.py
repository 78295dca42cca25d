"""The summary on standard error: what changes, and what a person must still do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from kube_wecom_eventer.commands.migrate import pod_notes as notes
from kube_wecom_eventer.commands.migrate.arguments import Arguments
from kube_wecom_eventer.commands.migrate.deployments import Found
from kube_wecom_eventer.commands.migrate.manifest import Plan
from kube_wecom_eventer.commands.migrate.notes import Note

_HEADINGS = {"change": {"zh": "行为变化：", "en": "What changes:"}, "todo": {"zh": "需要处理：", "en": "To do:"}}


def summarize(found: Found, arguments: Arguments, said: Sequence[Note], *, plan: Plan, err: TextIO) -> None:
    """Print each note once; one about a sink with the sink's number."""
    about: dict[Note, list[str]] = {note: [] for arg in arguments.flags for note in arg.notes}
    for number, sink in enumerate(arguments.sinks, start=1):
        for note in sink.notes:
            about.setdefault(note, []).append(str(number))
    for note in (*said, notes.side_by_side(found.name, found.namespace)):
        about.setdefault(note, [])
    print(f"{found.namespace}/{found.name} -> {found.namespace}/{plan.name}", file=err)
    for kind, heading in _HEADINGS.items():
        lines = [line for note, sinks in about.items() if note.kind == kind for line in _item(note, sinks, plan)]
        if lines:
            print(heading[plan.language], *lines, sep="\n", file=err)


def _item(note: Note, sinks: Sequence[str], plan: Plan) -> Iterator[str]:
    first, *rest = note.lines(plan.language)
    where = f"--sink {', '.join(sinks)}: " if sinks else ""
    yield f"  - {where}{first}"
    yield from (f"    {line}" for line in rest)
