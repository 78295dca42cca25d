"""Each mistake that users make in templates is named, with what to write; what is well is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kube_wecom_eventer.render.lint import Language, excerpt, quick_findings
from kube_wecom_eventer.render.template import Limits
from tests.render.linting import body, lint, one

EXAMPLES = Path(__file__).parents[2] / "examples"


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
                language: Language = "jinja" if key.endswith(".j2") else "go"
                assert lint(source, language=language, robot="dingtalk" not in path.parts) == []


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


def test_a_finding_names_its_line() -> None:
    """Where the name is written that is meant."""
    (found,) = lint('{"msgtype": "text",\n"text": {"content": "{{ .Message }}"},\n"mentioned_list": ["wangqing"]}')
    assert found.line == 3


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
