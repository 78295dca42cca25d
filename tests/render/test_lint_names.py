"""Names that no event has, and templates that don't parse or fail, are told with what to write."""

from __future__ import annotations

import pytest

from kube_wecom_eventer.render.lint import Language, excerpt
from tests.render.linting import body, lint, one

NAMES = [
    ("{{ .InvolvedObject.Nmae }}", "go", ".InvolvedObject.Nmae", ".InvolvedObject.Name"),
    ("{{ .involvedObject.name }}", "go", ".involvedObject.name", ".InvolvedObject.Name"),
    ("{{ .Mesage }}", "go", ".Mesage", ".Message"),
    ("{{ .LastTimeStamp }}", "go", ".LastTimeStamp", ".LastTimestamp"),
    ("{{ .Regarding.Name }}", "go", ".Regarding.Name", ".InvolvedObject.Name"),
    ("{{ .Note }}", "go", ".Note", ".Message"),
    ("{{ .Object.Kind }}", "go", ".Object.Kind", ".InvolvedObject.Kind"),
    ('{{ if eq .Type "Error" }}{{ .Reson }}{{ end }}x', "go", ".Reson", ".Reason"),
    ("{{ with .InvolvedObject }}{{ .Nam }}{{ end }}x", "go", ".InvolvedObject.Nam", ".InvolvedObject.Name"),
    ("{{ $o := .InvolvedObject }}{{ $o.Nam }}x", "go", ".InvolvedObject.Nam", ".InvolvedObject.Name"),
    ('{{ define "a" }}{{ .Reasn }}{{ end }}{{ template "a" . }}x', "go", ".Reasn", ".Reason"),
    ("{{ event.involved_object.name }}", "jinja", "event.involved_object.name", "event.involvedObject.name"),
    ("{{ event.Message }}", "jinja", "event.Message", "event.message"),
    ("{{ event.name }}", "jinja", "event.name", "event.involvedObject.name"),
    ("{{ event.happend_at }}", "jinja", "event.happend_at", "event.happened_at"),
    ("{{ Message }}", "jinja", "Message", "event.message"),
    ("{% if event.type == 'x' %}{{ event.reson }}{% endif %}x", "jinja", "event.reson", "event.reason"),
]


@pytest.mark.parametrize(("content", "language", "path", "meant"), NAMES)
def test_a_name_that_no_event_has_is_found_in_every_branch(
    content: str, language: Language, path: str, meant: str
) -> None:
    """Also where no event of ours leads, and with what was meant."""
    source = body(content="@@").replace("@@", content)
    assert one(lint(source, language=language)) == (
        "error",
        "field_unknown",
        f"{path}: no Event has that",
        f"did you mean {meant}?",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{{ .InvolvedObject.Labels }}", "an Event holds its object's kind, namespace and name, not the object itself"),
        ("{{ range .Alerts }}{{ end }}x", "an Event has .Reason, .Message, .LastTimestamp, "),
    ],
)
def test_a_name_that_is_like_none_gets_an_explanation(content: str, words: str) -> None:
    """As in templates that were written for Alertmanager or for other exporters."""
    assert one(lint(body(content=content)))[3].startswith(words)


def test_other_mistakes_show_beside_a_wrong_name() -> None:
    """All at once, not one a run."""
    codes = [found.code for found in lint(body("markdown", r"- {{ .Mesage }} <@all> {{ .Kind }}"))]
    assert codes == ["field_unknown", "field_of_the_event", "mentions_ignored", "markup_ignored"]


def test_what_is_guarded_in_jinja2_is_no_mistake() -> None:
    """Whoever writes default or is defined knows that it may be missing."""
    content = "{{ event.foo | default('-') }}{% if event.bar is defined %}x{% endif %}{{ baz | d(1) }}"
    assert lint(body(content=content), language="jinja") == []


