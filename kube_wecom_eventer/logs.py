"""What the log looks like: one JSON object a line, or coloured columns on a terminal. Always on stderr."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict


class _Lossy:
    """A stream that may fail, or be closed from the start: the daemon's work does not depend on its log's reader."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.flush()


def _first_things_first(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Let each line begin with when, how bad and what: that is how it is read at night."""
    first = {name: line[name] for name in ("timestamp", "level", "event") if name in line}
    return {**first, **line}


def configure_logs(*, log_format: str = "auto", level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up structlog for the process. ``log_format``: json, console, or auto (console on a terminal)."""
    out = cast(TextIO, _Lossy(stream or sys.stderr))
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    # httpx and uvicorn log URLs through the standard library, and a robot's URL holds its key.
    logging.basicConfig(stream=out, level=logging.CRITICAL, force=True)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if not console else "%H:%M:%S", utc=not console),
            structlog.processors.format_exc_info,
            _first_things_first,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
