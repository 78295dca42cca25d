"""Which services of Apprise's a declared route may use, and what it may write in their URLs.

Apprise knows hundreds of them, and new ones with each version: what is not listed here is refused. For each of these it
was looked up in the library where it connects to, and tests see to it that it still is so.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import SplitResult, unquote_plus, urlsplit

from kube_wecom_eventer.apprise_library import Service
from kube_wecom_eventer.config.shown import shown_name, shown_scheme

FIXED = {
    "discord": "discord.com",
    "feishu": "open.feishu.cn",
    "gchat": "chat.googleapis.com",
    "lark": "open.larksuite.com",
    "slack": "hooks.slack.com",
    "tgram": "api.telegram.org",
}
"""Services that are always at the same host. Slack's webhooks are; its bots are elsewhere."""

NAMED = {
    "gotify": 80, "gotifys": 443, "json": 80, "jsons": 443, "mmost": 80, "mmosts": 443, "rocket": 80, "rockets": 443,
    "workflow": 443, "workflows": 443, "mailto": 0, "mailtos": 0,
}  # fmt: skip
"""Services that are where their URL says, with the port where it names none; 0: it must name one."""

PARAMETERS = frozenset(
    (
        *("bcc", "cc", "footer", "format", "from", "image", "mode", "name", "priority", "reply", "silent", "thread"),
        *("timestamp", "to", "topic"),
    )
)
"""Parameters of Apprise's that shape a message or name its people. Others read files, fetch from elsewhere, follow
redirects or switch checks off."""

_HOST = re.compile(r"[a-z0-9.-]+")


def refused_unopened(url: str, allowed_hosts: Collection[str]) -> str:
    """Return why a declared route may not have a URL, as far as that shows without the library: it is not even imported
    for one that is refused. Empty: it may. The text holds the scheme, the host and names of parameters only."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme not in FIXED and scheme not in NAMED:
        services = ", ".join(f"{each}://" for each in sorted({*FIXED, *NAMED}))
        return f"{shown_scheme(url)}:// is not for declared routes; they may use {services}"
    parts = urlsplit(f"x://{rest}")
    # As Apprise reads it: a `#` ends nothing, so a query may stand behind one, and a `;` separates as a `&` does.
    pairs = re.split("[&;]", rest.partition("?")[2])
    written = [unquote_plus(pair.partition("=")[0]) for pair in pairs if pair]
    if strange := sorted({name for name in written if name.lower() not in PARAMETERS}):
        return f"{', '.join(dict.fromkeys(map(shown_name, strange)))[:200]}= of {scheme}:// is not for declared routes"
    host, port = (FIXED[scheme], 443) if scheme in FIXED else _place(parts)
    return "" if host in allowed_hosts or f"{host}:{port or NAMED[scheme]}" in allowed_hosts else _not_there(host)


def refused_opened(service: Service, allowed_hosts: Collection[str]) -> str:
    """Return why a declared route may not have a service, by where the library would connect: two readers of one URL
    may disagree about it. Empty: it may."""
    scheme = service.scheme
    if scheme == "slack" and service.mode != "hook":
        return "slack:// of a bot is not for declared routes; write that of a webhook"
    if scheme in FIXED:
        host, port = FIXED[scheme], 443
    elif scheme in NAMED:
        host, written = service.place
        port = written or NAMED[scheme]
    else:
        return f"{scheme}:// is not for declared routes"
    if not _HOST.fullmatch(host):
        return f"{scheme}://: declared routes need a host's name in the URL"
    standard = port in (80, 443) and not service.is_mail
    if f"{host}:{port}" in allowed_hosts or (standard and host in allowed_hosts):
        return ""
    return _not_there(host if standard else f"{host}:{port}")


def _place(parts: SplitResult) -> tuple[str, int | None]:
    try:
        port = parts.port
    except ValueError:
        port = None
    return (parts.hostname or "").lower() or "HOST", port


def _not_there(host: str) -> str:
    # What has no dot may be a token where the host was forgotten.
    host = host if "." in host else shown_name(host)
    return f"{host}: declared routes may not send there; ask the platform for --route-allowed-hosts={host}"
