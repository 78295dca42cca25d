"""Label matchers, as Alertmanager writes them: ``severity="critical",team=~"a|b"``.

A label that is not there counts as empty. A regular expression must match the whole value.
Source: https://prometheus.io/docs/alerting/latest/configuration/#label-matchers
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kube_wecom_eventer.regular_expression import compiled

_MATCHER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_ESCAPE = re.compile(r'\\([n"\\])')
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}
_UNQUOTED = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """``operator``: ``=``, ``!=``, ``=~`` or ``!~``."""

    label: str
    operator: str
    value: str
    matches: Callable[[str], Any] = field(compare=False, repr=False)

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether it holds for these labels."""
        return bool(self.matches(labels.get(self.label, ""))) is self.operator.startswith("=")


def parse_label_matchers(text: str) -> tuple[LabelMatcher, ...]:
    """Read matchers with commas between them, in braces or without.

    Raises:
        ValueError: it is none; a line that says what is wrong.
    """
    inner = text.strip().removeprefix("{").removesuffix("}")
    parts = list(_parts(inner))
    if parts and not parts[-1].strip():
        parts.pop()
    return tuple(_matcher(part) for part in parts)


def _parts(text: str) -> Iterator[str]:
    """Yield what stands between commas outside of quotes."""
    quoted = escaped = False
    start = 0
    for place, sign in enumerate(text):
        if sign == '"' and not escaped:
            quoted = not quoted
        elif sign == "," and not quoted:
            yield text[start:place]
            start = place + 1
        escaped = sign == "\\" and not escaped
    yield text[start:]


def _matcher(text: str) -> LabelMatcher:
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text.strip()!r} is no matcher")
    label, operator, written = found[1], found[2], found[3]
    value = _unescaped(_unquoted(written, text))
    if operator in ("=", "!="):
        return LabelMatcher(label, operator, value, value.__eq__)
    try:
        compiled(value)  # first as it is written: what is wrong is said of that
        return LabelMatcher(label, operator, value, compiled(f"^(?:{value})$").search)
    except ValueError as error:
        raise ValueError(f"{text.strip()!r} has no regular expression in RE2's syntax ({error})") from None


def _unquoted(written: str, text: str) -> str:
    quoted = written.startswith('"')
    if quoted and (len(written) < 2 or not written.endswith('"')):
        raise ValueError(f"{text.strip()!r} has a quote that does not end")
    inner = written[1:-1] if quoted else written
    # Without quotes a backslash at the end stands for itself.
    if not _UNQUOTED.fullmatch(inner if quoted else inner.removesuffix("\\")):
        raise ValueError(f"{text.strip()!r} has a quote inside of its value; write a backslash before it")
    return inner


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED[found[1]], text)
