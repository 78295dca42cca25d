from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.render.json_writer import JsonWriter


def write(*parts: str) -> str:
    """Write the template's text and values in turn."""
    writer = JsonWriter()
    for index, part in enumerate(parts):
        if index % 2:
            writer.value(part)
        else:
            writer.text(part)
    return writer.result()


def content(value: str) -> Any:
    return json.loads(write('{"content": "', value, '"}'))["content"]


@pytest.mark.parametrize("value", ['say "no"', "two\nlines", "C:\\temp\\new", "tab\there", "{{ .Reason }}", "🚀中", ""])
def test_a_value_inside_a_string_arrives_as_it_was(value: str) -> None:
    """kube-eventer deletes quotes and writes the rest raw, which WeCom refuses."""
    assert content(value) == value


def test_a_value_escaped_by_js_is_escaped_once() -> None:
    """Users who helped themselves with js must not see backslashes now."""
    writer = JsonWriter()
    writer.text('{"content": "')
    writer.value('it\\\'s \\"x\\"', before_js='it\'s "x"')
    writer.text('"}')
    assert json.loads(writer.result()) == {"content": 'it\'s "x"'}


def test_quotes_that_the_template_escaped_do_not_end_the_string() -> None:
    """What was written before a value tells whether it stands inside a string."""
    assert json.loads(write('{"content": "he said \\"', 'x"y', '\\" \\\\"}')) == {"content": 'he said "x"y" \\'}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3", 3), ("true", True), ("null", None), ('"quoted by %q"', "quoted by %q"), ("plain", "plain"), ("NaN", "NaN")],
)
def test_a_value_outside_a_string_is_one_scalar(value: str, expected: Any) -> None:
    """Numbers stay numbers, and an unquoted text gets its quotes."""
    assert json.loads(write('{"x": ', value, "}")) == {"x": expected}


@pytest.mark.parametrize("value", ['"a","mentioned_list":["@all"]', '{"mentioned_list":["@all"]}', '["@all"]'])
def test_a_value_outside_a_string_never_becomes_structure(value: str) -> None:
    """An event's message must not add a mention to the body."""
    assert json.loads(write('{"content": ', value, "}")) == {"content": value}


@pytest.mark.parametrize(
    "parts",
    [
        ('"', "<@all>", '"'),
        ('"', "<", "", "@all>", '"'),
        ('"<', "@all>", '"'),
        ('{"x": ', '"<@all>"', "}"),
    ],
)
def test_values_never_make_a_mention(parts: tuple[str, ...]) -> None:
    """Not alone, not together with each other, not behind the template's own text."""
    assert "<@" not in write(*parts)


def test_a_mention_of_the_templates_own_stays() -> None:
    """Whoever writes the template may mention people."""
    assert write('"<@wangqing> ', "x", '"') == '"<@wangqing> x"'


def test_a_lone_backslash_before_a_value_is_completed() -> None:
    """Or it would eat the first escape of the value, and a quote would end the string."""
    assert json.loads(write('{"a": "\\', '"', '"}')) == {"a": '\\"'}


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_any_values_give_a_body_of_the_templates_shape(values: list[str]) -> None:
    """Each value stays in its own string, whatever it holds, and mentions nobody."""
    writer = JsonWriter()
    writer.text("[")
    for value in values:
        writer.text('"')
        writer.value(value)
        writer.text('",')
    writer.text("0]")
    body = json.loads(writer.result())
    assert len(body) == len(values) + 1
    assert "<@" not in writer.result()
