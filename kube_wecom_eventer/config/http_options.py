"""The parameters that all sinks share whose messages leave by HTTP."""

from __future__ import annotations

import re
import ssl
from urllib.parse import SplitResult

from kube_wecom_eventer.config.credential import reason_of
from kube_wecom_eventer.config.parameter import CHATS, WEBHOOK, Parameter
from kube_wecom_eventer.config.secret import Secret
from kube_wecom_eventer.config.uri import OptionUri, http_address

HTTP_PARAMETERS = (
    Parameter("header", "`header=NAME=VALUE`: sent along with each message; may be repeated.", sinks=(*CHATS, WEBHOOK)),
    Parameter("ca_file", "PEM file of the authorities to trust instead of the system's.", sinks=(*CHATS, WEBHOOK)),
    Parameter("method", "The HTTP method. A chat takes `POST` only.", "GET", (WEBHOOK,)),
)

HTTP_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What HTTP allows as a header's name and as a method: https://www.rfc-editor.org/rfc/rfc9110#name-tokens"""

Headers = tuple[tuple[str, Secret], ...]


def read_headers(uri: OptionUri, warnings: list[str]) -> Headers:
    """Read each ``header=``; what is none is added to ``warnings``."""
    headers = []
    for text in uri.every("header"):
        name, equals, value = (part.strip() for part in text.partition("="))
        if equals and HTTP_TOKEN.fullmatch(name) and value.isascii() and value.isprintable():
            headers.append((name, Secret(value)))
        else:
            warnings.append("header= holds no name and value in ASCII and is ignored; write header=NAME=VALUE")
    return tuple(headers)


def without_content_type(headers: Headers) -> Headers:
    """Return the headers of a chat's sink: a chat takes JSON only, and we say so ourselves."""
    return tuple(each for each in headers if each[0].lower() != "content-type")


def read_ca_file(uri: OptionUri, problems: list[str]) -> str | None:
    """Read ``ca_file=``; a file without certificates is added to ``problems``."""
    path = uri.first("ca_file")
    if not path:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        problems.append(f"ca_file={path}: holds no certificates in PEM format: {reason_of(error)}")
    return path


def shown(parts: SplitResult) -> str:
    """Return what of an address may be printed: no user and password, no query."""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def shown_base(base: str) -> str:
    """Return the address of an API as it may be printed: without the password that may stand in it."""
    parts = http_address(base)
    return shown(parts) if parts else base


def doubt_method(uri: OptionUri, *, sink: str, warnings: list[str]) -> None:
    """Doubt a ``method=`` other than the only one that a chat takes."""
    method = uri.first("method")
    if method and method.upper() != "POST":
        warnings.append(f"method={method}: {sink} takes POST only, so POST is used")
