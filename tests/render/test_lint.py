"""Each mistake that users make in templates is named, with what to write; what is well is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from kube_wecom_eventer.render.go_template import Limits
from kube_wecom_eventer.render.lint import Finding, Language, excerpt, lint_template, quick_findings
from kube_wecom_eventer.render.samples import sample_events

EVENTS = sample_events(datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC))
EXAMPLES = Path(__file__).parents[2] / "examples"


def lint(source: str, *, language: Language = "go", robot: bool = True, **options: Any) -> list[Finding]:
    return lint_template(source, language=language, robot=robot, events=EVENTS, zone=UTC, **options)


def body(kind: str = "text", content: str = "{{ .Message }}", **more: Any) -> str:
    """Return a template of a body; ``more``: besides the content."""
    part = json.dumps({"content": "@@", **more}, ensure_ascii=False).replace("@@", content)
    return f'{{"msgtype": "{kind}", "{kind}": {part}}}'


def one(findings: list[Finding]) -> tuple[str, str, str, str]:
    """Return the only finding's level, code, text and advice."""
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0].level, findings[0].code, findings[0].text, findings[0].instead


GOOD = [
    body(),
    body(content=r"{{ .Type }}\n{{ .LastTimestamp.Format \"15:04:05\" }}".replace(r"\"", '"')),
    body(mentioned_list=["wangqing", "@all"], mentioned_mobile_list=["13800001111"]),
    body(content="<@wangqing> {{ .Source.Component }}@{{ .Source.Host }} a@example.com"),
    body(content=r"@wangqing: {{ .Message | js }}", mentioned_list=["wangqing"]),
    body("markdown", r"**<font color=\"warning\">{{ .Reason }}</font>** `{{ .Count }}`\n> {{ .Message }}\n<@wangqing>"),
    body("markdown", r"<font color=\"{{ if eq .Type \"Warning\" }}warning{{ else }}info{{ end }}\">x</font>").replace(
        r"eq .Type \"Warning\"", 'eq .Type "Warning"'
    ),
    body("markdown_v2", r"# {{ .Reason }}\n- {{ .Count }}\n| a | b |\n|---|---|\n```\n{{ .Message }}\n```"),
    body(content="{{ with .Series }}{{ .Count }} times, {{ end }}{{ .Message }}"),
    body(content="{{ range $name, $value := .Labels }}{{ $name }}={{ $value }} {{ end }}{{ .Reason }}"),
    '{"msgtype": "text", "text": {"content": {{ printf "%q" .Reason }} } }',
    '{"msgtype": "template_card", "template_card": {"card_type": "text_notice", "main_title": {"title":'
    ' "{{ .Reason }}"}, "card_action": {"type": 1, "url": "https://example.com"} } }',
    '{"msgtype": "news", "news": {"articles": [{"title": "{{ .Reason }}", "url": "https://example.com"}]}}',
]


@pytest.mark.parametrize("source", GOOD)
def test_a_good_template_has_no_findings(source: str) -> None:
    """A warning that is none would make people blind to the others."""
    assert lint(source) == []


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: "/".join(path.parts[-2:]))
def test_our_own_examples_have_no_findings(path: Path) -> None:
    """Whoever copies them begins well."""
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        for key, source in ((document or {}).get("data") or {}).items():
            if key.startswith("content"):
                assert lint(source, language="jinja" if key.endswith(".j2") else "go") == []


JSON_FAULTS = [
    # The body that kube-eventer's documentation had for years.
    (
        '{\n\t"EventKind": "{{ .InvolvedObject.Kind }}"\n\t"EventReason": "{{ .Reason }}"\n}',
        "a comma is missing behind this",
        (2, 42),
    ),
    (r'{"text": {"content": "<font color="warning">x</font>"}}', "a quote ends the text too early", (1, 35)),
    ('{"text": "x",\n}', "a comma with nothing behind it", (1, 13)),
    ('{"text": {"content": "x"}', "it ends too early", (1, 25)),
    ('{"text": "x"}}', "something follows behind the end of the body", (1, 14)),
    ("{'text': 1}", "a text in single quotes", (1, 2)),
    ("{text: 1}", "a name without its quotes", (1, 2)),
    ('{"text": "a\n}', "the text that begins here has no end", (1, 10)),
    (r'{"text": "C:\data"}', "a backslash that JSON doesn't know", (1, 13)),
    ('{"text": {{ .Action }}}', "an action prints nothing here", (1, 9)),
    ('{"text": // no\n 1}', "a comment", (1, 10)),
    ('{"text": True}', "no value that JSON knows", (1, 10)),
    ('{"text": [1}', "a } that closes nothing that is open", (1, 12)),
    ('{"text" 1}', "a : is missing behind a name", (1, 9)),
    ('{"text": 1 x}', "nothing like this can stand behind a value", (1, 12)),
    ("new event: {{ .Reason }}", "it does not begin with {", (1, 1)),
]


