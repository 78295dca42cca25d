"""A digest in our own words: a header, a line for each group, the sums of what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kube_wecom_eventer.render.built_in import times
from kube_wecom_eventer.render.digest import Merged, filled, total
from kube_wecom_eventer.render.labels import labels
from kube_wecom_eventer.render.markup import inert_line, inert_line_v2
from kube_wecom_eventer.render.style import Style, markdown_mentions
from kube_wecom_eventer.render.text import cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import CONTENT_LIMITS, Payload

_LONGEST_MESSAGE = 160
_LONGEST_NAME = 128
"""Bytes of an event's message and of a name in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How a type of message writes a digest; the templates take what is already harmless."""

    clean: Callable[[str], str]
    header: str
    line: str
    message: str


def _plain(text: str) -> str:
    return " ".join(harmless(text).split())


_LOOKS = {
    "text": _Look(
        clean=_plain, header="{sign} {title}", line="• {reason} · {where}{times}{message}", message="：{text}"
    ),
    "markdown": _Look(
        clean=inert_line,
        header='**<font color="{colour}">{sign} {title}</font>**',
        line=">**{reason}** · {where}{times}{message}",
        message=' <font color="comment">{text}</font>',
    ),
    "markdown_v2": _Look(
        clean=inert_line_v2,
        header="### {sign} {title}",
        line="- **{reason}** · {where}{times}{message}",
        message="：{text}",
    ),
}


def built_in_digest(items: Sequence[Merged], *, style: Style) -> Payload:
    """Return a digest in the style's type of message; a card has no room for one, so it becomes a text."""
    kind = style.msgtype if style.msgtype in _LOOKS else "text"
    look, words = _LOOKS[kind], labels(style.lang)
    header = digest_header(items, style=style, kind=kind)
    mentions = f"\n\n{markdown_mentions(style)}" if kind == "markdown" and markdown_mentions(style) else ""
    room = CONTENT_LIMITS[kind] - len((header + "\n" + mentions).encode())

    def line(item: Merged) -> str:
        return _line(item, look)

    content = f"{header}\n{filled(items, line=line, clean=look.clean, words=words, room=room)}{mentions}"
    payload: Payload = {"msgtype": kind, kind: {"content": content}}
    if kind == "text":
        for name, people in (
            ("mentioned_list", style.mentioned_list),
            ("mentioned_mobile_list", style.mentioned_mobile_list),
        ):
            if people:
                payload["text"][name] = list(people)
    return payload


def digest_header(items: Sequence[Merged], *, style: Style, kind: str) -> str:
    """Return the first line of a digest: how many groups, ×N, and the cluster."""
    look, words = _LOOKS.get(kind, _LOOKS["text"]), labels(style.lang)
    warning = any(item.event.type == "Warning" for item in items)
    cluster = f" · {cut_bytes(look.clean(style.cluster), _LONGEST_NAME, mark='…')}" if style.cluster else ""
    title = words.digest.format(groups=len(items)) + f" ×{total(items)}" + cluster
    return look.header.format(sign="⚠️" if warning else "ℹ️", title=title, colour="warning" if warning else "info")


def _line(item: Merged, look: _Look) -> str:
    about = item.event.involved_object

    def short(text: str, longest: int) -> str:
        return cut_bytes(look.clean(text), longest, mark="…")

    name = short(item.name or about.name, _LONGEST_NAME)
    place = short(about.namespace, _LONGEST_NAME)
    text = short(item.event.message, _LONGEST_MESSAGE)
    return look.line.format(
        reason=short(item.event.reason, _LONGEST_NAME) or "-",
        where=f"{short(about.kind, _LONGEST_NAME)} {place}{'/' if place else ''}{name}".strip() or "-",
        times=times(item.count),
        message=look.message.format(text=text) if text else "",
    )
