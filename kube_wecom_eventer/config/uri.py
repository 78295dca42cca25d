"""The grammar that ``--sink`` and ``--source`` share: ``SCHEME:URL?name=value&name=value``.

As kube-eventer reads it: split at the first colon, expand the environment, decode the query like Go's net/url.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote_plus, urlsplit

from kube_wecom_eventer.config.shown import shown_name

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
"""``${NAME}`` or ``$NAME``; any other ``$`` stays as it is."""

_NO_FRAGMENTS = ("apprise",)
"""Schemes whose URLs hold a ``#`` as any other sign: in Apprise's it begins the name of a channel."""

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

NO_QUESTION_MARK = "the options follow '&' with no '?' before them; write '?' before the first one"
"""The warning about a URI whose options kube-eventer takes for a part of the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionUri:
    """A scheme, a URL without its query, and the query's pairs in order.

    ``written``: the same pairs as they stand there, for whoever decodes by other rules. ``warnings`` name what was
    written but does not work as written; they hold option names, never values.
    """

    scheme: str
    url: str
    options: tuple[tuple[str, str], ...]
    written: tuple[str, ...]
    warnings: tuple[str, ...]

    def first(self, name: str) -> str | None:
        """Return the first value of an option: for scalars the first one wins, as in kube-eventer."""
        return next((value for key, value in self.options if key == name), None)

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of an option that may be repeated."""
        return tuple(value for key, value in self.options if key == name)

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the entries of an option that is a comma list, of each time that it is written."""
        return tuple(part.strip() for text in self.every(name) for part in text.split(",") if part.strip())


def parse_uri(text: str, *, environ: Mapping[str, str]) -> OptionUri:
    """Read one URI. Raises ValueError (a line for a person, with no value in it) where there is no scheme."""
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        raise ValueError("has no scheme; write SCHEME:URL?name=value, for example webhook:https://...")
    warnings: list[str] = []
    rest = _expand(rest, environ, warnings)
    if scheme not in _NO_FRAGMENTS:
        rest, hash_sign, _ = rest.partition("#")
        if hash_sign:
            warnings.append("what stands behind '#' is ignored; write %23 for a '#' in a value")
    url, question, query = rest.partition("?")
    if not question and "&" in url:
        url, _, query = url.partition("&")
        warnings.append(NO_QUESTION_MARK)
    pairs = _decode_query(query, warnings)
    return OptionUri(
        scheme=scheme,
        url=url,
        options=tuple((name, value) for _, name, value in pairs),
        written=tuple(pair for pair, _, _ in pairs),
        warnings=tuple(warnings),
    )


def http_address(url: str) -> SplitResult | None:
    """Split an http or https URL that names a host; None for anything else."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _expand(text: str, environ: Mapping[str, str], warnings: list[str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in environ:
            warnings.append(f"${name} is not set in the environment, so nothing stands in its place")
        return environ.get(name, "")

    return VARIABLE.sub(value_of, text)


def _decode_query(query: str, warnings: list[str]) -> list[tuple[str, str, str]]:
    """Return each pair as it is written, its name and its value."""
    pairs = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if ";" in pair:
            shown = shown_name(name.partition(";")[0])
            warnings.append(f"the option {shown!r} holds a ';' and is ignored; write %3B")
        elif _BAD_ESCAPE.search(pair):
            warnings.append(f"the option {shown_name(name)!r} holds a '%' that is no escape and is ignored; write %25")
        elif name:
            pairs.append((pair, unquote_plus(name), unquote_plus(value)))
    return pairs