@pytest.mark.parametrize(("source", "what", "place"), JSON_FAULTS, ids=[fault[1] for fault in JSON_FAULTS])
def test_where_a_body_stops_being_json_is_shown_in_the_template(source: str, what: str, place: tuple[int, int]) -> None:
    """With the line and column of the template, not of the rendered text, and what to write there."""
    found = next(finding for finding in lint(source) if finding.code == "json_invalid")
    assert found.level == "error"
    assert found.text.startswith(f"the rendered body is no JSON: {what}")
    assert (found.line, found.column) == place
    assert found.instead
    assert found.rendered


def test_the_place_is_right_behind_values_loops_and_definitions() -> None:
    """However far the rendered text is from the template's."""
    source = (
        '{{ define "row" }}"{{ . }}",{{ end -}}\n{"a": [{{ template "row" .Reason }}\n'
        '  {{- range $k, $v := .Labels }}"x",{{ end }} "{{ .Message }}"],\n  "b": 1\n  "c": 2}'
    )
    (found,) = lint(source)
    assert (found.line, found.column) == (4, 8)
    assert excerpt(source, found.line, found.column) == ['  "b": 1', "       ^"]
    assert found.rendered == found.rendered[:2] == ('  "b": 1', "       ^")


def test_the_place_is_right_in_jinja2() -> None:
    """Its compiler joins texts; blocks and comments leave nothing behind."""
    source = (
        '{% macro row(x) %}"{{ x }}",{% endmacro %}\n{# "a" "b" #}\n{"a": [{{ row(event.reason) }} 1],\n'
        '{% if event.count > 0 %}\n  "b": "{{ event.type }}"\n{% endif %}\n  "c": {% raw %}2{% endraw %}}'
    )
    (found,) = [each for each in lint(source, language="jinja") if "comma" in each.text]
    assert (found.line, found.column) == (5, 25)


def test_a_template_that_prints_nothing_is_told() -> None:
    """WeCom would refuse it."""
    assert one(lint("{{ if false }}x{{ end }}\n")) == (
        "error",
        "json_invalid",
        "the template prints nothing",
        'write the whole body, as {"msgtype": "text", "text": {"content": "..."}}',
    )


