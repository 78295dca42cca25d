"""What the Namespaces say of themselves: their labels, which routes may select, and the people in charge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from kube_wecom_eventer.kube.labelled import LabelledObject

OWNERS = "kube-wecom-eventer.io/mentioned-list"
"""The annotation that names the people in charge of a namespace: userids or ``@all``, with commas between them."""

_MOST_OWNERS = 50
"""Of one namespace; more would leave no room for the event."""


class Namespaces:
    """Namespaces by name. ``wanted`` is set once a route asks for them: the right to read them is needed only then."""

    def __init__(self) -> None:
        self._labels: dict[str, Mapping[str, str]] = {}
        self._owners: dict[str, tuple[str, ...]] = {}
        self.wanted = asyncio.Event()

    def labels(self, namespace: str) -> Mapping[str, str]:
        """Return a namespace's labels; none where it is not known."""
        return self._labels.get(namespace, {})

    def owners(self, namespace: str) -> tuple[str, ...]:
        """Return the people in charge of a namespace."""
        return self._owners.get(namespace, ())

    def changed(self, namespace: LabelledObject) -> None:
        """Take a namespace as it is now."""
        self._labels[namespace.name] = namespace.labels
        people = [person.strip() for person in namespace.annotations.get(OWNERS, "").split(",") if person.strip()]
        if people:
            self._owners[namespace.name] = tuple(dict.fromkeys(people))[:_MOST_OWNERS]
        else:
            self._owners.pop(namespace.name, None)

    def gone(self, _of: str, name: str) -> None:
        """Forget a namespace."""
        self._labels.pop(name, None)
        self._owners.pop(name, None)
