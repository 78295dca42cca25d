"""What is sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A body that is ready to be posted. ``built_in``: in our own words, not a user's template."""

    body: bytes
    built_in: bool
