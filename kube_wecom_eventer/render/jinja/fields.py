"""Which names a Jinja2 template asks for, and whether there are such: found without running it, in every branch."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

import msgspec
from jinja2 import meta, nodes

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.jinja.environment import JsonEnvironment
from kube_wecom_eventer.render.jinja.template import syntax_error
from kube_wecom_eventer.render.template import FieldUse

EVENT = "event"
_GIVEN = {EVENT, "range"}
_GUARDS = ("default", "d", "defined", "undefined")
_OF_A_DICT = frozenset(dir(dict))

_Fields = Mapping[str, "_Fields | None"]
"""The names within an object; None for what has no names that are known."""


def field_uses(text: str) -> list[FieldUse]:
    """Return the chains that begin with ``event``, and the names that nobody gives, in the template's order.

    What ``default`` or ``is defined`` guards is left out: whoever writes that knows. Raises TemplateError where the
    template doesn't parse.
    """
    environment = JsonEnvironment(longest=len(text))
    try:
        tree = environment.parse(text)
        unknown = meta.find_undeclared_variables(tree) - _GIVEN
    except Exception as error:  # as where it is read to be run
        raise syntax_error(error) from None
    guarded = {id(inner) for inner in _guarded(tree)}
    uses = [*_of_event(tree, guarded), *_unknown(tree, unknown, guarded)]
    return sorted(uses, key=lambda use: use.line)


def event_paths() -> list[str]:
    """Return the chains that one may want of an event, as ``event.involvedObject.name``."""
    paths: list[str] = []
    for name, inner in _EVENT.items():
        paths += [f"{EVENT}.{name}", *(f"{EVENT}.{name}.{each}" for each in inner or ())]
    return paths


def _fields_of(struct: type[Any]) -> dict[str, _Fields | None]:
    hints = get_type_hints(struct)
    return {each.encode_name: _within(hints[each.name]) for each in msgspec.structs.fields(struct)}


def _within(annotation: Any) -> _Fields | None:
    choices = get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    struct = next((each for each in choices if isinstance(each, type) and issubclass(each, msgspec.Struct)), None)
    return _fields_of(struct) if struct else None


_EVENT: _Fields = {**_fields_of(Event), "happened_at": None}


def _guarded(tree: nodes.Template) -> Iterator[nodes.Node]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if isinstance(node, nodes.Filter | nodes.Test) and node.node and node.name in _GUARDS:
            yield node.node


def _of_event(tree: nodes.Template, guarded: set[int]) -> Iterator[FieldUse]:
    inner: set[int] = set()
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        names = _names(node)
        # Found from the outside in, so the longest chain comes first.
        if names is None or id(node) in inner:
            continue
        part: nodes.Node = node
        while isinstance(part, nodes.Getattr | nodes.Getitem):
            part = part.node
            inner.add(id(part))
        if id(node) not in guarded:
            yield FieldUse(".".join((EVENT, *names)), node.lineno, missing=_missing(names))


def _names(node: nodes.Node) -> tuple[str, ...] | None:
    """Return the names behind ``event``; None for any other chain."""
    names: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            names.append(node.arg.value)
        else:
            return None
        node = node.node
    if not (isinstance(node, nodes.Name) and node.name == EVENT):
        return None
    return tuple(reversed(names))


def _missing(names: tuple[str, ...]) -> str | None:
    fields: _Fields | None = _EVENT
    for name in names:
        if fields is None or name in _OF_A_DICT:
            return None
        if name not in fields:
            return name
        fields = fields[name]
    return None


def _unknown(tree: nodes.Template, unknown: set[str], guarded: set[int]) -> Iterator[FieldUse]:
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and id(node) not in guarded:
            unknown = unknown - {node.name}
            yield FieldUse(node.name, node.lineno, missing=node.name)
