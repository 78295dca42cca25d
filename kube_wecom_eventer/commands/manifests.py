"""ConfigMaps in manifests: their texts, and the lines of the file where these begin.

Nothing is constructed from the YAML: tags and aliases in it can do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

_OF_CONFIG_MAP = re.compile(r"""(?m)(?:^|[{,])\s*(?:-\s+)?["']?kind["']?\s*:\s*["']?ConfigMap\b""")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundConfigMap:
    """A ConfigMap. ``lines``: where its texts in literal blocks (``|``) begin in the file, from 1."""

    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


def looks_like_manifest(text: str) -> bool:
    """Return whether a text names the kind ConfigMap as a manifest does, which no template does."""
    return _OF_CONFIG_MAP.search(text) is not None


def config_maps(text: str) -> list[FoundConfigMap]:
    """Return the ConfigMaps of a manifest's documents, and of Lists in them. Raises ValueError: it is no YAML."""
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return [_read(fields) for node in nodes for fields in _objects(node) if _text(fields.get("kind")) == "ConfigMap"]


_Fields = dict[str, yaml.Node]


def _objects(node: yaml.Node | None) -> Iterator[_Fields]:
    fields = _fields(node)
    items = fields.get("items")
    if isinstance(items, yaml.SequenceNode):
        yield from map(_fields, items.value)
    else:
        yield fields


def _fields(node: yaml.Node | None) -> _Fields:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {name.value: value for name, value in node.value if isinstance(name, yaml.ScalarNode)}


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _read(fields: _Fields) -> FoundConfigMap:
    meta, data = _fields(fields.get("metadata")), _fields(fields.get("data"))
    texts = {name: node for name, node in data.items() if isinstance(node, yaml.ScalarNode)}
    return FoundConfigMap(
        namespace=_text(meta.get("namespace")),
        name=_text(meta.get("name")),
        labels={name: _text(node) for name, node in _fields(meta.get("labels")).items()},
        data={name: _text(node) for name, node in texts.items()},
        # The mark is at the "|"; the text begins on the next line.
        lines={name: node.start_mark.line + 2 for name, node in texts.items() if node.style == "|"},
    )
