"""Names of objects in the cluster, as users write them: ``NAME`` or ``NAMESPACE/NAME``."""

from __future__ import annotations

import re
from dataclasses import dataclass

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CONFIG_MAP = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """The namespace and name of an object in the cluster. An empty namespace stands for the daemon's own."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def within(self, namespace: str) -> ObjectName:
        """Return the same name, in ``namespace`` where it has none of its own."""
        return self if self.namespace else ObjectName(namespace, self.name)


def parse_config_map_name(text: str) -> ObjectName | None:
    """Read ``NAME`` or ``NAMESPACE/NAME``; None where no ConfigMap can be called so."""
    namespace, slash, name = text.rpartition("/")
    if not _CONFIG_MAP.fullmatch(name) or (slash and not _NAMESPACE.fullmatch(namespace)):
        return None
    return ObjectName(namespace, name)
