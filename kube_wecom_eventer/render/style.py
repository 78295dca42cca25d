"""How the built-in messages of a sink look, and what in such a wish can't come true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MSGTYPES = ("text", "markdown", "markdown_v2", "template_card")
"""The message types that have a built-in body."""

LANGS = ("zh", "en")
"""The languages of the labels."""

LONGEST_MENTIONS = 1024
"""Bytes of a markdown content that mentions may take: the rest is for the event."""

_ALL = "@all"
_USERID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a sink's built-in messages look.

    msgtype: one of ``MSGTYPES``; anything else looks as text.
    lang: one of ``LANGS``; anything else is Chinese.
    cluster: a name for the cluster, shown in the message where given.
    mentioned_list: userids or ``@all``.
    mentioned_mobile_list: telephone numbers or ``@all``.
    labels: texts that the message shows as they are, as a robot's keyword.

    What can mention whom is WeCom's rule (https://developer.work.weixin.qq.com/document/path/99110): text mentions
    both lists, markdown userids only, markdown_v2 and template_card nobody. ``style_doubts`` tells what is in vain.
    """

    msgtype: str = "text"
    lang: str = "zh"
    cluster: str = ""
    mentioned_list: tuple[str, ...] = ()
    mentioned_mobile_list: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def markdown_mentions(style: Style) -> str:
    """Return ``<@userid>`` for each userid that markdown can mention, as many as fit ``LONGEST_MENTIONS``."""
    return "".join(f"<@{userid}>" for userid in _mentionable(style))


def style_doubts(style: Style) -> tuple[str, ...]:
    """Return a line for each wish that can't come true, saying what to write instead; none where all is well."""
    return tuple(_doubts(style))


def _doubts(style: Style) -> Iterator[str]:
    if style.msgtype not in MSGTYPES:
        yield f"msgtype={style.msgtype} has no built-in message, text is sent: write one of {', '.join(MSGTYPES)}"
    if style.lang not in LANGS:
        yield f"lang={style.lang} is not known, Chinese is written: write one of {', '.join(LANGS)}"
    if style.msgtype == "markdown":
        yield from _markdown_doubts(style)
    elif style.msgtype in ("markdown_v2", "template_card"):
        for name, people in (
            ("mentioned_list", style.mentioned_list),
            ("mentioned_mobile_list", style.mentioned_mobile_list),
        ):
            if people:
                yield f"{name} has no effect: WeCom mentions nobody in {style.msgtype}; write msgtype=text"


def _markdown_doubts(style: Style) -> Iterator[str]:
    if style.mentioned_mobile_list:
        yield (
            "mentioned_mobile_list has no effect: WeCom's markdown mentions userids only; "
            "write userids into mentioned_list, or msgtype=text"
        )
    if _ALL in style.mentioned_list:
        yield "mentioned_list=@all has no effect: WeCom's markdown can't mention all; write userids, or msgtype=text"
    for name in style.mentioned_list:
        if name != _ALL and not _USERID.fullmatch(name):
            yield (
                f"mentioned_list={name} has no effect: not a userid; "
                "write 1 to 64 letters, digits or any of _ - . @, a letter or digit first"
            )
    wanted = [name for name in style.mentioned_list if _USERID.fullmatch(name)]
    fitting = len(_mentionable(style))
    if fitting < len(wanted):
        yield (
            f"mentioned_list has {len(wanted)} userids, a markdown message has room for the first {fitting}: "
            "write fewer, or msgtype=text"
        )


def _mentionable(style: Style) -> list[str]:
    fitting: list[str] = []
    room = LONGEST_MENTIONS
    for userid in style.mentioned_list:
        room -= len(userid) + len("<@>")
        if room < 0:
            break
        if _USERID.fullmatch(userid):
            fitting.append(userid)
        else:
            room += len(userid) + len("<@>")
    return fitting