SHAPES = [
    # The commonest mistake.
    (
        '{"msgtype": "text", "text": {"content": "{{ .Message }}"}, "mentioned_list": ["wangqing"]}',
        "warning",
        "mentions_misplaced",
        "mentioned_list stands at the top of the body, where WeCom ignores it",
        'move it into "text": {"content": "...", "mentioned_list": [...]}',
    ),
    (
        '{"msgtype": "markdown", "markdown": {"content": "{{ .Message }}"}, "mentioned_mobile_list": ["13800001111"]}',
        "warning",
        "mentions_misplaced",
        "mentioned_mobile_list stands at the top of the body, where WeCom ignores it",
        "write <@userid> into the content; telephone numbers need msgtype text",
    ),
    (
        '{"msgtype": "text", "text": {"content": "{{ .Message }}"}, "at": {"isAtAll": true}}',
        "warning",
        "mentions_misplaced",
        '"at" is DingTalk\'s way to mention people; WeCom ignores it',
        'write "mentioned_list": [...] in "text"',
    ),
    (
        body("markdown", mentioned_list=["wangqing"]),
        "warning",
        "mentions_ignored",
        "mentioned_list has no effect in markdown",
        "write <@userid> into the content, or msgtype text",
    ),
    (
        body("markdown_v2", mentioned_list=["wangqing"]),
        "warning",
        "mentions_ignored",
        "mentioned_list has no effect: WeCom mentions nobody in markdown_v2",
        "write msgtype text",
    ),
    (
        body(mention_list=["wangqing"]),
        "warning",
        "mentions_ignored",
        "mention_list: WeCom knows no such list, and mentions nobody",
        "did you mean mentioned_list?",
    ),
    (
        body(mentioned_list="@all"),
        "error",
        "mentions_no_list",
        "mentioned_list is no list of texts: WeCom refuses that",
        'write "mentioned_list": ["wangqing"]',
    ),
    (
        body("Text"),
        "error",
        "msgtype_unknown",
        "msgtype Text: WeCom knows no such type",
        "did you mean text?",
    ),
    (
        '{"msgtype": "actionCard", "actionCard": {"title": "{{ .Reason }}"}}',
        "error",
        "msgtype_unknown",
        "msgtype actionCard: WeCom knows no such type",
        "write one of text, markdown, markdown_v2, image, news, file, voice, template_card",
    ),
    (
        '{"msgType": "text", "text": {"content": "{{ .Reason }}"}}',
        "error",
        "msgtype_missing",
        'the body has a "msgType"',
        'write "msgtype"',
    ),
    (
        '{"msg_type": "text", "content": {"text": "{{ .Message }}"}}',
        "error",
        "msgtype_missing",
        "the body has no msgtype: this form is Feishu's, not WeCom's",
        'write {"msgtype": "text", "text": {"content": "..."}}',
    ),
    (
        '{"channel": "testing", "text": "{{ .Message }}"}',
        "error",
        "msgtype_missing",
        "the body has no msgtype: this form is Slack's, not WeCom's",
        'write {"msgtype": "text", "text": {"content": "..."}}',
    ),
    (
        '{"EventType": "{{ .Type }}", "EventMessage": "{{ .Message }}"}',
        "error",
        "msgtype_missing",
        "the body has no msgtype: this form is kube-eventer's own, not WeCom's",
        'write {"msgtype": "text", "text": {"content": "..."}}',
    ),
    (
        '{"msgtype": ["text"], "text": {"content": "{{ .Message }}"}}',
        "error",
        "msgtype_missing",
        "the body has no msgtype",
        'write {"msgtype": "text", "text": {"content": "..."}}',
    ),
    (
        '["{{ .Message }}"]',
        "error",
        "not_an_object",
        "the body is no JSON object",
        'write {"msgtype": "text", "text": {"content": "..."}}',
    ),
    (
        '{"msgtype": "markdown", "text": {"content": "{{ .Message }}"}}',
        "error",
        "part_missing",
        'msgtype is markdown, but the message stands in "text"',
        'call it "markdown", or write msgtype text',
    ),
    (
        '{"msgtype": "text", "content": "{{ .Message }}"}',
        "error",
        "part_missing",
        'the body has no object "text" beside its msgtype',
        'write "text": {...}',
    ),
    # DingTalk's, from kube-eventer's documentation.
    (
        '{"msgtype": "markdown", "markdown": {"title": "x", "text": "{{ .Message }}"}}',
        "error",
        "content_missing",
        '"markdown" has a "text", but no "content": that is DingTalk\'s form',
        'call it "content"',
    ),
    (
        '{"msgtype": "text", "text": {"contents": "{{ .Message }}"}}',
        "error",
        "content_missing",
        '"text" has no "content"',
        'write "text": {"content": "..."}',
    ),
    (
        '{"msgtype": "text", "text": {"content": {{ .Count }}}}',
        "error",
        "content_no_text",
        '"content" is no text',
        "put it in quotes",
    ),
    (
        body(content="{{ .InvolvedObject.Namespace }}"),
        "error",
        "content_empty",
        '"content" is empty: WeCom refuses that (for events like node-not-ready)',
        "",
    ),
    (
        '{"msgtype": "text", "text": {"content": "{{ .Message }}"}, "markdown": {"content": ""}}',
        "warning",
        "two_parts",
        'two messages in one body: WeCom shows "text" only, "markdown" is ignored',
        'remove "markdown"',
    ),
    (
        '{"msgtype": "markdown", "msgtype": "text", "text": {"content": "{{ .Message }}"}}',
        "warning",
        "name_twice",
        '"msgtype" stands twice in one object: the last one counts',
        "remove one",
    ),
    (
        '{"msgtype": "template_card", "template_card": {"card_type": "text_notice"}}',
        "error",
        "card_invalid",
        "template_card has no card_action: WeCom demands a page that a tap opens",
        'write "card_action": {"type": 1, "url": "https://..."}',
    ),
    (
        '{"msgtype": "template_card", "template_card": {"card_type": "x", "card_action": {"url": "https://x"}}}',
        "error",
        "card_invalid",
        "template_card has no card_type that WeCom knows",
        'write "card_type": "text_notice"',
    ),
    (
        '{"msgtype": "news", "news": {}}',
        "error",
        "news_invalid",
        "news needs 1 to 8 articles",
        'write "articles": [{"title": "...", "url": "..."}]',
    ),
    (
        '{"msgtype": "news", "news": {"articles": [{"title": "{{ .Reason }}"}]}}',
        "error",
        "news_invalid",
        "an article of news has no title or no url",
        'write {"title": "...", "url": "..."}',
    ),
]


