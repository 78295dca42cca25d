"""Which parts of a sink are secret, how a person may see them, and where they go: a Secret's fields.

What looks like a secret is treated as one: it costs a line in the Secret, and a mistake the other way costs a key.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from urllib.parse import urlsplit

from kube_wecom_eventer.config.target import ROBOT_PATH

_SECRET_NAMES = re.compile(r"key|token|secret|sign|passw|pwd|auth|credential|access|^pw$|^user(name)?$", re.IGNORECASE)
_TOKEN = re.compile(r"(?=(?:[^0-9]*[0-9]){4})[A-Za-z0-9_-]{20,}")
"""Long and with several digits: no word that a person gives as a name."""
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
"""Of an option."""

_PUBLIC_PATHS = (ROBOT_PATH, "/robot/send")
"""Paths of URLs that everybody's are the same of."""
_PUBLIC_HEADERS = {"accept", "content-type", "contenttype", "user-agent", "host"}

_SHOWN = {
    "level", "namespaces", "kinds", "reason", "label", "msg_type", "method", "project", "logStore", "regionId",
    "region", "internal", "cluster_id", "cluster", "charset", "eventstopic", "index", "custom_body_configmap",
    "custom_body_configmap_namespace", "to_user", "agent_id", "esUserName", "sniff", "healthCheck", "ver", "dbName",
}  # fmt: skip
"""Options of kube-eventer's sinks whose values may stand in a comment."""


def secret_name(name: str) -> bool:
    """Return whether an option of that name holds a secret, and does not only say where one is."""
    place = name.endswith("_file") or (name.endswith("_secret") and secret_name(name.removesuffix("_secret")))
    return bool(_SECRET_NAMES.search(name)) and not place


def secret_value(value: str) -> bool:
    """Return whether a value looks like a token."""
    return bool(_TOKEN.search(value))


def secret_header(name: str) -> bool:
    """Return whether a header may hold a secret."""
    return name.lower() not in _PUBLIC_HEADERS


def secret_pieces(url: str) -> tuple[str, ...]:
    """Return the parts of a URL that are secret: a password, and parts of the path that look like tokens."""
    try:
        parts = urlsplit(url)
        password = parts.netloc.rpartition("@")[0].partition(":")[2]
    except ValueError:
        return ()
    segments = [segment for segment in parts.path.split("/") if secret_value(segment)]
    return tuple(dict.fromkeys(piece for piece in (password, *segments) if piece))


def holds_secret(text: str) -> bool:
    """Return whether a text of any form, such as a whole URL with its parameters, may hold a secret."""
    names = [pair.partition("=")[0] for pair in re.split("[?&]", text) if "=" in pair]
    return secret_value(text) or bool(secret_pieces(text)) or any(secret_name(name) for name in names)


def masked(value: str) -> str:
    """Return enough of a secret to tell which one it is."""
    return f"{value[:4]}..." if len(value) >= 16 else "..."


def redacted(sink: str) -> str:
    """Return a whole sink as it may stand in a comment: what is not known to be harmless is left out."""
    scheme, _, rest = sink.partition(":")
    url, mark, query = rest.partition("?")
    if not mark and "&" in url:
        url, mark, query = url.partition("&")
    pairs = [_pair(pair) for pair in query.split("&") if pair]
    return f"{scheme}:{_redacted_url(url)}{mark}{'&'.join(pairs)}"


def _redacted_url(url: str) -> str:
    """Return a URL without passwords, and without a path that may be a token."""
    start, slashes, rest = url.partition("//")
    if not slashes:
        start, rest = "", url
    host, slash, path = rest.rpartition("@")[2].partition("/")
    user = "***@" if "@" in rest else ""
    shown = path if f"/{path}".rstrip("/") in _PUBLIC_PATHS or not slashes else "***" if path else ""
    return f"{start}{slashes}{user}{host}{slash}{shown}"


def _pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if secret_value(name) or not _NAME.fullmatch(name):
        # No option, but all there is: mysql:?USER:PASSWORD@tcp(HOST)/DATABASE?charset=utf8.
        return "***"
    shown = name in _SHOWN and not secret_value(value) and "?" not in value
    return pair if shown or not equals else f"{name}=***"


class SecretFields:
    """The fields of the one Secret that takes the keys, each called after the environment variable that brings it back.

    ``taken``: names of variables that the container has already.
    """

    def __init__(self, *, taken: Container[str]) -> None:
        self._taken = taken
        self._by_value: dict[tuple[str, str], str] = {}
        self.values: dict[str, str] = {}

    def variable(self, value: str, *, prefix: str) -> str:
        """Return the name of the variable that has this value from now on; the same value has one variable."""
        known = self._by_value.get((prefix, value))
        if known:
            return known
        name, number = prefix, 1
        while name in self._taken or name in self.values:
            number += 1
            name = f"{prefix}_{number}"
        self._by_value[prefix, value] = name
        self.values[name] = value
        return name

    def keep(self, name: str, value: str) -> None:
        """Take the value of a variable that the container has already."""
        self.values[name] = value

    def keep_all(self, variables: Mapping[str, str]) -> None:
        """Take the values of those variables that look like secrets, whoever may read them: what is printed shows
        none."""
        for name, value in variables.items():
            if value and (secret_name(name) or holds_secret(value)):
                self.keep(name, value)
