"""Whether what an event holds arrives as it is meant to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.lint.finding import Code, Finding, line_of
from kube_wecom_eventer.render.text import ZERO_WIDTH_SPACE, harmless

_YEAR_ONE = "0001-01-01"


def value_findings(body: Any, event: Event, *, source: str) -> list[Finding]:
    """Return what is doubtful in the values that a decoded body shows of an event."""
    text = "\n".join(_texts(body))
    message = harmless(event.message)
    found = []
    if _escaped_twice(text, message):
        instead = 'escaping is done for you: write {{ .Message }}, without printf "%q", replace or the like'
        found.append(_doubt("escaped_twice", r"the event's message shows \" and \\: it is escaped twice", instead))
    if any(sign in text and sign not in message for sign in ("&#34;", "&#39;", "&quot;", "&lt;", "&amp;")):
        found.append(_doubt("escaped_html", "the event's message shows &#34; or the like", "leave out html"))
    if "<no value>" in text and "<no value>" not in message:
        instead = "write {{ with .Labels.app }}{{ . }}{{ end }}; they are the Event's own labels, not the pod's"
        found.append(_doubt("no_value", "<no value> shows where an event has no such label", instead))
    if _YEAR_ONE in text and _YEAR_ONE not in message:
        where = next((line for name in ("EventTime", "FirstTimestamp") if (line := line_of(source, f".{name}"))), None)
        instead = "write .LastTimestamp: it is the newest time that the event has"
        found.append(_doubt("time_missing", "a time shows the year 1: many events do not have it", instead, line=where))
    if _printed_markup(text, event):
        instead = "write it as the template's own text, outside of {{ }}"
        found.append(_doubt("markup_printed", "markup or a mention that an action prints does not act", instead))
    return found


def _doubt(code: Code, text: str, instead: str, *, line: int | None = None) -> Finding:
    return Finding(code=code, level="warning", text=text, instead=instead, line=line)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _escaped_twice(text: str, message: str) -> bool:
    """Return whether a message, or its first line, shows with JSON's escapes and not as it is."""
    first = message.split("\n", maxsplit=1)[0]
    for plain in (message, first):
        for escaped in (json.dumps(plain, ensure_ascii=False)[1:-1], plain.replace('"', r"\"")):
            if escaped != plain and escaped in text and plain not in text:
                return True
    return False


def _printed_markup(text: str, event: Event) -> bool:
    """Return whether a sign was parted that the event itself does not have."""
    held = event.message + event.reason + event.involved_object.name
    return any(f"<{ZERO_WIDTH_SPACE}{sign}" in text and f"<{sign}" not in held for sign in ("@", "font", "/font"))
