"""The messages in our own words: for sinks without a template, and where a template fails.

Read at night on a telephone: the first line says what and where, the event's message comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_words import colour_of, link_of, rows_of, sign_of, status_of
from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.card import card
from kube_wecom_eventer.render.labels import Labels, labels
from kube_wecom_eventer.render.local_time import in_zone
from kube_wecom_eventer.render.mail_page import COLOURS, mail_page
from kube_wecom_eventer.render.markup import (
    fenced_text,
    inert_line,
    inert_line_v2,
    quoted,
    quoted_commonmark,
    tagless,
    tagless_line,
    unaddressed,
    unaddressed_inert_line,
    unaddressed_line,
    unaddressed_quote,
)
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import CUT_MARK, cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import ROBOT

_LONGEST_PLACE = 384
_LONGEST_FACT = 256
"""Bytes: more than Kubernetes' own names have, and all facts together leave room for a message in 2048."""
MOST_LABELS, _LONGEST_LABEL = 3, 128
"""Lines of a message that ``label=`` may take, and their bytes."""
_LONGEST_CARD_ROW = 120
"""Bytes of a fact in a textcard."""
_GREY = '<div class="gray">{}</div>'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a message says besides the event's own message; ``rows`` are labels with values, none empty."""

    sign: str
    reason: str
    where: str
    rows: tuple[tuple[str, str], ...]

    @property
    def headline(self) -> str:
        return f"{self.sign} {self.reason} · {self.where}"


def _plain_line(text: str) -> str:
    return " ".join(harmless(text).split())


_PLAIN = {
    "text": (_plain_line, harmless),
    "text_with_tags": (tagless_line, tagless),
    "notice": (unaddressed_line, unaddressed),
}
_COMMONMARK = {
    "commonmark": (inert_line_v2, quoted_commonmark),
    "notice_markdown": (unaddressed_inert_line, unaddressed_quote),
}
"""By `MessageType.look`: what makes a fact harmless, and a message of several lines."""

_NO_ROOM_FOR_ROWS = 400
"""Bytes: in a text that is shorter the facts would leave nothing for the event's message."""
_LONGEST_IN_MAIL = 8_000
"""Bytes of an event's message in a mail."""


def built_in_payload(event: Event, *, style: Style, zone: tzinfo, count: int = 1, bodies: Bodies = ROBOT) -> Payload:
    """Return the message of a style: within the chat's limits, nobody mentioned but the style's own people.

    text has a sign for the level; markdown a colour, too, and the event's message as a quote; markdown_v2 lists
    the facts, with the event's message in a fence; DingTalk's markdown has both the list and the quote; a mail is a
    page of HTML; for the cards see ``card`` and ``_textcard``. What is too long is cut with a mark, the event's message
    first. count: how many versions of events it stands for, shown from 2 on.
    """
    if style.msgtype == "template_card":
        return _card(event, style, zone, count)
    msgtype = style.msgtype if style.msgtype in bodies.types else "text"
    layout = _LAYOUTS[bodies.types[msgtype].look]
    return layout(_Page(bodies, msgtype, style), event, zone, count)


@dataclass(frozen=True, slots=True)
class _Page:
    """Where a message is written: the type that it has in a chat."""

    bodies: Bodies
    msgtype: str
    style: Style

    @property
    def words(self) -> Labels:
        return labels(self.style.lang)

    @property
    def mentions(self) -> str:
        return self.bodies.mention_line(self.msgtype, self.style)

    def filled(
        self, head: str, *, before: str, message: str, after: str = "", end: str = "", title: str = ""
    ) -> Payload:
        """Return a text, the event's message cut to the room that the rest leaves; without a message what stands
        ``before`` and ``after`` it is left out, too. ``end`` stays."""
        content = head + end
        if message:
            room = self.bodies.types[self.msgtype].limit - len((head + before + after + end).encode())
            # A mark on a line of its own would stand outside of a quote.
            cut = cut_bytes(message, room).replace("\n" + CUT_MARK, CUT_MARK)
            content = head + before + cut + after + end
        return self.bodies.mention_lists(self.bodies.made(self.msgtype, content, title=title), self.style)


