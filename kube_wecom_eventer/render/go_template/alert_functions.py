"""The functions that Alertmanager adds to text/template, with Go's meaning of each.

https://prometheus.io/docs/alerting/latest/notifications/#functions
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kube_wecom_eventer.regular_expression import compiled

from . import go_time
from .alert_schema import plain
from .functions import Builtin
from .go_float import format_float
from .run import Run
from .time_schema import DURATION, TIME, Duration
from .values import STRING, STRINGS, GoError, GoType, Kind, Slice, Struct, TypedString, Value, assignable, type_of

_HTML = GoType("template.HTML", Kind.STRING)
_URL = GoType("template.URL", Kind.STRING)
_EXPRESSION = 1 << 20
"""Bytes of memory that one expression may need."""

_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)
_WORD = re.compile(r"\w+(?:['’.:·]\w+)*")
_SMALL_UNITS = ("m", "u", "n", "p", "f", "a", "z", "y")
_IN_JSON = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's unicode.IsSpace knows; Python takes some control characters for spaces, too."""
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class _Html(TypedString):
    __slots__ = ()
    go_type = _HTML


class _Url(TypedString):
    __slots__ = ()
    go_type = _URL


def _typed(call: Callable[..., Value], *params: GoType) -> Builtin:
    """A function with a parameter of a type for each argument."""

    def checked(_run: Run, args: list[Value]) -> Value:
        return call(*(assignable(value, param) for value, param in zip(args, params, strict=True)))

    return Builtin(checked, needed=len(params), variadic=False)


def _upper(text: str) -> str:
    """Rune by rune, as Go does it: what would become two stays."""
    return "".join(upper if len(upper := sign.upper()) == 1 else sign for sign in text)


def _lower(text: str) -> str:
    return "".join(sign.lower()[0] for sign in text)


def _title(text: str) -> str:
    """Each word with a capital, the rest of it small; an apostrophe within a word ends none."""
    return _WORD.sub(lambda word: _capitalised(word[0]), text)


def _capitalised(word: str) -> str:
    for place, sign in enumerate(word):
        if sign.isalpha():
            return word[:place] + sign.title() + word[place + 1 :].lower()
    return word


def _join(separator: Any, texts: Any) -> Value:
    return str(separator).join(texts.items or ())


def _string_slice(_run: Run, args: list[Value]) -> Value:
    return Slice(STRINGS, [assignable(value, STRING) for value in args])


@lru_cache(maxsize=256)
def _expression(pattern: str) -> Any:
    try:
        return compiled(pattern, memory=_EXPRESSION)
    except ValueError as error:
        raise GoError(f"error parsing regexp: {error}") from None


def _match(pattern: Any, text: Any) -> Value:
    return _expression(pattern).search(text) is not None


def _replace_all(run: Run, args: list[Value]) -> Value:
    """Go's ReplaceAllString: ``$1`` and ``${name}`` stand for groups; no empty match right behind another one."""
    pattern, replacement, text = (str(assignable(value, STRING)) for value in args)
    expression = _expression(pattern)
    parts: list[str] = []
    copied, searched, size = 0, 0, 0
    while searched <= len(text) and (found := expression.search(text, searched)):
        run.charge(text)
        run.step()
        start, end = found.span()
        parts.append(text[copied:start])
        if end > copied or start == 0:
            parts.append(_expanded(replacement, found))
        copied = end
        searched = end if end > searched else searched + 1
        size += len(parts[-1]) + len(parts[-2]) if len(parts) > 1 else len(parts[-1])
        if size > run.output:
            raise GoError("the output is too long")
    return "".join([*parts, text[copied:]])


def _expanded(replacement: str, found: Any) -> str:
    groups = found.re.groups
    named = found.re.groupindex

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isdigit():
            return (found[int(name)] or "") if len(name) < 5 and int(name) <= groups else ""
        return (found[name] or "") if name in named else ""

    return _REFERENCE.sub(group, replacement)


def _date(layout: Any, moment: Any) -> Value:
    return go_time.format_time(moment.raw, layout)


def _tz(run: Run, args: list[Value]) -> Value:
    name, moment = str(assignable(args[0], STRING)), assignable(args[1], TIME)
    if not isinstance(moment, Struct):
        raise GoError("the time is nil")
    return Struct(TIME, go_time.in_zone(moment.raw, _zone(name, run.zone)), moment.zone, addressable=False)


def _zone(name: str, local: tzinfo) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return local
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise GoError(f"unknown time zone {name}") from None


def _since(run: Run, args: list[Value]) -> Value:
    moment = assignable(args[0], TIME)
    if not isinstance(moment, Struct):
        raise GoError("the time is nil")
    return Duration(go_time.subtract(run.now, moment.raw))


def _humanize_duration(_run: Run, args: list[Value]) -> Value:
    seconds = _seconds(args[0])
    if seconds != seconds or seconds in (float("inf"), float("-inf")):  # noqa: PLR0124 that is how NaN is told
        return format_float(seconds, "g", None).replace("Inf", "+Inf").replace("-+", "-")
    if seconds == 0:
        return "0s"
    if abs(seconds) < 1:
        unit = ""
        for smaller in _SMALL_UNITS:
            if abs(seconds) >= 1:
                break
            unit, seconds = smaller, seconds * 1000
        return f"{_four_digits(seconds)}{unit}s"
    sign, size = ("-" if seconds < 0 else ""), abs(seconds)
    minutes, rest = divmod(int(size), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {rest}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {rest}s"
    return f"{sign}{minutes}m {rest}s" if minutes else f"{sign}{_four_digits(size)}s"


def _four_digits(value: float) -> str:
    return format_float(value, "g", 4)


def _seconds(value: Value) -> float:
    if isinstance(value, str) and type_of(value) is STRING:
        try:
            return float(value)
        except ValueError:
            raise GoError(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 1e9 if type_of(value) is DURATION else float(value)
    raise GoError(f"can't convert {type_of(value) if value is not None else 'nil'} to float")


def _to_json(_run: Run, args: list[Value]) -> Value:
    try:
        text = json.dumps(plain(args[0]), ensure_ascii=False, separators=(",", ":"))
    except TypeError:
        raise GoError("this value has no JSON") from None
    return text.translate(_IN_JSON)


def _url_unescape(text: Any) -> Value:
    if _BAD_ESCAPE.search(text):
        raise GoError("invalid URL escape")
    return unquote_plus(text, errors="surrogateescape")


ALERT_FUNCTIONS: dict[str, Builtin] = {
    "date": _typed(_date, STRING, TIME),
    "humanizeDuration": Builtin(_humanize_duration, needed=1, variadic=False),
    "join": _typed(_join, STRING, STRINGS),
    "match": _typed(_match, STRING, STRING),
    "reReplaceAll": Builtin(_replace_all, needed=3, variadic=False),
    "safeHtml": _typed(_Html, STRING),
    "safeUrl": _typed(_Url, STRING),
    "since": Builtin(_since, needed=1, variadic=False),
    "stringSlice": Builtin(_string_slice),
    "title": _typed(_title, STRING),
    "toJson": Builtin(_to_json, needed=1, variadic=False),
    "toLower": _typed(_lower, STRING),
    "toUpper": _typed(_upper, STRING),
    "trimSpace": _typed(lambda text: text.strip(_SPACE), STRING),
    "tz": Builtin(_tz, needed=2, variadic=False),
    "urlUnescape": _typed(_url_unescape, STRING),
}
ALERT_NAMES = frozenset(ALERT_FUNCTIONS)
