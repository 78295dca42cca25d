from __future__ import annotations

import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.jinja.template import JinjaTemplate
from kube_wecom_eventer.render.json_writer import JsonWriter
from tests.support.events import make_event

TRICKY = 'say "no" \\ C:\\temp\n</font> {{ x }} {% raw %}'


def run(source: str, **event: Any) -> str:
    writer = JsonWriter()
    JinjaTemplate.parse(source).execute(make_event(**event), writer, zone=ZoneInfo("Asia/Shanghai"))
    return writer.result()


def shown(inside: str, **event: Any) -> str:
    """Return what a template shows that stands inside a JSON string."""
    value: str = json.loads(run(f'"{inside}"', **event), strict=False)
    return value


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("{{ event.involvedObject.name }}", "checkout-7d9f"),
        ("{{ event['reason'] | upper }}", "BACKOFF"),
        ("{{ event.metadata.labels['app'] }}", "checkout"),
        ("{{ event.metadata.labels.get('team', '-') }}", "-"),
        ("{{ event.metadata.annotations | length }}", "0"),
        ("{{ event.lastTimestamp.strftime('%H:%M %Z') }}", "09:02 CST"),
        ("{{ event.happened_at }}", "2026-11-20 09:02:03+08:00"),
        ("{{ event.eventTime }}{{ event.series }}", ""),
        ("{{ event.count + 1 }}", "4"),
        ("{% if event.type == 'Warning' %}!{% endif %}", "!"),
        ("{{ event.metadata.labels.nope | default('none') }}", "none"),
    ],
)
def test_an_event_is_plain_data_in_the_apis_words(inside: str, expected: str) -> None:
    """camelCase, times in the zone, empty mappings where there are no labels."""
    metadata = {"name": "x", "labels": {"app": "checkout"}}
    assert shown(inside, metadata=metadata) == expected


@pytest.mark.parametrize(
    "inside",
    [
        "{{ event.message }}",
        "{{ event.message | tojson }}",
        "{{ event.message | tojson | safe }}",
        "{{ event.message | e }}",
        "{{ event.message | escape | forceescape | safe }}",
        "{% set kept %}{{ event.message }}{% endset %}{{ kept }}",
        "{% macro said(x) %}{{ x }}{% endmacro %}{{ said(event.message) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ event.message }}{% endcall %}",
        "{% filter trim %}{{ event.message }}{% endfilter %}",
        "{% call '{}'.format(event.message) %}{% endcall %}",
        "{% set own %}{}{% endset %}{{ own.format(event.message) }}",
        "{% for part in [event.message] recursive %}{{ part if part is string else loop(part) }}{% endfor %}",
        "{% block b %}{{ event.message }}{% endblock %}",
        "{{ '%s' | format(event.message) }}{{ '' ~ '' }}",
    ],
)
def test_a_value_is_escaped_once_whatever_way_it_took(inside: str) -> None:
    """Through captured text, macros, filters and the escaping that other users of Jinja2 need."""
    assert shown(inside, message=TRICKY) == TRICKY


@pytest.mark.parametrize(
    "inside",
    [
        r"{% set kept %}a\n{{ event.reason }}\n{% endset %}{{ kept }}",
        r"{% macro line(x) %}a\n{{ x }}\n{% endmacro %}{{ line(event.reason) }}",
        r"{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}a\n{{ event.reason }}\n{% endcall %}",
    ],
)
def test_the_templates_own_text_is_its_own_also_when_captured(inside: str) -> None:
    """An escape that the author wrote within a macro is not escaped again."""
    assert shown(inside) == "a\nBackOff\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ event.count }}", 3),
        ("{{ event.message }}", "Back-off restarting failed container"),
        ("{{ event.message | tojson }}", "Back-off restarting failed container"),
        ("{{ event.metadata.labels | tojson }}", {"a": "<\u200b@all>"}),
        ('["{{ event.reason }}", {{ ["x", event.count, none, true] | tojson }}]', ["BackOff", ["x", 3, None, True]]),
        ("{{ event.metadata.labels }}", "{'a': '<\u200b@all>'}"),
        ("{{ event.happened_at | tojson }}", "2026-11-20 09:02:03+08:00"),
        ('{{ \'"a", "b"\' }}', '"a", "b"'),
    ],
)
def test_outside_of_strings_a_value_is_one_scalar_or_what_tojson_made(source: str, expected: Any) -> None:
    """Structure comes from the template or its tojson, never from a text."""
    metadata = {"name": "x", "labels": {"a": "<@all>"}}
    assert json.loads(run(source, metadata=metadata)) == expected


