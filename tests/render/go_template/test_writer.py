"""What a writer is told, and what a template tells when it fails."""

from __future__ import annotations

from datetime import UTC

import pytest

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.go_template import GoTemplate

from .collecting import Collecting
from .events import EVENT, execute


@pytest.mark.parametrize("action", ["{{ js .Message }}", "{{ .Message | js }}", '{{ .Message | printf "%s" | js }}'])
def test_js_last_tells_the_text_before_it(action: str) -> None:
    """Where js is the last command, the writer is told the text before js too."""
    assert [EVENT.message] == execute(action).before_js


@pytest.mark.parametrize("action", ["{{ .Message }}", "{{ js .Message | html }}", "{{ print (js .Message) }}"])
def test_js_elsewhere_is_not_told(action: str) -> None:
    """Where js is not the last command, its result is a text like any other."""
    assert execute(action).before_js == [None]


def test_js_of_several_arguments() -> None:
    """js joins its arguments as print does; that is the text before it."""
    assert execute('{{ js 1 2 "a<" }}').before_js == ["1 2a<"]


def test_text_and_values_are_told_apart() -> None:
    """The template's own text comes as text, what an action prints as a value."""
    writer = execute('{"a": "{{ .Reason }}"}')

    assert writer.parts == ['{"a": "', "BackOff", '"}']
    assert len(writer.before_js) == 1


def test_an_error_names_line_and_action() -> None:
    """An execution error says which action failed, on which line, and why, in one line."""
    with pytest.raises(TemplateError) as caught:
        execute("a\n{{ .Source.Nope }}")

    assert caught.value.line == 2
    assert str(caught.value) == "line 2: {{ .Source.Nope }}: can't evaluate field Nope in type v1.EventSource"


def test_a_template_runs_often() -> None:
    """A parsed template keeps nothing of an execution."""
    template = GoTemplate.parse("{{ $x := 1 }}{{ range 3 }}{{ $x = . }}{{ end }}{{ $x }}")

    for _ in range(2):
        writer = Collecting()
        template.execute(EVENT, writer, zone=UTC)
        assert writer.result == "2"
