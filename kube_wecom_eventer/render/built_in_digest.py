"""A digest in our own words: a header, a line for each group, the sums of what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_words import colour_of, sign_of, status_of
from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.built_in import MOST_LABELS, times
from kube_wecom_eventer.render.digest import Merged, filled, total
from kube_wecom_eventer.render.labels import Labels, labels
from kube_wecom_eventer.render.mail_page import (
    COLOURS,
    DIGEST_COLOURED,
    DIGEST_LINE,
    DIGEST_MESSAGE,
    DIGEST_PAGE,
    escaped_line,
)
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
    ``page``: all of it. ``between`` stands between the texts that a template makes of events. ``coloured`` colours what
    an alert is called; ``colours``: what stands there for WeCom's names of colours, where it is not these.
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
    coloured: str = "{text}"
    colours: Mapping[str, str] = field(default_factory=dict)

    def colour(self, event: Event) -> str:
        """Return an event's colour as it is written."""
        colour = colour_of(event)
        return self.colours.get(colour, colour)


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
        coloured='<font color="{colour}">{text}</font>',
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
        coloured=DIGEST_COLOURED,
        colours=COLOURS,
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
    page = partial(look.page.format, header=header, end=end, colour=look.colour(worst(items)))
    room = kind.limit - len(page(lines="").encode())

    def line(item: Merged) -> str:
        return _line(item, look, words)

    def clean(text: str) -> str:
        return look.escape(look.clean(text))

    content = page(lines=filled(items, line=line, clean=clean, words=words, room=room))
    title = digest_header(items, style=style, look="text")
    return bodies.mention_lists(bodies.made(msgtype, content, title=title), style)


def digest_header(items: Sequence[Merged], *, style: Style, look: str) -> str:
    """Return the first line of a digest: how many groups, ×N, the cluster and the labels."""
    chosen, words = LOOKS[look], labels(style.lang)
    names = [name for name in (style.cluster, *style.labels[:MOST_LABELS]) if name]
    about = "".join(f" · {chosen.escape(cut_bytes(chosen.clean(name), _LONGEST_NAME, mark='…'))}" for name in names)
    sign_giving = worst(items)
    groups = words.alerts if isinstance(sign_giving, AlertEvent) else words.digest
    title = groups.format(groups=len(items)) + f" ×{total(items)}" + about
    return chosen.header.format(sign=sign_of(sign_giving), title=title, colour=chosen.colour(sign_giving))


def worst(items: Sequence[Merged]) -> Event:
    """Return the event whose sign and colour are the digest's: a warning, and of alerts one that fires."""

    def badness(event: Event) -> tuple[bool, bool]:
        return not (isinstance(event, AlertEvent) and event.alert.resolved), event.type == "Warning"

    return max((item.event for item in items), key=badness)


def _line(item: Merged, look: Look, words: Labels) -> str:
    event = item.event
    about = event.involved_object

    def short(text: str, longest: int) -> str:
        return look.escape(cut_bytes(look.clean(text), longest, mark="…"))

    name = short(item.name or about.name, _LONGEST_NAME)
    place = short(about.namespace, _LONGEST_NAME)
    text = short(event.message, _LONGEST_MESSAGE)
    reason = short(event.reason, _LONGEST_NAME) or "-"
    if isinstance(event, AlertEvent):
        # Told apart by sign, colour and word; that an alert fires is said by the sign.
        status = status_of(event, words, merged=item.count) if event.alert.resolved else ""
        reason = look.coloured.format(colour=look.colour(event), text=f"{sign_of(event)} {status}{reason}")
    return look.line.format(
        reason=reason,
        where=f"{short(about.kind, _LONGEST_NAME)} {place}{'/' if place else ''}{name}".strip() or "-",
        times=times(item.count),
        message=look.message.format(text=text) if text else "",
    )