def _text(page: _Page, event: Event, zone: tzinfo, count: int) -> Payload:
    line, whole = _PLAIN[page.bodies.types[page.msgtype].look]
    facts = _facts(event, page.style, zone, count, line)
    rows = [_row(page.words, *row) for row in facts.rows]
    message = whole(event.message.strip())
    if page.bodies.headed:
        return _beneath_its_title(page, facts, rows, message)
    end = f"\n{page.mentions}" if page.mentions else ""
    return page.filled("\n".join([facts.headline, *rows]), before="\n", message=message, end=end)


def _beneath_its_title(page: _Page, facts: _Facts, rows: list[str], message: str) -> Payload:
    """Return a text that stands beneath a title, which says the first line already."""
    if page.bodies.types[page.msgtype].limit < _NO_ROOM_FOR_ROWS:
        rows = []
    if not rows:
        return page.filled("", before="", message=message or facts.headline)
    return page.filled("\n".join(rows), before="\n\n", message=message)


def _markdown(page: _Page, event: Event, zone: tzinfo, count: int) -> Payload:
    facts = _facts(event, page.style, zone, count, inert_line)
    head = [f'**<font color="{colour_of(event)}">{facts.sign} {facts.reason}</font>** · {facts.where}']
    head += [_row(page.words, label, f'<font color="comment">{value}</font>') for label, value in facts.rows]
    # The empty line ends the quote: what follows one directly may be drawn into it.
    end = f"\n\n{page.mentions}" if page.mentions else ""
    message = event.message.strip()
    return page.filled("\n".join(head), before="\n", message=quoted(message) if message else "", end=end)


def _markdown_v2(page: _Page, event: Event, zone: tzinfo, count: int) -> Payload:
    facts = _facts(event, page.style, zone, count, inert_line_v2)
    message = fenced_text(event.message.strip())
    return page.filled(_listed(page, facts), before="\n```\n", message=message, after="\n```")


def _commonmark(page: _Page, event: Event, zone: tzinfo, count: int) -> Payload:
    line, quoted_text = _COMMONMARK[page.bodies.types[page.msgtype].look]
    facts = _facts(event, page.style, zone, count, line)
    message = event.message.strip()
    quote = quoted_text(message) if message else ""
    if page.bodies.headed:
        return _beneath_its_title(page, facts, _listed_rows(page, facts), quote)
    end = f"\n\n{page.mentions}" if page.mentions else ""
    return page.filled(_listed(page, facts), before="\n\n", message=quote, end=end, title=facts.headline)


def _listed(page: _Page, facts: _Facts) -> str:
    return "\n".join([f"### {facts.headline}", *_listed_rows(page, facts)])


def _listed_rows(page: _Page, facts: _Facts) -> list[str]:
    return [f"- **{label}**{page.words.between}{value}" for label, value in facts.rows]


def _mail(page: _Page, event: Event, zone: tzinfo, count: int) -> Payload:
    """Return a mail; its texts are escaped after they were cut."""
    facts = _facts(event, page.style, zone, count, _plain_line)
    html = mail_page(
        title=f"{facts.sign} {facts.reason}",
        where=facts.where,
        rows=facts.rows,
        message=cut_bytes(harmless(event.message).strip(), _LONGEST_IN_MAIL),
        between=page.words.between,
        colour=COLOURS[colour_of(event)],
        link=link_of(event),
    )
    return page.bodies.made(page.msgtype, html)


def headline(event: Event, *, style: Style, zone: tzinfo, count: int, clean: Callable[[str], str] = _plain_line) -> str:
    """Return the first line of an event's message, for a place of its own: level, reason, object, ×N, cluster."""
    facts = _facts(event, style, zone, count, clean)
    names = (style.cluster, *style.labels[:MOST_LABELS])
    return " · ".join([facts.headline, *(cut_bytes(clean(name), _LONGEST_LABEL, mark="…") for name in names if name)])


