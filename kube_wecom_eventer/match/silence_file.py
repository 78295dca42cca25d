"""One key of the silences' ConfigMap: its text becomes silences, and a line for whatever is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from kube_wecom_eventer.match.silence import FIELDS, Matcher, Silence
from kube_wecom_eventer.match.silence_yaml import Fields, Items, Node, Text, read_yaml
from kube_wecom_eventer.regular_expression import compiled

LARGEST = 64 * 1024
"""Bytes of one key's text."""

_MOST_PROBLEMS = 20
"""Lines about one key; whoever has more mends these first."""

_LONGEST_WORDS = 300
"""Characters of ``by`` and ``why`` that are kept: they stand in log lines."""

_EXPRESSION = 1 << 20
"""Bytes of memory that one expression may need."""

_ALL = (*FIELDS, "until", "by", "why", "route")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_TIMES = "2026-12-01 08:00 or 2026-12-01T08:00:00+08:00"
_MISSING = {
    "until": f"a silence needs an end; write for example until: {_TIMES}",
    "by": "write who answers for the silence, for example by: wangqing",
    "why": "write why nobody needs to be told, for example why: planned migration",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a key's text says. ``problems`` are lines about what silences nothing, ``doubts`` about what may not do as
    it was meant."""

    text: str
    silences: tuple[Silence, ...] = ()
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def read_silences(key: str, text: str, *, zone: tzinfo, routes: Collection[str], declared: bool = False) -> Reading:
    """Read one key. Times without an offset are in ``zone``; ``routes`` are the names that exist. Raises nothing.

    ``declared``: namespaces declare more of them, as ``NAMESPACE/NAME``, at any time.
    """
    size = len(text.encode(errors="replace"))
    if size > LARGEST:
        problem = f"{size} bytes: more than the {LARGEST} that one key may hold; spread the silences over several keys"
        return Reading(text=text, problems=(problem,))
    try:
        documents = read_yaml(text)
    except ValueError as error:
        return Reading(text=text, problems=(str(error),))
    silences: list[Silence] = []
    problems: list[str] = []
    doubts: list[str] = []
    for node in documents:
        for each in node.items if isinstance(node, Items) else (node,):
            reader = _Reader(each, zone=zone, routes=routes, declared=declared)
            silence = reader.silence(where=f"{key}, line {each.line}")
            problems += reader.problems
            if silence is not None:
                silences.append(silence)
                doubts += reader.doubts
    return Reading(text=text, silences=tuple(silences), problems=_first(problems), doubts=_first(doubts))


def _first(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - _MOST_PROBLEMS
    return (*lines[:_MOST_PROBLEMS], f"and {more} more of this kind") if more > 0 else tuple(lines)


class _Reader:
    """Reads one silence, to its end whatever is wrong on the way."""

    def __init__(self, node: Node, *, zone: tzinfo, routes: Collection[str], declared: bool) -> None:
        self._declared = declared
        self._node = node
        self._zone = zone
        self._routes = routes
        self._found: dict[str, Node] = {}
        self.problems: list[str] = []
        self.doubts: list[str] = []

    def silence(self, *, where: str) -> Silence | None:
        """Return the silence; None where there is a problem, or nothing at all."""
        if self._node == Text("", self._node.line):
            return None
        if not isinstance(self._node, Fields):
            self._bad(self._node, "", "no silence; write fields, for example reason: '^BackOff$'")
            return None
        for name, value in self._node.pairs:
            self._take(name, value)
        matchers = self._matchers()
        written = self._needed("until")
        until = self._until(written) if written else None
        by, why = self._needed("by"), self._needed("why")
        routes = self._chosen_routes()
        if self.problems or until is None:
            return None
        return Silence(
            matchers=matchers, until=until, until_written=written, by=by, why=why, routes=routes, where=where
        )

    def _take(self, name: Node, value: Node) -> None:
        if not isinstance(name, Text) or name.value not in _ALL:
            self._bad(name, "", f"unknown field; write one of {', '.join(_ALL)}")
        elif name.value in self._found:
            self._bad(name, "", "written twice; write it once")
        else:
            self._found[name.value] = value

    def _matchers(self) -> tuple[Matcher, ...]:
        written = [name for name in FIELDS if name in self._found]
        if not written:
            self._bad(self._node, "", f"no matcher; write at least one of {', '.join(FIELDS)}")
        return tuple(matcher for name in written if (matcher := self._matcher(name)) is not None)

    def _matcher(self, name: str) -> Matcher | None:
        node = self._found[name]
        if not isinstance(node, Text) or not node.value:
            self._bad(node, name, f"no regular expression; write a text, 'a|b' matches either, or leave {name} out")
            return None
        try:
            return Matcher(asks=name, pattern=node.value, expression=compiled(node.value, memory=_EXPRESSION))
        except ValueError as error:
            self._bad(
                node,
                name,
                f"no regular expression in RE2's syntax ({_plain(str(error))}); "
                r"write a backslash before a sign that stands for itself: '\('",
            )
            return None

    def _needed(self, name: str) -> str:
        node = self._found.get(name)
        if node is None:
            self._bad(self._node, name, f"missing; {_MISSING[name]}")
        elif not isinstance(node, Text) or not _plain(node.value):
            self._bad(node, name, f"no text; {_MISSING[name]}")
        else:
            return _plain(node.value)
        return ""

    def _until(self, written: str) -> datetime | None:
        try:
            if not _TIME.fullmatch(written):
                raise ValueError
            time = datetime.fromisoformat(written.upper())
            return (time if time.tzinfo else time.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self._bad(self._found["until"], "until", f"no date and time; write for example {_TIMES}")
            return None

    def _chosen_routes(self) -> frozenset[str]:
        node = self._found.get("route")
        if node is None:
            return frozenset()
        names = [each.value for each in _several(node) if isinstance(each, Text) and each.value]
        if not names or len(names) < len(_several(node)):
            self._bad(node, "route", "no list of routes; write route: [NAME, NAME], or leave it out for all routes")
        for name in names:
            if name not in self._routes and not (self._declared and "/" in name):
                known = ", ".join(self._routes)
                self.doubts.append(f"line {node.line}: route: {_shown(name)}: no route has this name; there is {known}")
        return frozenset(names)

    def _bad(self, node: Node, field: str, problem: str) -> None:
        """Add a line: where, which field, its value (or the field's own name, or nothing where it is missing)."""
        value = _value(node)
        parts = [f"line {node.line}", field, value if node is not self._node or not isinstance(node, Fields) else ""]
        self.problems.append(": ".join([*(part for part in parts if part), problem]))


def _several(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Items) else (node,)


def _value(node: Node) -> str:
    if isinstance(node, Text):
        return _shown(node.value)
    return "a list" if isinstance(node, Items) else "a mapping"


def _shown(text: str) -> str:
    """Quote a value for a line of the log; a long one in part."""
    return repr(text if len(text) <= 100 else f"{text[:100]}...")


def _plain(text: str) -> str:
    """Return words for a log line: one line, nothing that acts in a terminal."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return words if len(words) <= _LONGEST_WORDS else f"{words[: _LONGEST_WORDS - 1]}…"
