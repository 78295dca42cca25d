"""``--alertmanager-listen`` and ``--alertmanager-auth-file``: where alerts are taken, and from whom."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from kube_wecom_eventer.config.go_flags import Flag, ParsedFlags

LISTEN = Flag(
    "alertmanager-listen",
    "Takes alerts of Alertmanager, and of Prometheus itself, by `POST /api/v2/alerts` there, as `:19093`; "
    "see docs/alerts.md. Port 0 takes a free one and logs it. Unset: none.",
    value="[ADDRESS]:PORT",
)
AUTH_FILE = Flag(
    "alertmanager-auth-file",
    "A file that says who may post alerts, a line for each: `token: TOKEN` (`Authorization: Bearer`), or "
    "`basic: USER:PASSWORD`. It is read again when it changes. Unset: everybody who reaches the port.",
    value="PATH",
)
ALERT_FLAGS = (LISTEN, AUTH_FILE)

ANYWHERE = "0.0.0.0"  # noqa: S104 a Service has to reach it
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]*):([0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertListenerSettings:
    """Where alerts are taken. ``auth_file``: who may post them; None: everybody."""

    host: str
    port: int
    auth_file: Path | None = None


def parse_alert_listener(flags: ParsedFlags) -> AlertListenerSettings | None:
    """Read the flags, None where alerts are taken nowhere; what is wrong or doubtful is added to ``flags``."""
    text, path = flags.last(LISTEN), flags.last(AUTH_FILE)
    if text is None:
        if path is not None:
            flags.warnings.append(f"--{AUTH_FILE.name} has no effect without --{LISTEN.name}")
        return None
    found = _PLACE.fullmatch(text)
    if found is None or int(found[2]) > 65535:
        flags.problems.append(f"--{LISTEN.name}={text}: no address; write :19093 or ADDRESS:19093")
        return None
    if path is not None and (not path or "\0" in path):
        flags.problems.append(f"--{AUTH_FILE.name}={path}: no file's path; write for example /etc/alerts/auth")
        return None
    host = found[1].strip("[]") or ANYWHERE
    if path is None and not _is_loopback(host):
        flags.warnings.append(
            f"--{LISTEN.name}={text}: whoever reaches the port may post alerts; write --{AUTH_FILE.name}=PATH"
        )
    return AlertListenerSettings(host=host, port=int(found[2]), auth_file=Path(path) if path else None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
