"""A digest in our own words: a header, a line for each group, the sums of what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape

from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.built_in import MOST_LABELS, times
from kube_wecom_eventer.render.digest import Merged, filled, total
from kube_wecom_eventer.render.labels import labels
from kube_wecom_eventer.render.mail_page import COLOURS, DIGEST_LINE, DIGEST_MESSAGE, DIGEST_PAGE, escaped_line
from kube_wecom_eventer.render.markup import (
    inert_line,
    inert_line_v2,
    tagless,
    tagless_line,
    unaddressed_inert_line,
    unaddressed_line,
)
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import ROBOT

_LONGEST_MESSAGE = 160
_LONGEST_NAME = 128
"""Bytes of an event's message and of a name in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a type of message writes a digest; the templates take what is already harmless.

    ``clean_sum`` makes a namespace or reason harmless for a sum. ``escape`` writes a value that has its length already.
    ``page``: all of it. ``between`` stands between the texts that a template makes of events.
    """

    clean: Callable[[str], str]
    header: str
    line: str
    message: str
    clean_sum: Callable[[str], str]
    markdown: bool = True
    escape: Callable[[str], str] = str
    page: str = "{header}\n{lines}{end}"
    between: str = "\n\n"


def _plain(text: str) -> str:
    return " ".join(harmless(text).split())


def _text_look(clean: Callable[[str], str], clean_sum: Callable[[str], str]) -> Look:
    return Look(
        clean=clean,
        header="{sign} {title}",
        line="• {reason} · {where}{times}{message}",
        message="：{text}",
        clean_sum=clean_sum,
        markdown=False,
        between="\n",
    )


_LIST = Look(
    clean=inert_line_v2,
    header="### {sign} {title}",
    line="- **{reason}** · {where}{times}{message}",
    message="：{text}",
    clean_sum=inert_line_v2,
)

LOOKS = {
    "text": _text_look(_plain, harmless),
    "text_with_tags": _text_look(tagless_line, tagless),
    "markdown": Look(
        clean=inert_line,
        header='**<font color="{colour}">{sign} {title}</font>**',
        line=">**{reason}** · {where}{times}{message}",
        message=' <font color="comment">{text}</font>',
        clean_sum=inert_line,
    ),
    "markdown_v2": _LIST,
    "commonmark": _LIST,
    "notice": replace(_text_look(unaddressed_line, unaddressed_line), page="{lines}"),
    "notice_markdown": replace(_LIST, clean=unaddressed_inert_line, clean_sum=unaddressed_inert_line, page="{lines}"),
    "mail": Look(
        clean=_plain,
        escape=escape,
        header="{sign} {title}",
        line=DIGEST_LINE,
        message=DIGEST_MESSAGE,
        clean_sum=escaped_line,
        page=DIGEST_PAGE,
        between="\n<hr>\n",
    ),
}
"""By `MessageType.look`; what is not among them has no room for a digest."""


def built_in_digest(items: Sequence[Merged], *, style: Style, bodies: Bodies = ROBOT) -> Payload:
    """Return a digest in the style's type of message; a card has no room for one, so it becomes a text."""
    kind = bodies.types.get(style.msgtype)
    msgtype = style.msgtype if kind and kind.look in LOOKS else "text"
    kind = bodies.types[msgtype]
    look, words = LOOKS[kind.look], labels(style.lang)
    header = digest_header(items, style=style, look=kind.look)
    mentions = bodies.mention_line(msgtype, style)
    end = ("\n\n" if look.markdown else "\n") + mentions if mentions else ""
    colour = COLOURS["warning" if _warns(items) else "normal"]
    page = partial(look.page.format, header=header, end=end, colour=colour)
    room = kind.limit - len(page(lines="").encode())

    def line(item: Merged) -> str:
        return _line(item, look)

    def clean(text: str) -> str:
        return look.escape(look.clean(text))

    content = page(lines=filled(items, line=line, clean=clean, words=words, room=room))
    title = digest_header(items, style=style, look="text")
    return bodies.mention_lists(bodies.made(msgtype, content, title=title), style)


def digest_header(items: Sequence[Merged], *, style: Style, look: str) -> str:
    """Return the first line of a digest: how many groups, ×N, the cluster and the labels."""
    chosen, words = LOOKS[look], labels(style.lang)
    warning = _warns(items)
    names = [name for name in (style.cluster, *style.labels[:MOST_LABELS]) if name]
    about = "".join(f" · {chosen.escape(cut_bytes(chosen.clean(name), _LONGEST_NAME, mark='…'))}" for name in names)
    title = words.digest.format(groups=len(items)) + f" ×{total(items)}" + about
    return chosen.header.format(sign="⚠️" if warning else "ℹ️", title=title, colour="warning" if warning else "info")


def _warns(items: Sequence[Merged]) -> bool:
    return any(item.event.type == "Warning" for item in items)


def _line(item: Merged, look: Look) -> str:
    about = item.event.involved_object

    def short(text: str, longest: int) -> str:
        return look.escape(cut_bytes(look.clean(text), longest, mark="…"))

    name = short(item.name or about.name, _LONGEST_NAME)
    place = short(about.namespace, _LONGEST_NAME)
    text = short(item.event.message, _LONGEST_MESSAGE)
    return look.line.format(
        reason=short(item.event.reason, _LONGEST_NAME) or "-",
        where=f"{short(about.kind, _LONGEST_NAME)} {place}{'/' if place else ''}{name}".strip() or "-",
        times=times(item.count),
        message=look.message.format(text=text) if text else "",
    )
