"""YAML for a person to read: block style, the keys in the order given, comments above what they are about.

Owns the writing only. PyYAML, which can't write comments, decides how a scalar is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

_WIDTH = 1 << 20
"""Signs a line: an arg is never folded, it would no longer be found by a search."""


@dataclass(frozen=True, slots=True)
class Commented:
    """A value of a mapping, or an item of a list, with lines of comment above it."""

    value: Any
    comment: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Lines of comment that stand where an item of a list, or an entry of a mapping, would."""

    comment: tuple[str, ...]


class Inline(list[Any]):
    """A list of a few scalars that stands on one line: ``verbs: [list, watch]``."""


def write_documents(documents: Sequence[Any]) -> str:
    """Return the documents as one file. A document may be `Commented`."""
    texts = []
    for document in documents:
        value, comment = _parted(document)
        texts.append("\n".join([*_comment(comment, ""), *_block(value, "")]) + "\n")
    return "---\n".join(texts)


def _parted(node: Any) -> tuple[Any, tuple[str, ...]]:
    if isinstance(node, Remark):
        return None, node.comment
    value, comment = (node.value, node.comment) if isinstance(node, Commented) else (node, ())
    if isinstance(value, list) and value and all(isinstance(item, Remark) for item in value):
        return [], (*comment, *(line for item in value for line in item.comment))
    return value, comment


def _comment(lines: Sequence[str], indent: str) -> Iterator[str]:
    for line in lines:
        # Nothing in it may end the comment.
        shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
        yield f"{indent}# {shown}".rstrip()


def _block(node: Any, indent: str) -> Iterator[str]:
    if isinstance(node, Mapping) and node:
        for key, entry in node.items():
            yield from _entry(key, entry, indent)
    elif isinstance(node, list | tuple) and node:
        for item in node:
            yield from _item(item, indent)
    else:
        yield from (indent + line for line in _scalar(node))


def _entry(key: Any, entry: Any, indent: str) -> Iterator[str]:
    value, comment = _parted(entry)
    yield from _comment(comment, indent)
    if isinstance(entry, Remark):
        return
    (name,) = _scalar(key, one_line=True)
    if isinstance(value, Inline):
        yield f"{indent}{name}: [{', '.join(_scalar(each)[0] for each in value)}]"
    elif isinstance(value, Mapping | list | tuple) and value:
        yield f"{indent}{name}:"
        yield from _block(value, indent + "  ")
    else:
        first, *rest = _scalar(value)
        yield f"{indent}{name}: {first}"
        yield from (f"{indent}{line}".rstrip() for line in rest)


def _item(item: Any, indent: str) -> Iterator[str]:
    value, comment = _parted(item)
    yield from _comment(comment, indent)
    if isinstance(item, Remark):
        return
    if isinstance(value, Mapping | list | tuple) and value:
        first, *rest = _block(value, indent + "  ")
        while first.lstrip().startswith("#"):  # a comment of the first entry stands above the dash
            yield indent + first.lstrip()
            first, *rest = rest
        yield f"{indent}- {first[len(indent) + 2 :]}"
        yield from rest
    else:
        first, *rest = _scalar(value)
        yield f"{indent}- {first}"
        yield from (f"{indent}{line}".rstrip() for line in rest)


def _scalar(value: Any, *, one_line: bool = False) -> list[str]:
    """Return the lines of a scalar, or of an empty collection; those behind the first are indented by two."""
    if isinstance(value, str):
        return _text(value, one_line=one_line)
    return [yaml.safe_dump(value, default_flow_style=True, width=_WIDTH).removesuffix("\n...\n").rstrip("\n")]


def _text(text: str, *, one_line: bool) -> list[str]:
    style = (
        "|"
        if _fits_literal(text) and not one_line
        else '"'
        if not text or not text.isprintable() or _like_a_number(text)
        else None
    )
    dumped = yaml.safe_dump(text, default_style=style, width=_WIDTH, allow_unicode=True)
    # A trailing newline of a literal with '|+' belongs to it.
    lines = dumped.removesuffix("\n...\n").split("\n")
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def _fits_literal(text: str) -> bool:
    lines = text.split("\n")
    return (
        len(lines) > 1
        and not text.endswith("\n\n")
        and all(line == line.rstrip() and (line.isprintable() or not line) for line in lines)
        and not text[0].isspace()
    )


def _like_a_number(text: str) -> bool:
    """Return whether another reader of YAML than Python's may take a plain text for a number: 1e3, 0o17, 1_000."""
    for read in (float, lambda text: float(int(text, 0))):
        try:
            read(text)
        except ValueError:
            continue
        return True
    return False
