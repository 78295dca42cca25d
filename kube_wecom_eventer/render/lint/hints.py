"""What to write instead, for what goes wrong while a template is read or run.

The errors themselves are in Go's and Jinja2's words.
"""

from __future__ import annotations

import re
from typing import Literal

from kube_wecom_eventer.render.go_template import FUNCTIONS
from kube_wecom_eventer.render.go_template import event_paths as go_paths
from kube_wecom_eventer.suggestion import near

Language = Literal["go", "jinja"]

_NO_ESCAPING = "nothing needs escaping here: write {{ .Message }}"
_GOES_TO_GO = "that is Go's way; keep the template under content, in a file that does not end in .j2, or"
_GOES_TO_JINJA = "that is Jinja2's way; keep the template under content.j2, in a file *.j2, or"
_WRITE_LESS = "a message has room for 4096 bytes: write less"
_COMPARE = 'eq, ne, lt and gt come first: {{ if eq .Type "Warning" }}'
_INDEX = 'write {{ index .Labels "app" }} for a name with other signs than letters, digits and _'
_STRAIGHT = "write straight quotes and half-width signs"

_ELSEWHERE = {
    **dict.fromkeys(("toJson", "toJSON", "tojson", "quote", "squote", "escape", "replace"), _NO_ESCAPING),
    **dict.fromkeys(("endif", "endfor", "endwith"), "write {{ end }}"),
    **dict.fromkeys(("elif", "elseif", "elsif"), 'write {{ else if eq .Reason "BackOff" }}'),
    **dict.fromkeys(("date", "dateInZone"), 'write {{ .LastTimestamp.Format "2006-01-02 15:04:05" }}'),
    **dict.fromkeys(
        ("contains", "hasPrefix", "regexMatch"), "choose events with the sink's reason= or message= instead"
    ),
    **dict.fromkeys(("trunc", "substr"), "write {{ .Message }}: what is too long is cut for you"),
    "default": 'write {{ or .InvolvedObject.Namespace "-" }}',
    "now": "write {{ .LastTimestamp }}, the event's own time",
    "for": "write {{ range $name, $value := .Labels }}",
    "event": f"{_GOES_TO_JINJA} write {{{{ .Message }}}}",
}
"""Functions and words of Helm, sprig, Alertmanager and Jinja2, and what does the same here."""

_GO: tuple[tuple[str, str], ...] = (
    (r"unexpected '\\\\'", 'quotes inside {{ }} need no backslash: {{ if eq .Type "Warning" }}'),
    (r"bad character U\+0022", "a {{ has no }} behind it"),
    (r"U\+20[01]|U\+3000|U\+FF", _STRAIGHT),
    (r"character constant|expected string", 'texts stand in double quotes: {{ if eq .Type "Warning" }}'),
    (r"unexpected '(=|!|<|>|==)'|expected :=", _COMPARE),
    (r"unexpected '[&|]'", "and, or come first: {{ if and .Type .Reason }}"),
    (r"unexpected '%'", f"{_GOES_TO_JINJA} write {{{{ if }}}}"),
    (r"unexpected '\}'|unclosed action", "a {{ has no }} behind it"),
    (r"unexpected EOF", "an {{ if }}, {{ with }}, {{ range }} or {{ define }} has no {{ end }}"),
    (r"unexpected \{\{(end|else)", "there is no {{ if }}, {{ with }} or {{ range }} that it belongs to"),
    (r"unexpected '/'|unclosed comment|comment ends", "write {{/* comment */}}, with no space before and behind it"),
    (r"unexpected '\.'", "a field is written .Reason, one within another .InvolvedObject.Name"),
    (r"missing value", "{{ }} is empty: write a field, as {{ .Reason }}"),
    (r"bad character|unrecognized character", _INDEX),
    (r"unterminated", "a quote inside {{ }} has no second one"),
    (r"undefined variable", "declare it before: {{ $name := .Reason }}"),
    (r'template ".*" not defined', 'define it in the same template: {{ define "name" }}...{{ end }}'),
    (r"nil pointer evaluating \*v1\.EventSeries", "few events have a series: {{ with .Series }}{{ .Count }}{{ end }}"),
    (r"nil pointer evaluating \*v1\.ObjectReference", "few events have it: {{ with .Related }}{{ .Name }}{{ end }}"),
    (r"incompatible types for comparison", 'numbers are compared with numbers: {{ if gt .Count 3 }}, texts with "3"'),
    (r"wrong number of args for Format", 'write {{ .LastTimestamp.Format "15:04:05" }}'),
    (r"non-function|cannot be invoked as function", f"a field takes no arguments; {_COMPARE}"),
    (r"error calling slice", "slice fails on a shorter text; write {{ .Message }}: what is too long is cut for you"),
    (r"error calling len|range can't iterate", "that is for .Labels and .Annotations"),
    (r"too many steps|output is too long|longer than", _WRITE_LESS),
    (r"nested too deeply|maximum template depth", "a template must not call itself without end"),
)

