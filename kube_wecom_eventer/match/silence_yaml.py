"""YAML as texts, lists and mappings, each with its line; no types, so that ``kind: on`` and ``name: 007`` are texts.

Read from the parser's events, in one pass: nothing is constructed, an alias is refused before it can multiply, and
nesting ends where no silence goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

DEEPEST = 8
"""Levels of nesting; a silence has three: the list, the mapping, its routes."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML has it: ten times faster, and the loop waits for it."""

_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it is written; empty for null."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping: its pairs in order, also where a key comes twice."""

    pairs: tuple[tuple[Node, Node], ...]
    line: int


Node = Text | Items | Fields


def read_yaml(text: str) -> list[Node]:
    """Return what each document holds.

    Raises:
        ValueError: no YAML, an alias, or nested too deep; one line that says where.
    """
    try:
        return list(_documents(yaml.parse(text, Loader=_LOADER)))
    except UnicodeEncodeError:
        raise ValueError("it holds half a character; write it again in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(
            f"{line}no YAML: {error.problem}; put texts with special signs in single quotes: message: 'a: [b]'"
        ) from None
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {getattr(error, 'reason', error)}; take that character out") from None


def _documents(events: Iterator[Any]) -> Iterator[Node]:
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            yield _node(event, events, 1)


def _node(event: Any, events: Iterator[Any], depth: int) -> Node:
    line = event.start_mark.line + 1
    if depth > DEEPEST:
        raise ValueError(f"line {line}: nested too deep; a silence is a mapping, or several are a list of mappings")
    if isinstance(event, yaml.ScalarEvent):
        null = event.implicit[0] and event.value in _NULLS
        return Text("" if null else event.value, line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Items(tuple(_until(yaml.SequenceEndEvent, events, depth)), line)
    if isinstance(event, yaml.MappingStartEvent):
        nodes = _until(yaml.MappingEndEvent, events, depth)
        return Fields(tuple(zip(nodes, nodes, strict=True)), line)
    raise ValueError(f"line {line}: *{event.anchor}: aliases are not read; write out what it stands for")


def _until(end: type, events: Iterator[Any], depth: int) -> Iterator[Node]:
    for event in events:
        if isinstance(event, end):
            return
        yield _node(event, events, depth + 1)
