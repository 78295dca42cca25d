"""A message as its WeCom group reads it, in the signs of a terminal.

Owns what WeCom makes of a body: which markup acts in which type of message, who is mentioned. Knows nothing of events
and templates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from kube_wecom_eventer.commands.texts import printable

_MENTION = re.compile(r"<@([^<>\s]+)>")
_FONT = re.compile(r'<font\s+color="(\w+)"\s*>(.*?)</font>', re.DOTALL)
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")
_QUOTE = re.compile(r"^>\s?(.*)$")
_ITEM = re.compile(r"^(\s*)[-*+]\s+")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_ENDS = re.compile(r"<br\s*/?>|</(?:p|div|pre|li|tr|h[1-6])>", re.IGNORECASE)
_BOLD_TAG = re.compile(r"<b\b[^<>]*>([^<>]*)</b>")
_TAG = re.compile(r"<[^<>]*>")
_DIV = re.compile(r"<div[^<>]*>(.*?)</div>", re.DOTALL)

_COLOURS = {"info": "32", "comment": "2", "warning": "33"}
"""WeCom's colours: green, grey, orange."""


class Paint:
    """Colours, on a terminal that wants them."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, text: str, *codes: str) -> str:
        """Return the text in the styles of these SGR codes; as it is where there are no colours."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._colours and text else text


def group_view(body: Mapping[str, Any], *, paint: Paint) -> list[str]:
    """Return the lines of a message that WeCom shows: markup acts, mentions stand out, lists of people follow."""
    kind, part = _part(body)
    if part is None:
        return []
    draw = _DRAWN.get(kind)
    title = body.get("title")
    head = [paint(printable(title).replace("\n", " "), "1"), ""] if isinstance(title, str) else []
    return [*head, f"({printable(kind)})"] if draw is None else [*head, *draw(part, paint)]


def mentions(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return whom a message pings, by WeCom's rules: text and markdown can, the lists count in text, ``@all`` too."""
    kind, part = _part(body)
    if kind not in ("text", "markdown") or part is None:
        return ()
    named = _MENTION.findall(str(part.get("content", "")))
    if kind == "markdown":
        return tuple(dict.fromkeys(name for name in named if name not in ("all", "@all")))
    return tuple(dict.fromkeys([*("@all" if name == "all" else name for name in named), *_listed(part)]))


def dingtalk_mentions(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return whom a message pings in a DingTalk group: those in ``at``."""
    at = body.get("at")
    if not isinstance(at, Mapping):
        return ()
    listed = [str(each) for name in ("atMobiles", "atUserIds") for each in _as_list(at.get(name))]
    return tuple(dict.fromkeys([*(["@all"] if at.get("isAtAll") is True else []), *listed]))


def _part(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """Return the message type and what belongs to it; None where that is no object."""
    kind = body.get("msgtype")
    part = body.get(kind) if isinstance(kind, str) else None
    return str(kind), part if isinstance(part, Mapping) else None


def _listed(part: Mapping[str, Any]) -> Iterator[str]:
    for name in ("mentioned_list", "mentioned_mobile_list"):
        yield from (str(each) for each in _as_list(part.get(name)))


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    for line in _lines(part):
        yield _mentioned(line, paint)
    people = " ".join(f"@{name.removeprefix('@')}" for name in _listed(part))
    if people:
        yield paint(printable(people), "1", "36")


def _markdown(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    content = _FONT.sub(lambda font: paint(font[2], _COLOURS.get(font[1], "0")), printable(_content(part)))
    for line in content.split("\n"):
        yield _mentioned(_inline(line, paint), paint)


def _markdown_v2(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    fenced = False
    for line in _lines(part):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            yield paint(f"  {line}", "2")
        else:
            yield _inline(_ITEM.sub(r"\1• ", line), paint)


def _html(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield the lines of a mail; bold acts, all else of the markup is left out."""
    content = _ENDS.sub("\n", _content(part))
    content = _BOLD_TAG.sub(lambda bold: paint(bold[1], "1"), content)
    for line in unescape(_TAG.sub("", content)).split("\n"):
        if text := line.strip():
            yield printable(text)


def _card(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    title = part.get("main_title")
    if isinstance(title, Mapping):
        yield paint(_of(title, "title"), "1")
        yield paint(_of(title, "desc"), "2")
    yield _of(part, "sub_title_text")
    rows = part.get("horizontal_content_list")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            yield f"{_of(row, 'keyname')}  {_of(row, 'value')}"


def _textcard(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    yield paint(_of(part, "title"), "1")
    for line in _DIV.sub(lambda div: div[1] + "\n", str(part.get("description") or "")).split("\n"):
        yield printable(line)


def _news(part: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    articles = part.get("articles")
    for article in articles if isinstance(articles, list) else ():
        if isinstance(article, Mapping):
            yield paint(_of(article, "title"), "1")
            yield _of(article, "description")


_DRAWN: Mapping[str, Callable[[Mapping[str, Any], Paint], Iterator[str]]] = {
    "text": _text,
    "markdown": _markdown,
    "markdown_v2": _markdown_v2,
    "textcard": _textcard,
    "html": _html,
    "template_card": _card,
    "news": _news,
}


def _content(part: Mapping[str, Any]) -> str:
    # DingTalk's markdown has a text.
    return str(part.get("content") or part.get("text") or "")


def _lines(part: Mapping[str, Any]) -> Sequence[str]:
    return printable(_content(part)).split("\n")


def _of(part: Mapping[str, Any], name: str) -> str:
    return printable(str(part.get(name) or "")).replace("\n", " ")


def _inline(line: str, paint: Paint) -> str:
    line = _LINK.sub(r"\1 (\2)", _BOLD.sub(lambda bold: paint(bold[1], "1"), line))
    if heading := _HEADING.match(line):
        return paint(heading[1], "1")
    if quote := _QUOTE.match(line):
        return paint("▎", "2") + quote[1]
    return line


def _mentioned(line: str, paint: Paint) -> str:
    return _MENTION.sub(lambda mention: paint(f"@{mention[1].removeprefix('@')}", "1", "36"), line)