_JINJA: tuple[tuple[str, str], ...] = (
    (r"unexpected '\.'", f"{_GOES_TO_GO} write {{{{ event.message }}}}"),
    (r"'end' is undefined|unknown tag 'end'", f"{_GOES_TO_GO} write {{% endif %}}"),
    (r"got '='", "compare with ==: {% if event.type == 'Warning' %}"),
    (r"got '\|'|unexpected char '&'", "write and, or: {% if event.type and event.reason %}"),
    (r"unexpected char '\"'", "a {{ or {% has no }} or %} behind it"),
    (r"unexpected char", _STRAIGHT),
    (r"end of print statement', got", "statements stand in {% %}, and a function's arguments in ( )"),
    (r"end of statement block', got", "compare as in Python: {% if event.type == 'Warning' %}"),
    (r"Unexpected end of template", "a {% if %}, {% for %} or {% macro %} has no end"),
    (r"unexpected end of template|unexpected '\}'", "a {{ or {% has no }} or %} behind it"),
    (r"unknown tag '(else|elif|end)", "there is no {% if %} or {% for %} that it belongs to"),
    (r"unknown tag|no loader for this environment", "a template stands alone, and has Jinja2's own statements"),
    (r"No filter named '(quote|toJson|to_json|escapejs|js)'", "nothing needs escaping here: write {{ event.message }}"),
    (r"No filter named", "Jinja2's own filters are there, others are not"),
    (r"None' has no attribute 'str", "write event.happened_at: it is the newest time that the event has"),
    (r"None' has no", "few events have it: {% if event.series %}{{ event.series.count }}{% endif %}"),
    (r"datetime' object|'datetime.datetime object'", "write {{ event.happened_at.strftime('%H:%M:%S') }}"),
    (r"is undefined|has no attribute", "where it may be missing: | default('-'), or .labels.get('app', '-')"),
    (r"unsupported operand|can only concatenate", "texts are joined with ~: {{ event.reason ~ event.count }}"),
    (r"too long|too many|too large|longer than", _WRITE_LESS),
    (r"is unsafe", "templates can't reach Python"),
)


def explain(problem: str, language: Language) -> str:
    """Return what to write instead for an error's text; empty where nothing is known."""
    if language == "jinja":
        return next((hint for pattern, hint in _JINJA if re.search(pattern, problem)), "")
    if missing := re.search(r'function "(\w+)" not defined', problem):
        return _function(missing[1])
    return next((hint for pattern, hint in _GO if re.search(pattern, problem)), "")


def _function(name: str) -> str:
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    field = next((path for path in go_paths() if path.lower() == f".{name.lower()}"), None)
    if field or name[:1].isupper():
        return f"fields begin with a dot: write {{{{ {field or f'.{name}'} }}}}"
    if close := near(name, FUNCTIONS):
        return f"did you mean {close[0]}?"
    return f"the functions are {', '.join(sorted(FUNCTIONS))}"
