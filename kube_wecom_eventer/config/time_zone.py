"""The time zone in which times are printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCAL = Path("/etc/localtime")


def time_zone(environ: Mapping[str, str], *, warnings: list[str], local: Path = _LOCAL) -> tzinfo:
    """Return the zone that ``TZ`` names (or the file that it points to, as Go and the C library read it), else the
    machine's, else UTC; an unknown name is added to ``warnings``."""
    name = environ.get("TZ", "").removeprefix(":")
    if name:
        try:
            return _from_file(Path(name)) if name.startswith("/") else ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            warnings.append(f"TZ={name}: unknown time zone, so times are in UTC; write for example TZ=Asia/Shanghai")
            return UTC
    try:
        return _from_file(local)
    except (OSError, ValueError):
        return UTC


def _from_file(path: Path) -> ZoneInfo:
    with path.open("rb") as file:
        return ZoneInfo.from_file(file)
