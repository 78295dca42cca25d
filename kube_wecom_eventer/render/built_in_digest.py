"""A digest in our own words: a header, a line for each group, the sums of what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_words import colour_of, sign_of, status_of
from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.built_in import MOST_LABELS, times
from kube_wecom_eventer.render.digest import Merged, filled, total
from kube_wecom_eventer.render.labels import Labels, labels
from kube_wecom_eventer.render.markup import inert_line, inert_line_v2, tagless, tagless_line
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import ROBOT

_LONGEST_MESSAGE = 160
_LONGEST_NAME = 128
"""Bytes of an event's message and of a name in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a type of message writes a digest; the templates take what is already harmless.

    ``clean_sum`` makes a namespace or reason harmless for a sum; ``coloured`` colours what an alert is called.
    """

    clean: Callable[[str], str]
    header: str
    line: str
    message: str
    clean_sum: Callable[[str], str]
    markdown: bool = True
    coloured: str = "{text}"


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
    "dingtalk_markdown": _LIST,
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
    room = kind.limit - len((header + "\n" + end).encode())

    def line(item: Merged) -> str:
        return _line(item, look, words)

    content = f"{header}\n{filled(items, line=line, clean=look.clean, words=words, room=room)}{end}"
    title = digest_header(items, style=style, look="text")
    return bodies.mention_lists(bodies.made(msgtype, content, title=title), style)


def digest_header(items: Sequence[Merged], *, style: Style, look: str) -> str:
    """Return the first line of a digest: how many groups, ×N, the cluster and the labels."""
    chosen, words = LOOKS[look], labels(style.lang)
    names = [name for name in (style.cluster, *style.labels[:MOST_LABELS]) if name]
    about = "".join(f" · {cut_bytes(chosen.clean(name), _LONGEST_NAME, mark='…')}" for name in names)
    worst = _worst(items)
    groups = words.alerts if isinstance(worst, AlertEvent) else words.digest
    title = groups.format(groups=len(items)) + f" ×{total(items)}" + about
    return chosen.header.format(sign=sign_of(worst), title=title, colour=colour_of(worst))


def _worst(items: Sequence[Merged]) -> Event:
    """Return the event whose sign and colour are the digest's: a warning, and of alerts one that fires."""

    def badness(event: Event) -> tuple[bool, bool]:
        return not (isinstance(event, AlertEvent) and event.alert.resolved), event.type == "Warning"

    return max((item.event for item in items), key=badness)


def _line(item: Merged, look: Look, words: Labels) -> str:
    event = item.event
    about = event.involved_object

    def short(text: str, longest: int) -> str:
        return cut_bytes(look.clean(text), longest, mark="…")

    name = short(item.name or about.name, _LONGEST_NAME)
    place = short(about.namespace, _LONGEST_NAME)
    text = short(event.message, _LONGEST_MESSAGE)
    reason = short(event.reason, _LONGEST_NAME) or "-"
    if isinstance(event, AlertEvent):
        # Told apart by sign, colour and word; that an alert fires is said by the sign.
        status = status_of(event, words, merged=item.count) if event.alert.resolved else ""
        reason = look.coloured.format(colour=colour_of(event), text=f"{sign_of(event)} {status}{reason}")
    return look.line.format(
        reason=reason,
        where=f"{short(about.kind, _LONGEST_NAME)} {place}{'/' if place else ''}{name}".strip() or "-",
        times=times(item.count),
        message=look.message.format(text=text) if text else "",
    )
