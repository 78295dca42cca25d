"""The errors that cross rooms.

EventerError
├── ConfigError      what the user wrote can't be run; carries every problem, not the first
├── TemplateError    a template doesn't parse, or fails on an event
├── CheckpointError  a checkpoint can't be read or written; carries the RBAC rules that are missing
│   └── NewerWriter  somebody else has written it since; carries who
├── SecretError      a field of a Secret can't be used; carries the RBAC rule that is missing
└── ApiError         the API server refused, or could not be asked
    ├── Gone         the asked resourceVersion is no longer there (410)
    ├── Unauthorized the credentials are not accepted (401)
    ├── Forbidden    an RBAC rule is missing (403)
    ├── NotFound     404
    ├── Conflict     somebody else's write came first (409)
    └── Overloaded   the server asks to wait (429); carries for how long
"""

from __future__ import annotations

from collections.abc import Sequence


class EventerError(Exception):
    """Whatever this program raises by itself. Its text is one line, for a person, without secrets."""


class ConfigError(EventerError):
    """What the user wrote can't be run.

    ``problems``: one line each, naming the flag or object, the value, and what to write instead.
    ``doubts``: what else was noticed; it often explains a problem.
    """

    def __init__(self, problems: Sequence[str], *, doubts: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
        self.doubts = tuple(doubts)


class TemplateError(EventerError):
    """A template doesn't parse, or fails on an event. ``line`` and ``column`` in its source, from 1, where known.

    ``problem`` is the text without the line.
    """

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.problem = message
        self.line = line
        self.column = column


class CheckpointError(EventerError):
    """A checkpoint can't be read or written. ``hint``: the RBAC rules to add where that is why, else empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NewerWriter(CheckpointError):
    """Another process has written the checkpoint since: ``writer`` as it calls itself, empty where it doesn't."""

    def __init__(self, message: str, *, writer: str) -> None:
        super().__init__(message)
        self.writer = writer


class SecretError(EventerError):
    """A field of a Secret can't be used. ``hint``: the RBAC rule to add where that is why, else empty.

    ``temporary``: the API server could not be asked, which says nothing about the Secret.
    """

    def __init__(self, message: str, *, hint: str = "", temporary: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.temporary = temporary


class ApiError(EventerError):
    """The API server refused a request (``code`` is the HTTP status), or could not be asked (0)."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Gone(ApiError):
    """The resourceVersion that was asked for has been compacted: list again."""


class Unauthorized(ApiError):
    """The credentials are not accepted: read them again."""


class Forbidden(ApiError):
    """An RBAC rule is missing; the text is the server's own and names it."""


class NotFound(ApiError):
    """There is no such object."""


class Conflict(ApiError):
    """Somebody else's write came first: the object has another resourceVersion, or exists already."""


class Overloaded(ApiError):
    """The server asks to come back in ``retry_after`` seconds."""

    def __init__(self, message: str, *, code: int, retry_after: float) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
