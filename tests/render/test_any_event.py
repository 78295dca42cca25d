"""Whatever an event holds, each style and each kind of template gives a body that WeCom takes."""

from __future__ import annotations

import json
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.render import Renderer, Style, Templates
from kube_wecom_eventer.render.style import LANGS, MSGTYPES
from kube_wecom_eventer.render.wecom_body import ROBOT
from tests.support.events import make_event

PEOPLE = ("wangqing", "zhaoli")
ACTIVE = [
    *("<font color='warning'>", "</font>", "<", ">", "<@all>", "<@", "@all>", "@", "`", "``", "```", "```\n", "~~~"),
    *("**", "*", "_", "[x](http://y)", "](", "[", "# h", "> q", "- l", "| a | b |\n|--|--|\n", "\\", '"', "\n", "\r"),
    *("\u2028", "\x00", "\ud800", "🚀", "错误", "font", "/font>", "{{ x }}", "{% y %}", '"}}', "\\n", "\\u003c@all>"),
]
TEXTS = st.lists(st.one_of(st.sampled_from(ACTIVE), st.text(max_size=8)), max_size=12).map("".join)
LONG = st.tuples(TEXTS, st.integers(1, 600)).map(lambda drawn: (drawn[0] * drawn[1])[:3000])

GO_TEXT = (
    '{"msgtype":"text","text":{"content":"<@wangqing> {{ .Type }} {{ .Message }}\\n{{ .InvolvedObject.Name }} <'
    '{{ .Reason }}{{ range $k, $v := .Labels }}{{ $k }}={{ $v }} {{ end }}","mentioned_list":["zhaoli"]}}'
)
GO_MARKDOWN = (
    '{"msgtype":"markdown","markdown":{"content":"**<font color=\\"warning\\">{{ .Reason }}</font>** '
    "`{{ .Message }}`\\n> {{ .Message }} <{{ .InvolvedObject.Name }}\\n"
    '[log](http://x/{{ .InvolvedObject.Name }}) <@wangqing>"}}'
)
JINJA_MARKDOWN = """
{% macro fact(name, value) %}
**{{ name }}**: <font color=\\"comment\\">{{ value }}</font>\\n
{%- endmacro %}
{"msgtype": "markdown", "markdown": {"content": "<@zhaoli> {{ fact('x', event.reason) }}
{% set kept %}`{{ event.message }}`{% endset %}{{ kept }}
{{ event.involvedObject.name }}{{ event.message | truncate(30) }}"}}
"""
JINJA_V2 = """
{"msgtype": "markdown_v2", "markdown_v2": {"content": {{ ("### " ~ event.reason) | tojson }} }}
"""
JINJA_FENCE = """
{"msgtype": "markdown_v2", "markdown_v2": {"content": "### `{{ event.reason }}`
```
{{ event.message }}
```
{{ event.involvedObject.name | tojson }} {{ event.metadata.labels | tojson }}"}}
"""
JINJA_TEXT = """
{"msgtype": "text", "text": {"content": {{ event.reason | tojson }}, "mentioned_list": {{ ["wangqing"] | tojson }} } }
"""
TEMPLATES = [
    {"content": GO_TEXT},
    {"content": GO_MARKDOWN},
    {"content.j2": JINJA_MARKDOWN},
    {"content.j2": JINJA_V2},
    {"content.j2": JINJA_FENCE},
    {"content.j2": JINJA_TEXT},
]


def events(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    about = st.fixed_dictionaries({"kind": TEXTS, "namespace": TEXTS, "name": TEXTS, "fieldPath": TEXTS})
    return st.builds(
        lambda **fields: make_event(**fields, metadata={"labels": {fields["reason"]: fields["type"]}}),
        message=texts,
        reason=TEXTS,
        type=st.one_of(st.sampled_from(["Warning", "Normal"]), TEXTS),
        involvedObject=about,
        source=st.fixed_dictionaries({"component": TEXTS, "host": TEXTS}),
    )


def check(body: dict[str, Any]) -> None:
    kind = body["msgtype"]
    assert ROBOT.overflow(body) == 0
    if kind == "template_card":
        check_card(body["template_card"])
        return
    content = body[kind]["content"]
    assert content.strip()
    assert len(content.encode()) <= ROBOT.types[kind].limit
    assert set(re.findall(r"<@([^<>\s]*)", content)) <= set(PEOPLE)
    assert set(body[kind].get("mentioned_list", [])) <= set(PEOPLE)
    assert not body[kind].keys() - {"content", "mentioned_list"}
    if kind == "markdown":
        assert len(re.findall(r"<font\b", content)) == content.count("</font>")
    if kind != "text":
        assert len(re.findall(r"(?m)^[ \t]*```", content)) % 2 == 0


def check_card(card: dict[str, Any]) -> None:
    assert card["main_title"]["title"].strip()
    assert card["card_action"]["url"]
    assert len(card["horizontal_content_list"]) <= 6
    assert all(row["keyname"] and row["value"] for row in card["horizontal_content_list"])


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("msgtype", MSGTYPES)
def test_any_event_in_each_style(msgtype: str, lang: str) -> None:
    """The body parses, fits, mentions the style's people only, and is balanced and never empty."""
    style = Style(msgtype=msgtype, lang=lang, cluster="prod <@all> ```", mentioned_list=PEOPLE)
    renderer = Renderer(templates=Templates(metrics=Metrics()), zone=ZoneInfo("Asia/Shanghai"))

    @settings(max_examples=80, derandomize=True, deadline=None, database=None)
    @given(events(LONG))
    def holds(event: Any) -> None:
        body = json.loads(renderer.built_in(event, style=style).body)
        check(body)
        if msgtype == "markdown":
            assert body["markdown"]["content"].endswith("\n\n<@wangqing><@zhaoli>")
            lines = body["markdown"]["content"].removesuffix("\n\n<@wangqing><@zhaoli>").split("\n")
            facts = [line for line in lines[1:] if not line.startswith(">")]
            assert len(facts) <= 5
            assert all(re.match(r"\S+?(：|: )<font color=\"comment\">.*</font>$", line) for line in facts)

    holds()


@pytest.mark.parametrize("data", TEMPLATES, ids=lambda data: next(iter(data)))
def test_any_event_in_each_template(data: dict[str, str]) -> None:
    """The same of users' templates, whose own people and markup stay; none of them fails."""
    metrics = Metrics()
    templates = Templates(metrics=metrics)
    templates.update("ns/cm", data)
    renderer = Renderer(templates=templates, zone=ZoneInfo("Asia/Shanghai"))

    @settings(max_examples=80, derandomize=True, deadline=None, database=None)
    @given(events(LONG))
    def holds(event: Any) -> None:
        message = renderer.render(event, template="ns/cm")
        check(json.loads(message.body))
        assert not message.built_in or not event.reason.strip()

    holds()
