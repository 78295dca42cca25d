"""``key_secret=`` and its like: the field of a Secret in the cluster that holds what a sink must not show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kube_wecom_eventer.config.object_name import NAMESPACE, SUBDOMAIN

DEFAULT_FIELD = "key"

FIELD = re.compile(r"[-._a-zA-Z0-9]{1,253}")
"""https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data"""


@dataclass(frozen=True, slots=True)
class SecretField:
    """A field of a Secret, by its name."""

    namespace: str
    name: str
    field: str = DEFAULT_FIELD

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" + (f"/{self.field}" if self.field != DEFAULT_FIELD else "")


def parse_secret_field(text: str, *, namespace: str = "", default: str = DEFAULT_FIELD) -> SecretField | None:
    """Read ``NAMESPACE/NAME[/FIELD]``; with a ``namespace`` given ``NAME[/FIELD]`` in that one. None: it is neither.

    ``default``: the field where none is written.
    """
    parts = [namespace, *text.split("/")] if namespace else text.split("/")
    if len(parts) not in (2, 3):
        return None
    found = SecretField(parts[0], parts[1], parts[2] if len(parts) == 3 else default)
    fits = NAMESPACE.fullmatch(found.namespace) and SUBDOMAIN.fullmatch(found.name) and FIELD.fullmatch(found.field)
    return found if fits else None
