"""What a template may cost."""

from __future__ import annotations

import msgspec
import pytest

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import ObjectMeta
from kube_wecom_eventer.render.go_template import GoTemplate
from kube_wecom_eventer.render.template import Limits

from .events import EVENT, execute

DOUBLING = '{{ $x := "ab" }}{{ range 1000000 }}{{ $x = print $x $x }}{{ end }}'
RUNAWAYS = [
    "{{ range 100000000 }}{{ end }}",
    "{{ range 100000000 }}x{{ end }}",
    "{{ range 10000 }}{{ range 10000 }}{{ range 10000 }}{{ end }}{{ end }}{{ end }}",
    '{{ define "r" }}{{ template "r" }}{{ end }}{{ template "r" }}',
    '{{ define "r" }}{{ template "r" }}{{ template "r" }}{{ end }}{{ template "r" }}',
    '{{ define "r" }}{{ range 9 }}{{ template "r" }}{{ end }}{{ end }}{{ template "r" }}',
    DOUBLING,
    DOUBLING.replace("print $x $x", 'printf "%s%s" $x $x'),
    DOUBLING.replace("print $x $x", "js $x `\\\\`"),
    DOUBLING.replace("print $x $x", 'html $x "<"'),
    '{{ range 1000000 }}{{ printf "%1000000d" 1 }}{{ end }}',
    '{{ range 1000000 }}{{ $x := printf "%1000000d" 1 }}{{ len $x }}{{ end }}',
    '{{ printf "' + "%1000000d" * 5000 + '" }}{{ printf "%9999999d|%.9999999f" 1 1.0 }}',
    '{{ printf "%.9999999d" 1 }}',
    '{{ printf "%9999999s" "a" }}',
    "{{ range 90000 }}{{ $.Labels.no" + ".x" * 10_000 + " }}{{ end }}",
    "{{ range 90000 }}{{ if and" + " 1" * 10_000 + " }}{{ end }}{{ end }}",
    "{{ $x := 1 }}" + "{{ $y := 1 }}" * 4000 + "{{ range 90000 }}{{ if $x }}{{ end }}{{ end }}",
    "{{ range 90000 }}{{ $y := $.LastTimestamp.Format `" + "15" * 10_000 + "` }}{{ end }}",
    '{{ printf "%*d" 1000000 1 }}{{ printf "%-*d" 1000000 1 }}',
]


@pytest.mark.parametrize("template", RUNAWAYS, ids=range(len(RUNAWAYS)))
def test_a_runaway_fails(template: str) -> None:
    """A template that would never end, or print without end, fails within its limits."""
    with pytest.raises(TemplateError):
        execute(template)


def test_output_is_bounded_in_characters() -> None:
    """A template may write as many characters as its limit says, and not one more."""
    assert execute("abcde{{ 12 }}", limits=Limits(output=7)).result == "abcde12"
    with pytest.raises(TemplateError, match="the output is too long"):
        execute("abcde{{ 12 }}", limits=Limits(output=6))


def test_source_is_bounded_in_bytes() -> None:
    """A text that is longer than the limit is not read."""
    GoTemplate.parse("节" * 3, limits=Limits(source=9))
    with pytest.raises(TemplateError, match="longer than 8 bytes"):
        GoTemplate.parse("节" * 3, limits=Limits(source=8))


def test_ranging_over_many_labels_costs_steps() -> None:
    """A map is sorted each time it is ranged over, so its size counts even if the loop stops at once."""
    labels = {str(number): "x" for number in range(20_000)}
    event = msgspec.structs.replace(EVENT, metadata=ObjectMeta(labels=labels))

    with pytest.raises(TemplateError, match="too many steps"):
        execute("{{ range 50000 }}{{ range $.Labels }}{{ break }}{{ end }}{{ end }}", event=event)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("{{ if 1 }}", "{{ end }}"), ("{{ range 1 }}", "{{ end }}"), ("{{ if 0 }}{{ else if 1 }}", "{{ end }}")],
)
def test_nested_statements_are_bounded(opening: str, closing: str) -> None:
    """Nesting is refused beyond the limit, and deep nesting within it works."""
    assert execute(opening * 45 + "x" + closing * 45).result == "x"
    for count in (101, 1000):
        with pytest.raises(TemplateError):
            GoTemplate.parse(opening * count + closing * count)


def test_a_long_else_if_chain_is_bounded() -> None:
    """Each else if nests in the one before it."""
    with pytest.raises(TemplateError):
        GoTemplate.parse("{{ if 0 }}" + "{{ else if 0 }}" * 3000 + "{{ end }}")


def test_nested_parentheses_are_bounded() -> None:
    """Parentheses are refused beyond the limit, and deep ones within it work."""
    assert execute("{{ " + "(" * 90 + "1" + ")" * 90 + " }}").result == "1"
    with pytest.raises(TemplateError, match="depth"):
        GoTemplate.parse("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}")


def test_a_long_pipeline_does_not_overflow_the_stack() -> None:
    """Very many stages give a result or a TemplateError."""
    with pytest.raises(TemplateError):
        execute("{{ 1" + " | print" * 6000 + " }}")