def _textcard(page: _Page, event: Event, zone: tzinfo, count: int) -> Payload:
    """Return a card of WeCom's applications: its title is the first line, the facts are grey. A tap leads where
    ``card`` says."""
    facts = _facts(event, page.style, zone, 1, tagless_line)
    kind = page.bodies.types[page.msgtype]
    # The event's message is worth more than the last facts.
    room = kind.limit // 2
    rows = _written_first(facts.rows, page.words)
    written = sum(_is_written(row, page.words) for row in rows)
    longest = min(_LONGEST_CARD_ROW, room // max(1, written) - len(_GREY.format("")))
    grey: list[str] = []
    for row in rows:
        div = _GREY.format(cut_bytes(_row(page.words, *row), longest, mark="…"))
        if len("".join([*grey, div]).encode()) > room:
            break
        grey.append(div)
    title = cut_bytes(
        f"{facts.sign} {facts.reason} · {facts.where}", kind.title_limit - len(times(count).encode()), mark="…"
    )
    head, message = "".join(grey) or page.words.event, tagless(event.message.strip())
    payload = page.filled(head, before="", message=message, title=title + times(count))
    payload[page.msgtype]["url"] = link_of(event) or page.words.help_url
    return payload


_LAYOUTS: Mapping[str, Callable[[_Page, Event, tzinfo, int], Payload]] = {
    "text": _text,
    "text_with_tags": _text,
    "markdown": _markdown,
    "markdown_v2": _markdown_v2,
    "notice": _text,
    "commonmark": _commonmark,
    "notice_markdown": _commonmark,
    "mail": _mail,
    "textcard": _textcard,
}
"""By `MessageType.look`."""


def _card(event: Event, style: Style, zone: tzinfo, count: int) -> Payload:
    words = labels(style.lang)
    facts = _facts(event, style, zone, count, _plain_line)
    about = event.involved_object
    rows = ((words.namespace, _plain_line(about.namespace)), *facts.rows)
    if style.labels:
        rows = _written_first(rows, words)
    return card(
        title=f"{facts.sign} {facts.reason}",
        times=times(count),
        description=_plain_line(f"{about.kind} {about.name}"),
        text=harmless(event.message).strip(),
        rows=tuple(row for row in rows if row[1]),
        url=link_of(event) or words.help_url,
    )


def _written_first(rows: tuple[tuple[str, str], ...], words: Labels) -> tuple[tuple[str, str], ...]:
    """Return the rows, those first that the user has written: a card has no room for all."""
    return tuple(sorted(rows, key=lambda row: not _is_written(row, words)))


def _is_written(row: tuple[str, str], words: Labels) -> bool:
    return row[0] in (words.cluster, words.label)


def _facts(event: Event, style: Style, zone: tzinfo, merged: int, clean: Callable[[str], str]) -> _Facts:
    """Collect the facts, each cleaned for where it will stand, and cut to a sensible length."""

    def fact(text: str, longest: int = _LONGEST_FACT) -> str:
        return cut_bytes(clean(text), longest, mark="…")

    words = labels(style.lang)
    about = event.involved_object
    if isinstance(event, AlertEvent):
        found = rows_of(event.alert, words, zone, cluster=style.cluster)
        rows = tuple((label, fact(value)) for label, value in found)
    else:
        rows = _rows(event, style, zone, fact)
    rows += tuple((words.label, fact(label, _LONGEST_LABEL)) for label in style.labels[:MOST_LABELS])
    place = "/".join(filter(None, (about.namespace, about.name)))
    return _Facts(
        sign=sign_of(event),
        reason=status_of(event, words, merged=merged) + (fact(event.reason) or words.event),
        where=(fact(f"{about.kind} {place}", _LONGEST_PLACE) or "-") + times(merged),
        rows=tuple(row for row in rows if row[1]),
    )


def _rows(event: Event, style: Style, zone: tzinfo, fact: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    words = labels(style.lang)
    happened = event.happened_at
    count = event.count or (event.series.count if event.series else 0)
    component = event.source.component or event.reporting_component
    return (
        (words.time, in_zone(happened, zone).strftime("%Y-%m-%d %H:%M:%S %Z") if happened else ""),
        (words.count, words.times.format(count=count) if count > 1 else ""),
        (words.part, fact(event.involved_object.field_path)),
        (words.source, fact("@".join(filter(None, (component, event.source.host))))),
        (words.cluster, fact(style.cluster)),
    )


def times(count: int) -> str:
    """Return `` ×N`` for more than one, to stand behind what it counts."""
    return f" ×{count}" if count > 1 else ""


def _row(words: Labels, label: str, value: str) -> str:
    return f"{label}{words.between}{value}"
