"""What a service of Apprise's takes: a title, and a text in the service's own format; there are no lists of people.

The payload is our own form, not the service's: a body of WeCom's, with ``title`` and ``tone`` beside its ``msgtype``.
So a template may be the one that a WeCom robot has; or a text, which then is the message's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cache
from html import escape

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.apprise_library import Form, Tone
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_words import colour_of
from kube_wecom_eventer.render.bodies import Bodies, BodyWriter, MessageType, Payload
from kube_wecom_eventer.render.body_or_text import BodyOrText
from kube_wecom_eventer.render.built_in import headline
from kube_wecom_eventer.render.built_in_digest import digest_header, worst
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.markup import (
    unaddressed,
    unaddressed_contained,
    unaddressed_line,
    unlinked,
)
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import cut_bytes, harmless

_WECOMS = ("text", "markdown", "markdown_v2")
_FONT = re.compile(r"</?font\b[^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeBodies(Bodies):
    """``form``: what the service takes."""

    form: Form

    def writer(self, clean: Callable[[str], str]) -> BodyWriter:
        """See `Bodies.writer`; what does not begin like a body is a text."""
        return BodyOrText(clean=clean)

    def parse(self, text: str) -> Payload:
        """See `Bodies.parse`: a body, or a text; one that begins with a tag is HTML, where the service takes that."""
        if not text.lstrip().startswith("{"):
            content = text.strip()
            if not content:
                raise TemplateError("it makes an empty text")
            return self.made(self.type_for(content, self.form.format), content)
        payload = Bodies.parse(self, text)
        if payload["msgtype"] not in self.types:
            raise TemplateError(f'a "{payload["msgtype"]}" can\'t be sent by Apprise; write {" or ".join(_WECOMS)}')
        if payload["msgtype"] == "markdown":
            # WeCom's colours; everybody else would show the tags.
            payload = self.with_text(payload, _FONT.sub("", str(self.text_of(payload))))
        return payload

    def counted(self, payload: Payload, times: str) -> Payload:
        """See `Bodies.counted`; a template's own title gets it, too. In HTML a line may end within a tag."""
        title = payload.get("title")
        if times and isinstance(title, str) and title:
            payload = {**payload, "title": f"{title}{times}"}
        return payload if payload["msgtype"] == "html" else Bodies.counted(self, payload, times)

    def finished(self, payload: Payload, items: Sequence[Merged], *, style: Style, zone: tzinfo) -> Payload:
        """See `Bodies.finished`: with a title, unless a template has made one, and its tone."""
        clean = unaddressed_line if self.form.addresses else _line
        title = payload.get("title")
        if not isinstance(title, str) or not title.strip():
            if len(items) > 1:
                title = clean(digest_header(items, style=style, look="text"))
            else:
                title = headline(items[0].event, style=style, zone=zone, count=items[0].count, clean=clean)
        return {
            **payload,
            "title": cut_bytes(" ".join(title.split()), self.form.title_limit, mark="…"),
            "tone": _tone(worst(items)),
        }

    def type_for(self, text: str, msgtype: str) -> str:
        """See `Bodies.type_for`: only what begins with a tag is HTML."""
        return "text" if msgtype == "html" and not text.startswith("<") else msgtype


@cache
def notice_bodies(form: Form) -> NoticeBodies:
    """Return what a service of this form takes."""
    inside = unaddressed_contained if form.addresses else unlinked
    plain = MessageType(limit=form.limit, look="notice", clean=unaddressed if form.addresses else harmless)
    marked = MessageType(limit=form.limit, look="notice_markdown", clean=inside, markup=True)
    types = {"text": plain, "markdown": marked, "markdown_v2": marked}
    if form.format == "html":
        types["html"] = replace(plain, look="mail", clean=escape, markup=True)
    return NoticeBodies(
        types=types,
        people=lambda _payload: {},
        mention_line=lambda _msgtype, _style: "",
        mention_lists=_unchanged,
        join_mentions=_unchanged,
        doubts=_no_doubts,
        headed=True,
        form=form,
    )


def _tone(event: Event) -> Tone:
    if isinstance(event, AlertEvent) and event.alert.resolved:
        return "success"
    return "warning" if colour_of(event) == "warning" else "info"


def _line(text: str) -> str:
    return " ".join(harmless(text).split())


def _unchanged(payload: Payload, _people: object) -> Payload:
    return payload


def _no_doubts(_style: Style) -> Iterator[str]:
    return iter(())
