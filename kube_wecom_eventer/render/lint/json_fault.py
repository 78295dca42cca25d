"""Where a rendered body stops being JSON: the place in the template, and what to write there."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from kube_wecom_eventer.render.lint.finding import Finding, excerpt, place_of
from kube_wecom_eventer.render.lint.tracing import Tracer

_NO_JSON = "the rendered body is no JSON"
_WHOLE = 'write the whole body, as {"msgtype": "text", "text": {"content": "..."}}'
_QUOTE = r"write \" for a quote inside a string: <font color=\"warning\">"
_TEXTS = "texts stand in double quotes"


def read(text: str) -> Any:
    """Read a rendered body as the messages' own reader does.

    Raises ValueError or RecursionError: it is no JSON.
    """
    # Not strict: a template's own text may hold a raw newline inside a string; it is written back escaped.
    return json.loads(text, strict=False)


class _Fault(NamedTuple):
    """``position`` in the output, what is wrong there, and what to write."""

    position: int
    what: str
    instead: str = ""


def json_fault(error: Exception, *, tracer: Tracer, source: str) -> Finding:
    """Describe what `read` raised for the output of a writer."""
    text = tracer.result()
    if not text.strip():
        return Finding(code="json_invalid", level="error", text="the template prints nothing", instead=_WHOLE)
    if not isinstance(error, json.JSONDecodeError):
        kind = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Finding(code="json_invalid", level="error", text=f"{_NO_JSON}: {kind}")
    fault = _fault(text, error, tracer)
    line, column = place_of(source, tracer.origin(fault.position).offset)
    return Finding(
        code="json_invalid",
        level="error",
        text=f"{_NO_JSON}: {fault.what}",
        instead=fault.instead,
        line=line,
        column=column,
        rendered=tuple(excerpt(text, *place_of(text, fault.position))),
    )


def _fault(text: str, error: json.JSONDecodeError, tracer: Tracer) -> _Fault:
    if not text.lstrip().startswith(("{", "[", '"')):
        return _Fault(0, "it does not begin with {", _WHOLE)
    begun = len(text[: error.pos].rstrip())
    if error.msg == "Expecting value" and tracer.printed_nothing(begun, error.pos):
        instead = "put quotes around it, or print something in any case, as {{ or .Count 1 }}"
        return _Fault(max(0, error.pos - 1), "an action prints nothing here", instead)
    return _within_text(error) or _between(text, error, text[:begun])


def _within_text(error: json.JSONDecodeError) -> _Fault | None:
    """Return what is wrong within a text in quotes; None where it is elsewhere."""
    if error.msg.startswith("Unterminated string"):
        return _Fault(error.pos, "the text that begins here has no end", 'write a " behind it')
    if error.msg.startswith("Invalid \\"):
        instead = r"write \\ for a backslash, \n for a line break"
        return _Fault(error.pos, "a backslash that JSON doesn't know", instead)
    return None


def _between(text: str, error: json.JSONDecodeError, before: str) -> _Fault:
    """Return what is wrong between the values; ``before``: what stands there without the space behind it."""
    position, kind, sign = error.pos, error.msg, text[error.pos : error.pos + 1]
    if kind == "Extra data":
        instead = "remove it, or the bracket that ends the body early"
        return _Fault(position, "something follows behind the end of the body", instead)
    if "trailing comma" in kind or (before.endswith(",") and sign in ("}", "]")):
        return _Fault(len(before) - 1, "a comma with nothing behind it", "remove it")
    if not sign:
        what = "a } or ] is missing, or the value behind a :"
        return _Fault(max(0, len(before) - 1), "it ends too early", what)
    if kind.startswith("Expecting ','"):
        return _no_comma(text, position, before)
    return _no_value(kind, position, sign)


def _no_comma(text: str, position: int, before: str) -> _Fault:
    sign = text[position]
    if sign in "}]":
        instead = "brackets close in the order in which they open"
        return _Fault(position, f"a {sign} that closes nothing that is open", instead)
    if text[position - 1] == '"' and sign not in '"{[':
        return _Fault(position - 1, "a quote ends the text too early", _QUOTE)
    if sign in '"{[-' or sign.isdigit():
        return _Fault(max(0, len(before) - 1), "a comma is missing behind this", "write one")
    return _Fault(position, "nothing like this can stand behind a value", _QUOTE)


def _no_value(kind: str, position: int, sign: str) -> _Fault:
    if sign == "'":
        return _Fault(position, "a text in single quotes", _TEXTS)
    if sign in "/#":
        return _Fault(position, "a comment", "JSON has none: remove it, or write {{/* ... */}}")
    if kind.startswith("Expecting ':'"):
        return _Fault(position, "a : is missing behind a name", 'write "name": value')
    if kind.startswith("Expecting property name"):
        return _Fault(position, "a name without its quotes", _TEXTS)
    return _Fault(position, "no value that JSON knows", f"{_TEXTS}; numbers, true, false and null without")
