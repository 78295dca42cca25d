"""What a check has found, and how that is shown: a table for people, JSON for programs."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TextIO

import msgspec

from kube_wecom_eventer.command_line import may_have_colours
from kube_wecom_eventer.commands.progress import Progress
from kube_wecom_eventer.commands.texts import printable

_SUBJECT = 22
"""Columns for what a finding is about."""
_WIDEST = 120
_STYLES = {"✓": "32", "!": "33", "✗": "31;1", "·": "2"}


class Mark(Enum):
    """How good a finding is."""

    GOOD = "✓"
    DOUBTFUL = "!"
    BAD = "✗"
    NOTE = "·"


class Finding(msgspec.Struct, frozen=True):
    """``do``: what to do, a line each; lines that are to be pasted are not wrapped. ``shown``: lines to look at."""

    section: str
    mark: Mark
    subject: str
    text: str
    do: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


class Report:
    """Takes findings and shows each at once; as JSON all at the end.

    ``progress``: where a word about what takes long may stand for that time, a terminal. Of what comes from the cluster
    nothing moves the cursor: whoever writes events there need not be whoever reads this.
    """

    def __init__(
        self, *, out: TextIO, environ: Mapping[str, str], as_json: bool = False, progress: TextIO | None = None
    ) -> None:
        self._out = out
        self._as_json = as_json
        self._progress = Progress(progress)
        self._styled = may_have_colours(out, environ=environ)
        self._width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns) if out.isatty() else _WIDEST
        self._section = ""
        self.findings: list[Finding] = []

    @property
    def failed(self) -> bool:
        """Whether something is bad."""
        return any(finding.mark is Mark.BAD for finding in self.findings)

    def section(self, title: str) -> None:
        """Begin a section; its title is shown above what is found first."""
        self._section = title

    def good(self, subject: str, text: str, *, shown: Sequence[str] = ()) -> None:
        """Say what is well."""
        self._add(Mark.GOOD, subject, text, (), shown)

    def doubtful(self, subject: str, text: str, *do: str, shown: Sequence[str] = ()) -> None:
        """Say what may not be as it was meant."""
        self._add(Mark.DOUBTFUL, subject, text, do, shown)

    def bad(self, subject: str, text: str, *do: str) -> None:
        """Say what does not work."""
        self._add(Mark.BAD, subject, text, do)

    def note(self, subject: str, text: str) -> None:
        """Say what is neither."""
        self._add(Mark.NOTE, subject, text)

    def working(self, text: str) -> None:
        """Say what is being waited for; empty: nothing any more."""
        self._progress.say(text)

    def end(self) -> None:
        """Show what is shown at the end."""
        self.working("")
        if self._as_json:
            print(msgspec.json.format(msgspec.json.encode(self.findings)).decode(), file=self._out, flush=True)
            return
        counts = {mark: sum(finding.mark is mark for finding in self.findings) for mark in Mark}
        words = (
            f"{counts[Mark.BAD]} wrong, {counts[Mark.DOUBTFUL]} doubtful, {counts[Mark.GOOD]} well"
            if counts[Mark.BAD] or counts[Mark.DOUBTFUL]
            else "All is well."
        )
        print(f"\n{self._style(words, '1')}", file=self._out, flush=True)

    def _add(self, mark: Mark, subject: str, text: str, do: Sequence[str] = (), shown: Sequence[str] = ()) -> None:
        finding = Finding(
            section=self._section, mark=mark, subject=subject, text=text, do=tuple(do), shown=tuple(shown)
        )
        first = not self.findings or self.findings[-1].section != self._section
        gap = [""] if self.findings else []
        title = [*gap, self._style(printable(self._section), "1")] if first else []
        self.findings.append(finding)
        self.working("")
        if not self._as_json:
            print("\n".join([*title, *self._lines(finding)]), file=self._out, flush=True)

    def _lines(self, finding: Finding) -> list[str]:
        mark = self._style(finding.mark.value, _STYLES[finding.mark.value])
        subject = printable(finding.subject)
        indent = " " * (4 + _SUBJECT if subject else 4)
        wrapped = textwrap.wrap(
            printable(finding.text), self._width - len(indent), break_long_words=False, break_on_hyphens=False
        ) or [""]
        lines = [f"{indent}{line}" for line in wrapped]
        if not subject:
            lines[0] = f"  {mark} {wrapped[0]}"
        elif len(subject) < _SUBJECT:
            lines[0] = f"  {mark} {subject.ljust(_SUBJECT)}{wrapped[0]}"
        else:
            lines.insert(0, f"  {mark} {subject}")
        lines += [f"{indent}{'  ' if number else '→ '}{printable(line)}" for number, line in enumerate(finding.do)]
        return [*lines, *(f"{indent}{self._style('│', '2')} {printable(line)}" for line in finding.shown)]

    def _style(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._styled else text
