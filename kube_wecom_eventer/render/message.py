"""What is sent, and the seam between a route and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kube_wecom_eventer.render.digest import Merged

JSON = "application/json; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A body that is ready to be sent. ``built_in``: in our own words, not a user's template."""

    body: bytes
    built_in: bool
    content_type: str = JSON


class Wording(Protocol):
    """How the events of one route become messages."""

    def message(self, items: Sequence[Merged]) -> Message:
        """Return the message of an event, or of many. Never fails: where a template does, other words stand in."""
        ...

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:
        """Return what to send where the destination refused the message; None where there are no other words."""
        ...