@pytest.mark.parametrize(("source", "level", "code", "text", "instead"), SHAPES, ids=[shape[3] for shape in SHAPES])
def test_a_body_that_wecom_refuses_or_reads_otherwise_is_told(
    source: str, level: str, code: str, text: str, instead: str
) -> None:
    """WeCom says 40008 or 40058 for all that it refuses, and nothing for what it ignores."""
    assert one(lint(source)) == (level, code, text, instead)


def test_a_finding_names_its_line() -> None:
    """Where the name is written that is meant."""
    (found,) = lint('{"msgtype": "text",\n"text": {"content": "{{ .Message }}"},\n"mentioned_list": ["wangqing"]}')
    assert found.line == 3


CONTENTS = [
    (
        "markdown",
        "<@all> {{ .Message }}",
        "mentions_ignored",
        "<@all> has no effect: WeCom's markdown can't mention all",
    ),
    (
        "markdown_v2",
        "<@wangqing> {{ .Message }}",
        "mentions_ignored",
        "<@wangqing> has no effect: WeCom mentions nobody in markdown_v2",
    ),
    (
        "text",
        "@wangqing {{ .Message }}",
        "mentions_nobody",
        "@wangqing in the content is only text, it mentions nobody",
    ),
    (
        "text",
        "请 @张三 处理 {{ .Message }}",
        "mentions_nobody",
        "@张三 in the content is only text, it mentions nobody",
    ),
    ("markdown", "@all {{ .Message }}", "mentions_nobody", "@all in the content is only text, it mentions nobody"),
    (
        "markdown",
        r"<font color=\"red\">{{ .Reason }}</font>",
        "colour_unknown",
        'colour "red": WeCom knows info (green), comment (grey) and warning (orange) only',
    ),
    (
        "markdown",
        r"<font color='#FF0000'>{{ .Reason }}</font>",
        "colour_unknown",
        'colour "#FF0000": WeCom knows info (green), comment (grey) and warning (orange) only',
    ),
    ("markdown", r"<font color=\"info\">{{ .Reason }}", "font_open", "a <font> has no </font>, or the other way round"),
    (
        "markdown_v2",
        r"<font color=\"info\">{{ .Reason }}</font>",
        "markup_ignored",
        "markdown_v2 has no colours, <font> shows as it is written",
    ),
    (
        "markdown",
        r"{{ .Reason }}\n- {{ .Message }}",
        "markup_ignored",
        "markdown has no lists, they show as they are written",
    ),
    ("markdown", r"1. {{ .Message }}", "markup_ignored", "markdown has no lists, they show as they are written"),
    (
        "markdown",
        r"| a | b |\n| --- | --- |\n| {{ .Reason }} | x |",
        "markup_ignored",
        "markdown has no tables, they show as they are written",
    ),
    (
        "markdown",
        r"```\n{{ .Message }}\n```",
        "markup_ignored",
        "markdown has no fences, they show as they are written",
    ),
    ("markdown", r"{{ .Reason }}\n---\nx", "markup_ignored", "markdown has no rules, they show as they are written"),
    ("text", "**{{ .Reason }}**", "markup_ignored", "text has no markup, **…** shows as it is written"),
    (
        "text",
        "[log](https://example.com/{{ .Name }})",
        "markup_ignored",
        "text has no markup, [log](https: shows as it is written",
    ),
]


@pytest.mark.parametrize(("kind", "content", "code", "text"), CONTENTS, ids=[content[3] for content in CONTENTS])
def test_markup_and_mentions_that_do_not_act_are_told(kind: str, content: str, code: str, text: str) -> None:
    """They are sent, accepted, and show as nobody meant."""
    level, found, said, instead = one(lint(body(kind, content)))
    assert (level, found, said) == ("warning", code, text)
    assert instead


@pytest.mark.parametrize("kind", ["text", "markdown", "markdown_v2"])
def test_what_an_event_holds_is_not_taken_for_the_templates_own(kind: str) -> None:
    """One of the events holds mentions, colours, bold and a fence."""
    assert lint(body(kind, r"{{ .Reason }}\n{{ .Message }}")) == []


