"""A silence: which events are told by no message, until when, by whose word and why. Pure: the clock is passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kube_wecom_eventer.config import CLUSTER_SCOPE
from kube_wecom_eventer.event import Event

FIELDS: Mapping[str, Callable[[Event], str]] = {
    "namespace": lambda event: event.involved_object.namespace,
    "kind": lambda event: event.involved_object.kind,
    "name": lambda event: event.involved_object.name,
    "reason": lambda event: event.reason,
    "message": lambda event: event.message,
}
"""What a matcher may ask, in the order in which it is asked: what costs most comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A regular expression that must occur in one of `FIELDS`; nothing occurs in an empty field."""

    asks: str
    pattern: str
    expression: Any = field(compare=False, repr=False)

    def found_in(self, event: Event) -> bool:
        """Return whether the expression occurs there."""
        text = FIELDS[self.asks](event)
        # An object without a namespace counts as `_cluster` only for who writes that: `namespace: cluster` means
        # namespaces of such a name, and must not silence all nodes.
        if not text and self.asks == "namespace" and CLUSTER_SCOPE in self.pattern:
            text = CLUSTER_SCOPE
        return bool(text) and self.expression.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Holds while all its ``matchers`` find something, and until ``until`` (in UTC).

    ``routes``: the names of the routes that it holds for; empty means all. ``until_written``, ``by`` and ``why`` are
    for people. ``where`` says where it is written, and makes no difference between two silences.
    """

    matchers: tuple[Matcher, ...]
    until: datetime
    until_written: str
    by: str
    why: str
    routes: frozenset[str] = frozenset()
    where: str = field(default="", compare=False)

    def takes(self, event: Event, *, route: str, now: datetime) -> bool:
        """Return whether that route is not to tell this event now."""
        return (
            now < self.until
            and (not self.routes or route in self.routes)
            and all(matcher.found_in(event) for matcher in self.matchers)
        )
