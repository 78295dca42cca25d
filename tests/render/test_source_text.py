"""Each piece of a template's own text knows where in the source it stands."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from kube_wecom_eventer.render.go_template import GoTemplate
from kube_wecom_eventer.render.jinja.template import JinjaTemplate
from kube_wecom_eventer.render.source_text import SourceText
from kube_wecom_eventer.render.template import Template
from tests.support.events import make_event


class Kept:
    """A writer that keeps the template's own texts."""

    def __init__(self) -> None:
        self.texts: list[SourceText] = []

    def text(self, text: str) -> None:
        assert isinstance(text, SourceText)
        self.texts.append(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        pass

    def json(self, value: Any, *, text: str) -> None:
        pass


GO = """\
{{ define "row" }}[{{ . }}]{{ end -}}
  {"a": {{- template "row" .Reason -}}  ,
{{/* a comment */}} {{ if .Type }}x{{ else }}y{{ end }}
{{ range .Labels }}l{{ end }} }}}} {{ "}}" }} 中文 {{ .Count }} end
"""
JINJA = """\
{% macro row(x) %}<{{ x }}>{% endmacro %}
  {"a": "{% if event.count > 1 %}
    {{ row(event.reason) }}"
  {% endif %} } {{ "c" }} {% raw %}{{ raw }}{% endraw %}{# "c" #} {%- set kept %} k {% endset %}{{ kept }}
{%- for x in [1, 2] +%} x {% endfor %} 中文 {{ event.count }} end
"""


@pytest.mark.parametrize(("template", "source"), [(GoTemplate.parse(GO), GO), (JinjaTemplate.parse(JINJA), JINJA)])
def test_own_text_knows_its_place(template: Template, source: str) -> None:
    """Behind trimmed space, in loops, definitions, raw blocks, around comments."""
    kept = Kept()
    template.execute(make_event(metadata={"labels": {"a": "b"}}), kept, zone=UTC)
    assert len(kept.texts) > 8
    for text in kept.texts:
        assert source[text.start : text.start + len(text)] == text
    assert "end" in kept.texts[-1]


def test_line_breaks_of_windows_count_as_one_sign() -> None:
    """Jinja2 reads them so."""
    kept = Kept()
    JinjaTemplate.parse("a\r\n{{ 1 }}\r\nb {{ 2 }}\rc").execute(make_event(), kept, zone=UTC)
    assert [(text, text.start) for text in kept.texts] == [("a\n", 0), ("\nb ", 9), ("\nc", 19)]


def test_str_keeps_the_place() -> None:
    """Jinja2's compiler asks for that."""
    assert str(SourceText.of("x", start=3)).start == 3  # type: ignore[attr-defined]