VALUES = [
    ('{{ printf "%q" .Message }}', "go", "escaped_twice"),
    (
        r"{{ event.message | replace('\"', '\\\"') }}".replace(r"\"", '"').replace(r"\\", "\\\\"),
        "jinja",
        "escaped_twice",
    ),
    ("{{ .Message | html }}", "go", "escaped_html"),
    ("{{ .Labels.app }} {{ .Reason }}", "go", "no_value"),
    ("{{ .EventTime }} {{ .Reason }}", "go", "time_missing"),
    ('{{ "<@wangqing>" }} {{ .Reason }}', "go", "markup_printed"),
]


@pytest.mark.parametrize(("content", "language", "code"), VALUES)
def test_values_that_arrive_otherwise_than_meant_are_told(content: str, language: Language, code: str) -> None:
    """Own escaping, fields that few events have, markup that an expression prints."""
    level, found, _, instead = one(lint(body(content=content), language=language))
    assert (level, found) == ("warning", code)
    assert instead


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


def test_a_content_that_is_always_cut_is_told() -> None:
    """Not one whose event's message is long: that is cut by design."""
    assert lint(body(content="{{ .Message }}" + "x" * 1900)) == []
    assert one(lint(body(content="{{ .Message }}" + "x" * 2100))) == (
        "warning",
        "too_long",
        "the content has 2100 bytes without the event's message, WeCom takes 2048: it is cut",
        "write less",
    )


def test_jinja2_in_a_go_template_is_told() -> None:
    """It parses, and shows as text."""
    level, code, _, instead = one(lint(body(content="{% if event.type %}{{ .Reason }}{% endif %}")))
    assert (level, code) == ("warning", "other_language")
    assert "content.j2" in instead


@pytest.mark.parametrize(
    "source",
    [
        '{"EventType": "{{ .Type }}", "EventMessage": "{{ .Message }}", "text": "@all **x**"}',
        '["{{ .Reason }}", {{ .Count }}]',
        "{{ .Reason }}: {{ .Message }}",
        "<font color='red'>{{ .Message }}</font> @all",
    ],
)
def test_another_services_body_need_not_be_wecoms(source: str) -> None:
    """A webhook's may have any form."""
    assert lint(source, robot=False) == []


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ('{"a": "{{ .Type }}" "b": 1}', "json_invalid"),
        ('{"a": "{{ .Tpye }}"}', "field_unknown"),
        ('{"a": "{{ printf "%q" .Message }}"}', "escaped_twice"),
        ('{"a": "{{ .Type }}", "a": 1}', "name_twice"),
        ('{"a": "{{ .Type | nope }}"}', "syntax"),
        ('{"a": "{{ .Series.Count }}"}', "fails"),
    ],
)
def test_another_services_body_must_be_right_json_where_it_begins_like_it(source: str, code: str) -> None:
    """With names that an Event has."""
    assert one(lint(source, robot=False))[1] == code


def test_a_template_may_cost_less() -> None:
    """Where it is a tenant's."""
    source = body(content="{{ range 1000 }}{{ . }}{{ end }}")
    assert lint(source, limits=Limits(steps=500))[0].code == "fails"


def test_the_daemon_looks_for_little_and_stops_early() -> None:
    """Whatever a tenant writes must not hold the others."""
    assert [each.code for each in quick_findings(body(mention_list=["x"]), language="go", robot=True)] == [
        "mentions_ignored"
    ]
    many = body(content="".join(f"{{{{ .A{index} }}}}" for index in range(500)))
    assert len(quick_findings(many, language="go", robot=True)) == 10
    assert quick_findings("x" * 8193, language="go", robot=True) == ()


@pytest.mark.parametrize(
    ("source", "line", "column", "drawn"),
    [
        ("a\nbcd", 2, 2, ["bcd", " ^"]),
        ("中文 x", 1, 4, ["中文 x", "     ^"]),
        ("x" * 80 + "y" + "x" * 80, 1, 81, ["…" + "x" * 50 + "y" + "x" * 49 + "…", " " * 51 + "^"]),
        ("a", 1, None, ["a"]),
        ("a", 2, 1, []),
        ("a", None, None, []),
    ],
)
def test_an_excerpt_shows_the_place(source: str, line: int | None, column: int | None, drawn: list[str]) -> None:
    """Chinese signs are two columns wide; of a long line one sees what is around."""
    assert excerpt(source, line, column) == drawn
