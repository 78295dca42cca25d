"""Whatever a template, an event or a manifest holds, ``render`` ends with a status and no traceback."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kube_wecom_eventer.commands import render
from kube_wecom_eventer.render.lint import quick_findings
from tests.commands.rendering import NOW, ZONE
from tests.support.events import event_json

PIECES = [
    *(
        '{"msgtype": "text", "text": {"content": "',
        '"}}',
        '"mentioned_list": ["@all"]',
        '"mentioned_list": 5',
        '"',
        "{",
        "}",
    ),
    *(
        '{"msgtype": "markdown", "markdown": {"content": "',
        '"msgtype"',
        ": ",
        ", ",
        "[",
        "]",
        "\\",
        "\n",
        "\r\n",
        "'",
        "//",
    ),
    *(
        "{{ .Message }}",
        "{{ .Reason",
        "{{ .Nope }}",
        "{{ with .Series }}",
        "{{ end }}",
        "{{ if .Type }}",
        "{{ range .Labels }}",
    ),
    *(
        '{{ printf "%q" .Message }}',
        "{{ .Labels.app }}",
        '{{ template "x" . }}',
        '{{ define "x" }}',
        "{{-",
        "-}}",
        "}}",
        "{{/* x */}}",
    ),
    *(
        "{{ event.message }}",
        "{{ event.nope }}",
        "{% if event.type %}",
        "{% endif %}",
        "{% for x in [1] %}",
        "{% endfor %}",
        "{#",
        "#}",
    ),
    *("{{ event.message | tojson }}", "{% raw %}", "{% endraw %}", "{% macro m(x) %}", "{% endmacro %}", "{{ m(1) }}"),
    *(
        "<@all>",
        "@wangqing",
        '<font color=\\"red\\">',
        "</font>",
        "- x",
        "```",
        "| --- |",
        "# h",
        "**b**",
        "[a](http://b)",
    ),
    *(
        "kind: ConfigMap\n",
        "data:\n",
        "  content: |\n",
        "    x\n",
        "metadata: {name: a}\n",
        "---\n",
        "&a [*a]",
        "\x00",
        "\ud800",
        "中🚀",
    ),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=14).map("".join)
FILES = st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=60))
VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=8),
    st.floats(allow_nan=False),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    st.sampled_from(
        ["2026-11-20T01:02:03Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-20T01:02:03", "<@all>"]
    ),
)
FIELDS = [
    *event_json(),
    "series",
    "eventTime",
    "related",
    "action",
    "kind",
    "items",
    "regarding",
    "note",
    "deprecatedCount",
]
EVENTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4).map(lambda changes: event_json(**changes))
CHATS = ("wecom:", "wechat:?corp_id=ww1&agent_id=1", "dingtalk:")
SINKS = st.sampled_from([*CHATS, "webhook:https://example.com", "log:", "wecom:?msgtype=template_card"])


def rendered(*args: str, stdin: str = "") -> int:
    """Run the command, its output thrown away, and return its status."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    return render.run(args, environ={}, zone=ZONE, now=NOW, stdin=io.StringIO(stdin), out=out)


def settled(examples: int) -> settings:
    """Return the settings of these tests: the same examples each time, within a few seconds."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=checks)


@pytest.mark.parametrize("name", ["x.tmpl", "x.j2", "x.yaml"])
def test_any_file_is_rendered_or_refused(tmp_path: Path, name: str) -> None:
    """As a Go template, a Jinja2 template, a manifest; in each form of output."""
    path = tmp_path / name

    @settled(150)
    @given(
        FILES,
        SINKS,
        st.sampled_from(["text", "json"]),
        st.sampled_from(["--all-samples", "--digest=3", "--sample=hostile"]),
    )
    def holds(content: bytes, sink: str, output: str, events: str) -> None:
        path.write_bytes(content)
        status = rendered(str(path), f"--sink={sink}", "-o", output, events)
        assert status in (0, 1, 2)

    holds()


WORDS = [
    "msgtype",
    "text",
    "markdown",
    "content",
    "mentioned_list",
    "news",
    "articles",
    "template_card",
    "card_action",
    "at",
    "atMobiles",
    "title",
    "textcard",
    "description",
]
BODIES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from([*WORDS, "{{ .Message }}", "x", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)),
    max_leaves=12,
)


@settled(300)
@given(
    BODIES,
    st.sampled_from([*CHATS, "webhook:https://example.com"]),
    st.sampled_from(["--digest=3", "--all-samples"]),
)
def test_any_body_is_rendered(body: Any, sink: str, events: str) -> None:
    """JSON of any shape, with the names that WeCom and DingTalk know anywhere in it."""
    status = rendered("-", f"--sink={sink}", events, stdin=json.dumps(body))
    assert status in ((0, 1) if sink in CHATS or events == "--all-samples" else (2,))


@settled(150)
@given(EVENTS, SINKS, st.sampled_from(["text", "json", "body"]))
def test_any_event_is_rendered_or_refused(event: dict[str, Any], sink: str, output: str) -> None:
    """Whatever its fields hold."""
    assert rendered(f"--sink={sink}", "--event=-", "-o", output, stdin=json.dumps(event)) in (0, 2)


@settled(150)
@given(FILES)
def test_any_bytes_are_an_event_or_none(content: bytes) -> None:
    """YAML with tags, anchors, control characters; half of a JSON."""
    text = content.decode(errors="replace")
    assert rendered("--sink=wecom:", "--event=-", stdin=text) in (0, 2)


@settled(150)
@given(TEXTS, st.booleans(), st.sampled_from(["go", "jinja"]))
def test_the_daemon_can_look_at_any_template(text: str, robot: bool, language: Any) -> None:
    """It does so whenever one changes."""
    assert len(quick_findings(text, language=language, robot=robot)) <= 10


def test_a_body_that_is_nested_deeply_is_no_traceback() -> None:
    """Readers of JSON give up at different depths."""
    for depth in (200, 900, 980, 995, 1100, 20_000):
        body = '{"msgtype": "text", "text": {"content": "x"}, "a": ' + "[" * depth + "]" * depth + "}"
        assert rendered("-", stdin=body) in (0, 1)
