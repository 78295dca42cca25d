"""Runs ``render`` in the process, for tests."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.commands import render

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Ran:
    """The exit status, what was printed, and the lines of what was wrong with the args."""

    status: int
    shown: str
    body: bytes
    problems: list[str]


class Runner:
    """Runs the command; ``environ`` is its environment."""

    def __init__(self, capsys: pytest.CaptureFixture[str], environ: Mapping[str, str] | None = None) -> None:
        self._capsys = capsys
        self._environ = {"HOME": "/nonexistent", **(environ or {})}

    def __call__(self, *args: str, stdin: str = "") -> Ran:
        """Run it to its end."""
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        try:
            status = render.run(args, environ=self._environ, zone=ZONE, now=NOW, stdin=io.StringIO(stdin), out=out)
        except SystemExit as ended:  # so argparse ends a program whose options can't be read
            status = int(ended.code or 0)
        errors = self._capsys.readouterr().err.splitlines()
        return Ran(status, raw.getvalue().decode(errors="replace"), raw.getvalue(), errors)

    async def away(self, *args: str, stdin: str = "") -> Ran:
        """Run it in a thread, beside a server of the test's own loop."""
        return await asyncio.to_thread(self, *args, stdin=stdin)


def written(folder: Path, text: str, name: str = "message.tmpl") -> str:
    """Write a file, and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)
