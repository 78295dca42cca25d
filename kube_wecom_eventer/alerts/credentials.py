"""Who may post alerts: tokens and passwords from a file, read again when it changes. None of them is ever shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from pathlib import Path

import structlog

from kube_wecom_eventer.errors import ConfigError

_LARGEST = 64 * 1024
"""Bytes."""
_FORMS = "write token: TOKEN or basic: USER:PASSWORD, each on a line of its own"

log = structlog.get_logger()


class Credentials:
    """The credentials of one file. While it can't be used, those that it held before stay.

    Raises:
        ConfigError: it can't be used from the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: object = None
        self._known: frozenset[bytes] = frozenset()
        self.trouble = ""
        """What is wrong with the file now; empty where nothing is."""
        self._refresh()
        if self.trouble:
            raise ConfigError([self.trouble])

    def allow(self, authorization: str) -> bool:
        """Return whether a request with this ``Authorization`` is allowed, in the same time for each that is not."""
        self._refresh()
        given = _digest(_credential(authorization))
        allowed = False
        for known in self._known:
            allowed |= hmac.compare_digest(given, known)
        return allowed

    def _refresh(self) -> None:
        try:
            about = os.stat(self._path)
            version: object = (about.st_mtime_ns, about.st_ino, about.st_size)
            if version == self._version:
                return None
            if about.st_size > _LARGEST:
                raise ValueError(f"has more than {_LARGEST} bytes; {_FORMS}")
            known = _read(self._path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            # Its own words would show a byte.
            return self._say(f"is no text; {_FORMS}")
        except (OSError, ValueError) as error:
            return self._say(getattr(error, "strerror", None) or str(error))
        self._version, self._known = version, known
        if self.trouble:
            log.info("alert_credentials_usable_again", file=str(self._path))
        self.trouble = ""
        return None

    def _say(self, problem: str) -> None:
        text = f"--alertmanager-auth-file={self._path}: {problem}"
        if text != self.trouble and self._known:
            log.warning("alert_credentials_unusable", problem=text, used_instead="what it held before")
        self.trouble = text


def _read(text: str) -> frozenset[bytes]:
    """Raises ValueError: a line is no credential, or there is none."""
    found = set()
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        kind, colon, rest = written.partition(":")
        value = rest.strip()
        if colon and kind == "token" and value and len(value.split()) == 1:
            found.add(_digest(f"token:{value}"))
        elif colon and kind == "basic" and value.partition(":")[2]:
            found.add(_digest(f"basic:{value}"))
        elif not colon and len(written.split()) == 1:
            # As Alertmanager and Prometheus read a credentials_file.
            found.add(_digest(f"token:{written}"))
        else:
            raise ValueError(f"line {number} is no credential; {_FORMS}")
    if not found:
        raise ValueError(f"holds no credential; {_FORMS}")
    return frozenset(found)


def _credential(authorization: str) -> str:
    scheme, _, value = authorization.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return f"token:{value}"
    if scheme.lower() == "basic":
        try:
            return f"basic:{base64.b64decode(value, validate=True).decode()}"
        except (binascii.Error, ValueError):
            return ""
    return ""


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode(errors="replace")).digest()
