"""Whether a body is a message that WeCom's robots take, and does what it seems to.

The rules: https://developer.work.weixin.qq.com/document/path/99110.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kube_wecom_eventer.render.lint.finding import Code, Finding, Level, line_of
from kube_wecom_eventer.render.wecom_body import MENTION_LISTS, ROBOT
from kube_wecom_eventer.suggestion import near

ROBOT_TYPES = ("text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card")
_CARDS = ("text_notice", "news_notice")
_MOST_ARTICLES = 8
_TEXT_BODY = '{"msgtype": "text", "text": {"content": "..."}}'
_OTHERS: Mapping[str, str] = {"msg_type": "Feishu's", "attachments": "Slack's", "blocks": "Slack's"}
"""Names that give a body away as another service's."""


def shape_findings(body: Any, *, source: str) -> list[Finding]:
    """Return what is wrong with a decoded body; ``source`` is the template's, for the lines."""
    return list(_Shape(source).findings(body))


class _Shape:
    def __init__(self, source: str) -> None:
        self._source = source

    def findings(self, body: Any) -> Iterator[Finding]:
        if not isinstance(body, dict):
            yield self._found("not_an_object", "error", "the body is no JSON object", f"write {_TEXT_BODY}")
            return
        yield from self._mentions_elsewhere(body)
        kind = body.get("msgtype")
        if not isinstance(kind, str) or not kind:
            yield self._no_type(body)
            return
        if kind not in ROBOT_TYPES:
            yield self._unknown_type(kind)
            return
        part = body.get(kind)
        if not isinstance(part, dict):
            yield self._no_part(kind, body)
            return
        yield from self._other_parts(kind, body)
        if kind in ROBOT.types:
            yield from self._content(kind, part)
        elif kind == "template_card":
            yield from self._card(part)
        elif kind == "news":
            yield from self._news(part)

    def _found(self, code: Code, level: Level, text: str, instead: str = "", *, at: str = "") -> Finding:
        line = line_of(self._source, f'"{at}"') if at else None
        return Finding(code=code, level=level, text=text, instead=instead, line=line)

    def _no_type(self, body: Mapping[str, Any]) -> Finding:
        like = next((name for name in body if name.lower() == "msgtype"), None)
        if like and like != "msgtype":
            return self._found("msgtype_missing", "error", f'the body has a "{like}"', 'write "msgtype"', at=like)
        whose = next((whose for name, whose in _OTHERS.items() if name in body), None)
        if whose is None and isinstance(body.get("text"), str):
            whose = "Slack's"
        if whose is None and any(name.startswith("Event") for name in body):
            whose = "kube-eventer's own"
        what = "the body has no msgtype" + (f": this form is {whose}, not WeCom's" if whose else "")
        return self._found("msgtype_missing", "error", what, f"write {_TEXT_BODY}")

    def _unknown_type(self, kind: str) -> Finding:
        close = near(kind, ROBOT_TYPES)
        instead = f"did you mean {close[0]}?" if close else f"write one of {', '.join(ROBOT_TYPES)}"
        return self._found(
            "msgtype_unknown", "error", f"msgtype {kind}: WeCom knows no such type", instead, at="msgtype"
        )

    def _no_part(self, kind: str, body: Mapping[str, Any]) -> Finding:
        other = next((name for name in ROBOT_TYPES if name in body), None)
        if other:
            what = f'msgtype is {kind}, but the message stands in "{other}"'
            return self._found("part_missing", "error", what, f'call it "{kind}", or write msgtype {other}', at=other)
        what = f'the body has no object "{kind}" beside its msgtype'
        return self._found("part_missing", "error", what, f'write "{kind}": {{...}}', at="msgtype")

    def _other_parts(self, kind: str, body: Mapping[str, Any]) -> Iterator[Finding]:
        for name in ROBOT_TYPES:
            if name != kind and name in body:
                what = f'two messages in one body: WeCom shows "{kind}" only, "{name}" is ignored'
                yield self._found("two_parts", "warning", what, f'remove "{name}"', at=name)

    def _mentions_elsewhere(self, body: Mapping[str, Any]) -> Iterator[Finding]:
        for name in MENTION_LISTS:
            if name in body:
                what = f"{name} stands at the top of the body, where WeCom ignores it"
                instead = 'move it into "text": {"content": "...", "' + name + '": [...]}'
                if body.get("msgtype") == "markdown":
                    instead = _IN_MARKDOWN[name]
                yield self._found("mentions_misplaced", "warning", what, instead, at=name)
        if isinstance(body.get("at"), dict):
            what = '"at" is DingTalk\'s way to mention people; WeCom ignores it'
            yield self._found("mentions_misplaced", "warning", what, 'write "mentioned_list": [...] in "text"', at="at")

    def _content(self, kind: str, part: Mapping[str, Any]) -> Iterator[Finding]:
        content = part.get("content")
        if content is None and isinstance(part.get("text"), str):
            what = f'"{kind}" has a "text", but no "content": that is DingTalk\'s form'
            yield self._found("content_missing", "error", what, 'call it "content"', at="text")
        elif content is None:
            what = f'"{kind}" has no "content"'
            yield self._found("content_missing", "error", what, f'write "{kind}": {{"content": "..."}}', at=kind)
        elif not isinstance(content, str):
            yield self._found("content_no_text", "error", '"content" is no text', "put it in quotes", at="content")
        elif not content.strip():
            yield self._found("content_empty", "error", '"content" is empty: WeCom refuses that', at="content")
        yield from self._lists(kind, part)

    def _lists(self, kind: str, part: Mapping[str, Any]) -> Iterator[Finding]:
        for name in MENTION_LISTS:
            if name not in part:
                continue
            if kind == "markdown":
                what = f"{name} has no effect in markdown"
                yield self._found("mentions_ignored", "warning", what, _IN_MARKDOWN[name], at=name)
            elif kind != "text":
                what = f"{name} has no effect: WeCom mentions nobody in {kind}"
                yield self._found("mentions_ignored", "warning", what, "write msgtype text", at=name)
            elif not isinstance(part[name], list) or not all(isinstance(each, str) for each in part[name]):
                what = f"{name} is no list of texts: WeCom refuses that"
                yield self._found("mentions_no_list", "error", what, f'write "{name}": ["wangqing"]', at=name)
        for name in part:
            if "mention" in name.lower() and name not in MENTION_LISTS:
                close = near(name, MENTION_LISTS) or MENTION_LISTS
                what = f"{name}: WeCom knows no such list, and mentions nobody"
                yield self._found("mentions_ignored", "warning", what, f"did you mean {close[0]}?", at=name)

    def _card(self, part: Mapping[str, Any]) -> Iterator[Finding]:
        if part.get("card_type") not in _CARDS:
            what = "template_card has no card_type that WeCom knows"
            yield self._found("card_invalid", "error", what, 'write "card_type": "text_notice"', at="template_card")
        action = part.get("card_action")
        if not isinstance(action, dict) or not (action.get("url") or action.get("appid")):
            what = "template_card has no card_action: WeCom demands a page that a tap opens"
            instead = 'write "card_action": {"type": 1, "url": "https://..."}'
            yield self._found("card_invalid", "error", what, instead, at="template_card")
        yield from self._lists("template_card", part)

    def _news(self, part: Mapping[str, Any]) -> Iterator[Finding]:
        articles = part.get("articles")
        if not isinstance(articles, list) or not 1 <= len(articles) <= _MOST_ARTICLES:
            what = f"news needs 1 to {_MOST_ARTICLES} articles"
            yield self._found(
                "news_invalid", "error", what, 'write "articles": [{"title": "...", "url": "..."}]', at="news"
            )
        elif not all(isinstance(each, dict) and each.get("title") and each.get("url") for each in articles):
            what = "an article of news has no title or no url"
            yield self._found("news_invalid", "error", what, 'write {"title": "...", "url": "..."}', at="articles")


_IN_MARKDOWN = {
    "mentioned_list": "write <@userid> into the content, or msgtype text",
    "mentioned_mobile_list": "write <@userid> into the content; telephone numbers need msgtype text",
}
