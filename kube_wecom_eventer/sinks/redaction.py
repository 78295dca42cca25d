"""Keeps out of the log what an answer quotes of our own request: proxies and error pages do that."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from kube_wecom_eventer.config.http_options import Headers

_SHORTEST = 4
"""Characters; shorter parts of a request would make a text unreadable, and are nobody's token."""


class Redaction:
    """``secrets``: the parts of a request that may be a token, besides what its headers hold and who ``url`` names."""

    def __init__(self, *, url: str, secrets: Iterable[str], headers: Headers) -> None:
        parts = urlsplit(url)
        words = [word for _, value in headers for word in (value.reveal(), *value.reveal().split())]
        found = {url, parts.username or "", parts.password or "", *secrets, *words}
        # The longest first: what is part of another would leave the rest of that one behind.
        self._secrets = sorted((each for each in found if len(each) >= _SHORTEST), key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return a text that came from elsewhere without whatever may be a token."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
