"""A body that WeCom refuses, or reads otherwise than it seems, is told."""

from __future__ import annotations

import pytest

from tests.render.linting import body, lint, one

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
