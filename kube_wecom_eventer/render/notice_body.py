"""What a service of Apprise's takes: a title, and a text in the service's own format; there are no lists of people.

The payload is our own form, not the service's: a body of WeCom's, with ``title`` and ``level`` beside its ``msgtype``.
So a template may be the one that a WeCom robot has; or a text, which then is the message's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cache
from html import escape
from typing import Any

from kube_wecom_eventer.apprise_library import Form
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.bodies import Bodies, BodyWriter, MessageType, Payload
from kube_wecom_eventer.render.built_in import headline
from kube_wecom_eventer.render.built_in_digest import digest_header
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.markup import (
    contained,
    joins_to_tag,
    unaddressed,
    unaddressed_contained,
    unaddressed_line,
)
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import ZERO_WIDTH_SPACE, cut_bytes, harmless

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
            kind = "html" if "html" in self.types and content.startswith("<") else self._own_text()
            return self.made(kind, content)
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
        """See `Bodies.finished`: with a title, unless a template has made one, and the level."""
        clean = unaddressed_line if self.form.addresses else _line
        title = payload.get("title")
        if not isinstance(title, str) or not title.strip():
            if len(items) > 1:
                title = clean(digest_header(items, style=style, look="text"))
            else:
                title = headline(items[0].event, style=style, zone=zone, count=items[0].count, clean=clean)
        warns = any(item.event.type == "Warning" for item in items)
        return {
            **payload,
            "title": cut_bytes(" ".join(title.split()), self.form.title_limit, mark="…"),
            "level": "Warning" if warns else "Normal",
        }

    def _own_text(self) -> str:
        return "markdown" if self.form.format == "markdown" else "text"


@cache
def notice_bodies(form: Form) -> NoticeBodies:
    """Return what a service of this form takes."""
    inside = unaddressed_contained if form.addresses else contained
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


class BodyOrText:
    """Writes a JSON body where the output begins like one, else a text; values are made harmless in both."""

    def __init__(self, *, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._writer: JsonWriter | _TextWriter | None = None

    def text(self, text: str) -> None:
        """Write the template's own text; the first that is not blank decides."""
        if self._writer is None and (start := text.lstrip()[:1]):
            self._writer = JsonWriter(clean=self._clean) if start == "{" else _TextWriter(clean=self._clean)
        if self._writer:
            self._writer.text(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        """Write what an action printed."""
        self._started().value(text, before_js=before_js)

    def json(self, value: Any, *, text: str) -> None:
        """Write a value that the template itself asked for as JSON."""
        self._started().json(value, text=text)

    def result(self) -> str:
        """Return all that was written."""
        return self._writer.result() if self._writer else ""

    def _started(self) -> JsonWriter | _TextWriter:
        if self._writer is None:
            # An event's text must not decide that the message is a body.
            self._writer = _TextWriter(clean=self._clean)
        return self._writer


class _TextWriter:
    def __init__(self, *, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._parts: list[str] = []

    def text(self, text: str) -> None:
        if text:
            self._parts.append(text)

    def value(self, text: str, *, before_js: str | None = None) -> None:
        safe = self._clean(text if before_js is None else before_js)
        if self._parts and joins_to_tag(self._parts[-1], safe):
            safe = ZERO_WIDTH_SPACE + safe
        self.text(safe)

    def json(self, value: Any, *, text: str) -> None:  # noqa: ARG002 its JSON is what a text can show
        self.value(text)

    def result(self) -> str:
        return "".join(self._parts)


def _line(text: str) -> str:
    return " ".join(harmless(text).split())


def _unchanged(payload: Payload, _people: object) -> Payload:
    return payload


def _no_doubts(_style: Style) -> Iterator[str]:
    return iter(())
