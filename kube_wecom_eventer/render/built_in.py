"""The messages in our own words: for sinks without a template, and where a template fails.

Read at night on a telephone: the first line says what and where, the event's message comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.card import card
from kube_wecom_eventer.render.labels import Labels, labels
from kube_wecom_eventer.render.local_time import in_zone
from kube_wecom_eventer.render.markup import fenced_text, inert_line, inert_line_v2, quoted
from kube_wecom_eventer.render.style import Style, markdown_mentions
from kube_wecom_eventer.render.text import CUT_MARK, cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import CONTENT_LIMITS, Payload

_SIGNS = {"Warning": "⚠️", "Normal": "ℹ️"}
_OTHER_SIGN = "🔔"
_COLOURS = {"Warning": "warning", "Normal": "info"}
_LONGEST_PLACE = 384
_LONGEST_FACT = 256
"""Bytes: more than Kubernetes' own names have, and all facts together leave room for a message in 2048."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a message says besides the event's own message; ``rows`` are labels with values, none empty."""

    sign: str
    reason: str
    where: str
    rows: tuple[tuple[str, str], ...]


def built_in_payload(event: Event, *, style: Style, zone: tzinfo, count: int = 1) -> Payload:
    """Return the message of a style: its content within WeCom's limit, nobody mentioned but the style's own people.

    text has a sign for the level; markdown a colour, too, and the event's message as a quote; markdown_v2 lists
    the facts, with the event's message in a fence; for template_card see ``card``. What is too long is cut with a
    mark, the event's message first. count: how many versions of events it stands for, shown from 2 on.
    """
    if style.msgtype == "markdown":
        return _with_content("markdown", _markdown(event, style, zone, count))
    if style.msgtype == "markdown_v2":
        return _with_content("markdown_v2", _markdown_v2(event, style, zone, count))
    if style.msgtype == "template_card":
        return _card(event, style, zone, count)
    payload = _with_content("text", _text(event, style, zone, count))
    for name, people in (
        ("mentioned_list", style.mentioned_list),
        ("mentioned_mobile_list", style.mentioned_mobile_list),
    ):
        if people:
            payload["text"][name] = list(people)
    return payload


def _with_content(msgtype: str, content: str) -> Payload:
    return {"msgtype": msgtype, msgtype: {"content": content}}


def _text(event: Event, style: Style, zone: tzinfo, count: int) -> str:
    words = labels(style.lang)
    facts = _facts(event, style, zone, count, _plain_line)
    head = [f"{facts.sign} {facts.reason} · {facts.where}", *(_row(words, *row) for row in facts.rows)]
    return _filled("text", "\n".join(head), before="\n", message=harmless(event.message.strip()))


def _markdown(event: Event, style: Style, zone: tzinfo, count: int) -> str:
    words = labels(style.lang)
    facts = _facts(event, style, zone, count, inert_line)
    colour = _COLOURS.get(event.type, "comment")
    head = [f'**<font color="{colour}">{facts.sign} {facts.reason}</font>** · {facts.where}']
    head += [_row(words, label, f'<font color="comment">{value}</font>') for label, value in facts.rows]
    mentions = markdown_mentions(style)
    # The empty line ends the quote: what follows one directly may be drawn into it.
    after = f"\n\n{mentions}" if mentions else ""
    message = event.message.strip()
    if not message:
        return "\n".join(head) + after
    return _filled("markdown", "\n".join(head), before="\n", message=quoted(message), after=after)


def _markdown_v2(event: Event, style: Style, zone: tzinfo, count: int) -> str:
    words = labels(style.lang)
    facts = _facts(event, style, zone, count, inert_line_v2)
    head = [f"### {facts.sign} {facts.reason} · {facts.where}"]
    head += [f"- **{label}**{words.between}{value}" for label, value in facts.rows]
    message = fenced_text(event.message.strip())
    return _filled("markdown_v2", "\n".join(head), before="\n```\n", message=message, after="\n```")


def _card(event: Event, style: Style, zone: tzinfo, count: int) -> Payload:
    words = labels(style.lang)
    facts = _facts(event, style, zone, count, _plain_line)
    about = event.involved_object
    rows = ((words.namespace, _plain_line(about.namespace)), *facts.rows)
    return card(
        title=f"{facts.sign} {facts.reason}{times(count)}",
        description=_plain_line(f"{about.kind} {about.name}"),
        text=harmless(event.message).strip(),
        rows=tuple(row for row in rows if row[1]),
        url=words.help_url,
    )


def _facts(event: Event, style: Style, zone: tzinfo, merged: int, clean: Callable[[str], str]) -> _Facts:
    """Collect the facts, each cleaned for where it will stand, and cut to a sensible length."""

    def fact(text: str, longest: int = _LONGEST_FACT) -> str:
        return cut_bytes(clean(text), longest, mark="…")

    words = labels(style.lang)
    about = event.involved_object
    happened = event.happened_at
    count = event.count or (event.series.count if event.series else 0)
    component = event.source.component or event.reporting_component
    rows = (
        (words.time, in_zone(happened, zone).strftime("%Y-%m-%d %H:%M:%S %Z") if happened else ""),
        (words.count, words.times.format(count=count) if count > 1 else ""),
        (words.part, fact(about.field_path)),
        (words.source, fact("@".join(filter(None, (component, event.source.host))))),
        (words.cluster, fact(style.cluster)),
    )
    place = "/".join(filter(None, (about.namespace, about.name)))
    return _Facts(
        sign=_SIGNS.get(event.type, _OTHER_SIGN),
        reason=fact(event.reason) or words.event,
        where=(fact(f"{about.kind} {place}", _LONGEST_PLACE) or "-") + times(merged),
        rows=tuple(row for row in rows if row[1]),
    )


def times(count: int) -> str:
    """Return `` ×N`` for more than one, to stand behind what it counts."""
    return f" ×{count}" if count > 1 else ""


def _plain_line(text: str) -> str:
    return " ".join(harmless(text).split())


def _row(words: Labels, label: str, value: str) -> str:
    return f"{label}{words.between}{value}"


def _filled(msgtype: str, head: str, *, before: str, message: str, after: str = "") -> str:
    """Join a content, the event's message cut to the room that the rest leaves; the head alone without a message."""
    if not message:
        return head
    room = CONTENT_LIMITS[msgtype] - len((head + before + after).encode())
    # A mark on a line of its own would stand outside of a quote.
    return head + before + cut_bytes(message, room).replace("\n" + CUT_MARK, CUT_MARK) + after
