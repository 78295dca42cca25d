from __future__ import annotations

import json

import pytest

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.wecom_body import ROBOT


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "is no JSON"),
        ('{"msgtype":"text",}', "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", 'has no "msgtype"'),
        ('{"msgtype":"text"}', 'has no "msgtype" with an object'),
        ('{"msgtype":"text","text":"x"}', 'has no "msgtype" with an object'),
        ('{"msgtype":["text"],"text":{"content":"x"}}', 'has no "msgtype"'),
        ('{"msgtype":"text","text":{"content":" "}}', 'has no "content"'),
        ('{"msgtype":"markdown","markdown":{}}', 'has no "content"'),
        (
            '{"msgtype":"text","text":{"content":"x","mentioned_list":"@all"}}',
            '"mentioned_list" .* is no list of texts',
        ),
        ('{"msgtype":"text","text":{"content":"x","mentioned_list":5}}', "is no list of texts"),
        ('{"msgtype":"text","text":{"content":"x","mentioned_mobile_list":[["1"]]}}', "is no list of texts"),
    ],
)
def test_a_body_that_wecom_would_refuse_is_refused_here(body: str, problem: str) -> None:
    """It must not cost one of twenty slots a minute to learn it."""
    with pytest.raises(TemplateError, match=problem):
        ROBOT.parse(body)


def test_a_raw_newline_in_the_templates_own_text_is_mended() -> None:
    """Users break their content into lines in YAML."""
    payload = ROBOT.parse('{"msgtype":"text","text":{"content":"one\ntwo"}}')
    assert json.loads(ROBOT.encode(payload))["text"]["content"] == "one\ntwo"


@pytest.mark.parametrize(("kind", "limit"), [("text", 2048), ("markdown", 4096), ("markdown_v2", 4096)])
def test_content_is_cut_to_the_limit_of_its_type(kind: str, limit: int) -> None:
    """Bytes of UTF-8, whole characters, and a mark; a list beside it stays."""
    payload = {"msgtype": kind, kind: {"content": "错" * 5000, "mentioned_list": ["@all"]}}
    sent = json.loads(ROBOT.encode(payload))
    assert limit - 4 < len(sent[kind]["content"].encode()) <= limit
    assert sent[kind]["content"].endswith("…(truncated)")
    assert sent[kind]["mentioned_list"] == ["@all"]


def test_other_types_pass_as_they_are() -> None:
    """A card or news has no content to cut."""
    payload = {"msgtype": "news", "news": {"articles": [{"title": "t", "url": "https://x"}]}}
    assert json.loads(ROBOT.encode(ROBOT.parse(json.dumps(payload)))) == payload


def test_a_lone_surrogate_becomes_sendable() -> None:
    """JSON can name what UTF-8 can't hold."""
    payload = ROBOT.parse('{"msgtype":"text","text":{"content":"\\ud800x"}}')
    assert json.loads(ROBOT.encode(payload))["text"]["content"] == "?x"
