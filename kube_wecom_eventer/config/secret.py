"""A value that may be used but never shown."""

from __future__ import annotations

import hashlib
from typing import NoReturn


class Secret:
    """A robot key, a token, a password. Every way of printing it prints ``***``; only `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it."""
        return self._value

    def fingerprint(self) -> str:
        """Return 8 hex digits that tell secrets apart and don't lead back to them."""
        return hashlib.sha256(self._value.encode()).hexdigest()[:8]

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not to be copied out of the process")
