"""What WeCom accepts in a message of a group's robot, or of an application, and what it answers else.

Owns the shapes and byte limits of a message. Knows nothing of keys, tokens, pace or HTTP.
Sources: https://developer.work.weixin.qq.com/document/path/91770 (robots), path/90236 (applications) and path/90313
(error codes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

TEXT_LIMIT = 2048  # bytes of UTF-8, as are all limits here
MARKDOWN_LIMIT = 4096
ARTICLES_LIMIT = 8
TITLE_LIMIT = 128
DESCRIPTION_LIMIT = 512
IMAGE_LIMIT = 2 << 20

OK = 0
BAD_MESSAGE_TYPE = 40008
BAD_PARAMETER = 40058
EMPTY_CONTENT = 44004
TOO_FAST = 45009
METHOD_NOT_POST = 43002
UNKNOWN_KEY = 93000


class Refused(Exception):
    """A chat refuses a message with ``errcode``; the text is its errmsg, ``extra`` what else it answers."""

    def __init__(self, errcode: int, errmsg: str, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg
        self.extra = extra or {}


def check(body: Any) -> None:
    """Raise Refused unless ``body`` (decoded JSON) is a message that WeCom takes from a robot."""
    _check(body, _RULES)


def check_application(body: Any) -> None:
    """Raise Refused unless ``body`` (decoded JSON) is a message that WeCom takes from an application."""
    _check(body, _APPLICATION_RULES)
    if not isinstance(body.get("agentid"), int):
        raise _bad("agentid missing")


def _check(body: Any, rules: Mapping[str, Rule]) -> None:
    kind = body.get("msgtype") if isinstance(body, dict) else None
    rule = rules.get(kind) if isinstance(kind, str) else None
    if rule is None:
        raise Refused(BAD_MESSAGE_TYPE, "invalid message type")
    payload = body.get(kind)
    if not isinstance(payload, dict):
        raise _bad(f"{kind} missing")
    rule(str(kind), payload)


def _text(kind: str, payload: Mapping[str, Any]) -> None:
    _content(kind, payload, TEXT_LIMIT)
    for name in ("mentioned_list", "mentioned_mobile_list"):
        listed = payload.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise _bad(f"{kind}.{name} is not an array of strings")


def _markdown(kind: str, payload: Mapping[str, Any]) -> None:
    _content(kind, payload, MARKDOWN_LIMIT)


def _short_markdown(kind: str, payload: Mapping[str, Any]) -> None:
    _content(kind, payload, TEXT_LIMIT)


def _textcard(kind: str, payload: Mapping[str, Any]) -> None:
    for name, most in (("title", TITLE_LIMIT), ("description", DESCRIPTION_LIMIT), ("url", TEXT_LIMIT)):
        if not payload.get(name):
            raise _bad(f"{kind}.{name} missing")
        _at_most(f"{kind}.{name}", payload[name], most)


def _content(kind: str, payload: Mapping[str, Any], limit: int) -> None:
    content = payload.get("content")
    if content is None:
        raise _bad(f"{kind}.content missing")
    _at_most(f"{kind}.content", content, limit)
    if not content.strip():
        raise Refused(EMPTY_CONTENT, "empty content")


def _news(kind: str, payload: Mapping[str, Any]) -> None:
    articles = payload.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= ARTICLES_LIMIT:
        raise _bad(f"{kind}.articles needs 1 to {ARTICLES_LIMIT} articles")
    for article in articles:
        if not isinstance(article, dict) or not article.get("title") or not article.get("url"):
            raise _bad(f"{kind}.articles.title or url missing")
        _at_most(f"{kind}.articles.title", article["title"], TITLE_LIMIT)
        _at_most(f"{kind}.articles.description", article.get("description", ""), DESCRIPTION_LIMIT)


def _template_card(kind: str, payload: Mapping[str, Any]) -> None:
    if payload.get("card_type") not in ("text_notice", "news_notice"):
        raise _bad(f"{kind}.card_type invalid")
    action = payload.get("card_action")
    if not isinstance(action, dict) or not (action.get("url") or action.get("appid")):
        raise _bad(f"{kind}.card_action missing")
    for name, most in (("horizontal_content_list", 6), ("jump_list", 3)):
        listed = payload.get(name, [])
        if not isinstance(listed, list) or len(listed) > most:
            raise _bad(f"{kind}.{name} holds more than {most}")


def _image(kind: str, payload: Mapping[str, Any]) -> None:
    if not payload.get("base64") or not payload.get("md5"):
        raise _bad(f"{kind}.base64 or md5 missing")
    _at_most(f"{kind}.base64", payload["base64"], IMAGE_LIMIT * 4 // 3 + 4)


def _media(kind: str, payload: Mapping[str, Any]) -> None:
    if not payload.get("media_id"):
        raise _bad(f"{kind}.media_id missing")


def _at_most(name: str, value: Any, limit: int) -> None:
    if not isinstance(value, str):
        raise _bad(f"{name} is not a string")
    if len(value.encode("utf-8", "surrogatepass")) > limit:
        raise _bad(f"{name} exceed max length {limit}")


def _bad(what: str) -> Refused:
    return Refused(BAD_PARAMETER, f"{what}. invalid Request Parameter")


Rule = Callable[[str, Mapping[str, Any]], None]

_RULES: Mapping[str, Rule] = {
    "text": _text,
    "markdown": _markdown,
    "markdown_v2": _markdown,
    "news": _news,
    "template_card": _template_card,
    "image": _image,
    "file": _media,
    "voice": _media,
}

_APPLICATION_RULES: Mapping[str, Rule] = {
    "text": _text,
    "markdown": _short_markdown,
    "textcard": _textcard,
    "news": _news,
    "template_card": _template_card,
    "image": _media,
    "file": _media,
    "voice": _media,
}