@pytest.mark.parametrize("value", ['"', '"}}, "mentioned_list": ["@all"]', '["@all"]', "environment.own_text('\"')"])
def test_no_value_passes_for_the_templates_own_text(value: str) -> None:
    """Whatever it holds, and whatever way it takes."""
    source = "[{{ m }}, {% set k %}{{ m }}{% endset %}{{ k }}, {{ k[:] }}, {% filter trim %}{{ m }}{% endfilter %}]"
    assert json.loads(run(source.replace("m }}", "event.message }}"), message=value)) == [value] * 4


def test_a_line_with_only_a_statement_leaves_no_trace() -> None:
    """Or each condition would be an empty line in the group."""
    assert shown("a\n  {% if true %}\nb\n  {% endif %}\nc") == "a\nb\nc"


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("x\n{{ event.reason ", 2, "expected 'end of print statement'"),
        ("{% if %}", 1, "Expected an expression"),
        ("{{ x | nope }}", 1, "No filter named 'nope'"),
        ("{{ " + "(" * 3000 + " }}", None, "too deeply"),
        ("{{ " + "9" * 5000 + " }}", None, "digits"),
        ("x" * 70_000, None, "longer than 65536 bytes"),
    ],
)
def test_a_template_that_does_not_parse_says_where(source: str, line: int | None, problem: str) -> None:
    """Also where Python, not Jinja2, gives up."""
    with pytest.raises(TemplateError, match=problem) as caught:
        JinjaTemplate.parse(source)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("a\n{{ event.nope }}", 2, "has no attribute 'nope'"),
        ("{{ event.metadata.labels.app }}", 1, "has no attribute 'app'"),
        ("\n\n{{ nope.x }}", 3, "'nope' is undefined"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError: division by zero"),
        ("{{ event.count + event.reason }}", 1, "TypeError"),
        ("{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", 2, "too deeply"),
        ("{{ event.__class__ }}", 1, "unsafe"),
        ("{{ event.clear() }}", 1, "not safely callable|unsafe"),
        ("{% include 'x' %}", 1, "no loader"),
        ("{{ range(10**9) | length }}", 1, "range gives too many numbers"),
        ("{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}", 1, "range gives too many"),
        ("{{ 'x' * 10**9 }}", 1, "the result of \\* is too large"),
        ("{{ 2 ** 1000000000 }}", 1, "the result of \\*\\* is too large"),
        ("{% for a in range(30000) %}{{ event.message }}{% endfor %}", None, "the output is too long"),
        ("{% set t %}{% for a in range(30000) %}{{ event.message }}{% endfor %}{% endset %}", 1, "output is too long"),
        ("{{ event.happened_at.replace(year=0) }}", 1, "ValueError"),
        ("{{ (0.0 / 1) | tojson }}{{ ('inf' | float) | tojson }}", 1, "ValueError"),
    ],
)
def test_whatever_fails_is_a_template_error_with_its_line(source: str, line: int | None, problem: str) -> None:
    """It costs the layout, not the event, and its author finds the place."""
    with pytest.raises(TemplateError, match=problem) as caught:
        run(source, message="m" * 100)
    assert caught.value.line == line


def test_times_that_no_calendar_holds_are_left_out_or_as_they_are() -> None:
    """Go's zero time means none."""
    writer = JsonWriter()
    event = make_event(eventTime="0001-01-01T00:00:00Z", lastTimestamp="9999-12-31T23:59:59Z")
    JinjaTemplate.parse('"{{ event.eventTime }}{{ event.lastTimestamp.year }}"').execute(event, writer, zone=UTC)
    assert writer.result() == '"9999"'