SYNTAX = [
    (r"{{ if eq .Type \"Warning\" }}{{ end }}", "go", "quotes inside {{ }} need no backslash"),
    ("{{ if eq .Type 'Warning' }}{{ end }}", "go", "texts stand in double quotes"),
    ("{{ if eq .Type “Warning” }}{{ end }}", "go", "write straight quotes"),
    ('{{ if .Type == "Warning" }}{{ end }}', "go", "eq, ne, lt and gt come first"),
    ("{{ if .Type && .Reason }}{{ end }}", "go", "and, or come first"),
    ("{{ if .Type }}", "go", "has no {{ end }}"),
    ("{{ end }}", "go", "there is no {{ if }}"),
    ("{{ .Message", "go", "a {{ has no }} behind it"),
    ("{{ Message }}", "go", "fields begin with a dot: write {{ .Message }}"),
    ("{{ event.message }}", "go", "that is Jinja2's way"),
    ("{{ .Message | toJson }}", "go", "nothing needs escaping here"),
    ("{{ .Message | replace }}", "go", "nothing needs escaping here"),
    ("{{ prinf .Message }}", "go", "did you mean printf?"),
    ("{{ .Message | upper }}", "go", "the functions are and, "),
    ('{{ .Labels["app"] }}', "go", 'write {{ index .Labels "app" }}'),
    ("{{ elif }}", "go", "write {{ else if"),
    ("{{ /* x */ }}", "go", "write {{/* comment */}}"),
    ("{{ .Message }}", "jinja", "that is Go's way"),
    ("{{ if event.type }}", "jinja", "statements stand in {% %}"),
    ("{% if event.type = 'x' %}{% endif %}", "jinja", "compare with =="),
    ("{% if event.type %}", "jinja", "has no end"),
    ("{% endif %}", "jinja", "there is no {% if %}"),
    ("{{ event.message", "jinja", "has no }}"),
    ("{{ event.message | toJson }}", "jinja", "nothing needs escaping here"),
    ("{{ event.message && 1 }}", "jinja", "write and, or"),
]


@pytest.mark.parametrize(("content", "language", "words"), SYNTAX)
def test_a_template_that_does_not_parse_is_explained(content: str, language: Language, words: str) -> None:
    """Go's and Jinja2's own words, the line, and what to write."""
    (found,) = lint(f'{{"msgtype": "text",\n"text": {{"content": "{content}"}}}}', language=language)
    assert (found.level, found.code) == ("error", "syntax")
    assert found.line == 2
    assert words in found.instead


def test_a_syntax_error_of_go_has_a_column() -> None:
    """For a caret below it."""
    source = '{"x":\n "{{ .Reason | nope }}"}'
    (found,) = lint(source)
    assert found.text == 'function "nope" not defined'
    assert excerpt(source, found.line, found.column) == [' "{{ .Reason | nope }}"}', "               ^"]


def test_an_action_without_an_end_is_shown_where_it_begins() -> None:
    """Go names the end of the template, where there is nothing to see."""
    source = '{"x":\n "{{ .Reason }}, {{ .Message\n\n'
    (found,) = lint(source)
    assert found.text == "unclosed action"
    assert found.instead == "a {{ has no }} behind it"
    assert excerpt(source, found.line, found.column) == [' "{{ .Reason }}, {{ .Message', "                 ^"]


FAILURES = [
    ("{{ .Series.Count }}", "go", "(for all events but those like series)", "{{ with .Series }}{{ .Count }}{{ end }}"),
    ("{{ .Related.Name }}", "go", "", "{{ with .Related }}{{ .Name }}{{ end }}"),
    ("{{ slice .Message 0 200 }}", "go", "(for all events but those like ", "what is too long is cut for you"),
    ('{{ if eq .Count "3" }}{{ end }}x', "go", "", "numbers are compared with numbers"),
    ("{{ event.series.count }}", "jinja", "(for all events but those like series)", "{% if event.series %}"),
    ("{{ event.metadata.labels.app }}", "jinja", "", ".labels.get('app', '-')"),
    ("{{ event.happened_at.Format('x') }}", "jinja", "", "strftime"),
    ("{{ event.eventTime.strftime('%H') }}", "jinja", "(for all events but those like ", "event.happened_at"),
]


@pytest.mark.parametrize(("content", "language", "which", "words"), FAILURES)
def test_a_template_that_fails_on_some_events_says_on_which(
    content: str, language: Language, which: str, words: str
) -> None:
    """It worked when it was tried, and will not at night."""
    level, code, text, instead = one(lint(body(content=content), language=language))
    assert (level, code) == ("error", "fails")
    assert which in text
    assert words in instead
