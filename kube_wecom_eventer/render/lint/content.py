"""Whether the template's own text in a content shows, and mentions, what it seems to.

Works on the text of a `Skeleton`, so that nothing in it comes from an event.
The rules: https://developer.work.weixin.qq.com/document/path/99110.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kube_wecom_eventer.render.lint.finding import Code, Finding, line_of
from kube_wecom_eventer.render.lint.tracing import VALUE

# Whoever may declare routes may write templates: no pattern may take more than linear time, so counts are bounded.
_COLOURS = ("info", "comment", "warning")
_MARKDOWN_V2 = "write plain lines and > quotes, or msgtype markdown_v2, which has no colours and mentions nobody"
_FONT = re.compile(r"<font\b[^<>]*>")
_COLOUR = re.compile(r"<font\s+color\s*=\s*[\"']?([^\"'<>\s]*)[\"']?\s*>")
_MENTION = re.compile(r"<@([^<>\s]+)>")
_PLAIN_MENTION = re.compile(rf"(?<![0-9A-Za-z_<.@{VALUE}])@([A-Za-z\u4e00-\u9fff][\w.-]{{0,63}})(?!\w{{0,64}}[@>/])")
_LIST = re.compile(r"(?m)^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\S")
_TABLE = re.compile(r"(?m)^[ \t]{0,8}\|?[ \t]{0,8}:?-{2,}:?[ \t]*\|")
_FENCE = re.compile(r"(?m)^[ \t]*(?:```|~~~)")
_RULE = re.compile(r"(?m)^[ \t]*(?:-{3,}|\*{3,})[ \t]*$")
_MARKUP = re.compile(rf"<font\b|\*\*[^*\n]+\*\*|(?m:^#{{1,6}} )|\[[^\[\]\n]+\]\((?:https?:|{VALUE})")


def content_findings(kind: str, content: str, *, mentioned: Sequence[str], source: str) -> list[Finding]:
    """Return what is doubtful in a content of a message type; ``mentioned``: whom its lists name."""
    rules = _RULES.get(kind, ())
    found = [doubt for rule in rules for doubt in rule(content)]
    found += _nobody(kind, content, mentioned)
    return [
        Finding(code=code, level="warning", text=text, instead=instead, line=line_of(source, needle))
        for code, text, instead, needle in dict.fromkeys(found)
    ]


class _Doubt(NamedTuple):
    """``needle``: what to look for in the source."""

    code: Code
    text: str
    instead: str
    needle: str


def _nobody(kind: str, content: str, mentioned: Sequence[str]) -> Iterator[_Doubt]:
    listed = {name.removeprefix("@") for name in mentioned if name}
    for name in _PLAIN_MENTION.findall(content):
        if any(name.startswith(each) for each in listed):
            continue
        instead = "only msgtype text and markdown can"
        if kind == "text":
            instead = f'write {"@all" if name == "all" else "the userid"} into "mentioned_list", in "text"'
        elif kind == "markdown":
            instead = "write <@userid>"
        yield _Doubt("mentions_nobody", f"@{name} in the content is only text, it mentions nobody", instead, f"@{name}")


def _markdown_mentions(content: str) -> Iterator[_Doubt]:
    for name in _MENTION.findall(content):
        if name in ("all", "@all"):
            what = f"<@{name}> has no effect: WeCom's markdown can't mention all"
            yield _Doubt("mentions_ignored", what, "write userids, or msgtype text", f"<@{name}>")


def _no_mentions(content: str) -> Iterator[_Doubt]:
    for name in _MENTION.findall(content):
        what = f"<@{name}> has no effect: WeCom mentions nobody in markdown_v2"
        yield _Doubt("mentions_ignored", what, "write msgtype markdown or text", f"<@{name}>")


def _colours(content: str) -> Iterator[_Doubt]:
    for colour in _COLOUR.findall(content):
        if colour not in _COLOURS and VALUE not in colour:
            what = f'colour "{colour}": WeCom knows info (green), comment (grey) and warning (orange) only'
            yield _Doubt("colour_unknown", what, r"write <font color=\"warning\">", colour or "<font")


def _fonts_closed(content: str) -> Iterator[_Doubt]:
    if len(_FONT.findall(content)) != content.count("</font>"):
        yield _Doubt("font_open", "a <font> has no </font>, or the other way round", "write both", "font")


def _no_colours(content: str) -> Iterator[_Doubt]:
    if _FONT.search(content):
        what = "markdown_v2 has no colours, <font> shows as it is written"
        yield _Doubt("markup_ignored", what, "remove it, or write msgtype markdown", "<font")


def _no_blocks(content: str) -> Iterator[_Doubt]:
    for pattern, what in ((_FENCE, "fences"), (_TABLE, "tables"), (_LIST, "lists"), (_RULE, "rules")):
        found = pattern.search(content)
        if found:
            text = f"markdown has no {what}, they show as they are written"
            yield _Doubt("markup_ignored", text, _MARKDOWN_V2, found[0].strip(f" \t{VALUE}"))


def _no_markup(content: str) -> Iterator[_Doubt]:
    found = _MARKUP.search(content)
    if found:
        shown = found[0].replace(VALUE, "…")
        what = f"text has no markup, {shown} shows as it is written"
        yield _Doubt("markup_ignored", what, "remove it, or write msgtype markdown", found[0].split(VALUE)[0])


_RULES: dict[str, Sequence[Callable[[str], Iterator[_Doubt]]]] = {
    "text": (_no_markup,),
    "markdown": (_markdown_mentions, _colours, _fonts_closed, _no_blocks),
    "markdown_v2": (_no_mentions, _no_colours),
}
