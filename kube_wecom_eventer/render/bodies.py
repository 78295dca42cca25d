"""What one kind of chat takes: its types of message, their fields and limits, and how people are mentioned there.

A payload is a decoded body: its ``msgtype``, and an object of that name. The chats themselves: wecom_body.py,
dingtalk_body.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.cutting import cut_content
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.template import Writer
from kube_wecom_eventer.render.text import cut_bytes, harmless

Payload = dict[str, Any]


class BodyWriter(Writer, Protocol):
    """What a template writes a body with."""

    def result(self) -> str:
        """Return all that was written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageType:
    """A type of message that has a text. Limits are bytes of UTF-8.

    ``limit``: of its text, which stands in ``field``. ``look``: how the built-in messages write it. ``clean`` makes a
    value harmless for its text; ``markup``: a cut must leave nothing open there. ``title``: the field of its title, if
    it needs one, with ``title_limit``; ``title_first``: that is what is read first.
    """

    limit: int
    look: str
    field: str = "content"
    clean: Callable[[str], str] = harmless
    markup: bool = False
    title: str = ""
    title_limit: int = 0
    title_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """``types``: those that have a text; others pass as they are. ``longest``: bytes of a whole body, if that matters.

    ``people`` returns the lists of people that a payload has, by their names, as they are written;
    ``mention_line`` returns what the text of a type ends with, so that it mentions the people of a style;
    ``mention_lists`` a payload with these people in its lists, too; ``join_mentions`` the first payload with the people
    of all in its lists. ``doubts``: lines about what of a style can't come true. ``headed``: a title stands apart from
    the text, which need not repeat it.
    """

    types: Mapping[str, MessageType]
    people: Callable[[Payload], Mapping[str, Any]]
    mention_line: Callable[[str, Style], str]
    mention_lists: Callable[[Payload, Style], Payload]
    join_mentions: Callable[[Payload, Sequence[Payload]], Payload]
    doubts: Callable[[Style], Iterable[str]]
    longest: int | None = None
    headed: bool = False

    def writer(self, clean: Callable[[str], str]) -> BodyWriter:
        """Return what a template writes a body with. ``clean`` makes a value harmless for the body's texts."""
        return JsonWriter(clean=clean)

    def finished(self, payload: Payload, items: Sequence[Merged], *, style: Style, zone: tzinfo) -> Payload:  # noqa: ARG002 others need them
        """Return the payload of these items as it is sent."""
        return payload

    def type_for(self, text: str, msgtype: str) -> str:  # noqa: ARG002 others need it
        """Return the type of a text that a template has made, where ``msgtype`` is the style's."""
        return msgtype

    def type_of(self, payload: Payload) -> MessageType | None:
        """Return the type of a payload; None where it has no text."""
        return self.types.get(payload["msgtype"])

    def text_of(self, payload: Payload) -> str | None:
        """Return a payload's text; None where its type has none."""
        kind = self.type_of(payload)
        text = payload[payload["msgtype"]].get(kind.field) if kind else None
        return text if isinstance(text, str) else None

    def with_text(self, payload: Payload, text: str) -> Payload:
        """Return a payload of a type that has a text, with another one."""
        return _with(payload, self.types[payload["msgtype"]].field, text)

    def made(self, msgtype: str, text: str, *, title: str = "") -> Payload:
        """Return a payload of a type that has a text."""
        kind = self.types[msgtype]
        head = {kind.title: title} if kind.title else {}
        return {"msgtype": msgtype, msgtype: {**head, kind.field: text}}

    def counted(self, payload: Payload, times: str) -> Payload:
        """Return a payload with ``times`` at the end of its text's first line, or of the title that is read first."""
        kind, text = self.type_of(payload), self.text_of(payload)
        if kind is None or text is None or not times:
            return payload
        title = payload[payload["msgtype"]].get(kind.title)
        if kind.title_first and isinstance(title, str):
            # What is cut at the end must not be the count.
            room = kind.title_limit - len(times.encode())
            return _with(payload, kind.title, cut_bytes(_encodable(title), room, mark="…") + times)
        first, newline, rest = text.partition("\n")
        return self.with_text(payload, f"{first}{times}{newline}{rest}")

    def parse(self, text: str) -> Payload:
        """Read a rendered body.

        Raises:
            TemplateError: it is no JSON object with a ``msgtype`` and its part, a text or title is empty, or a list of
                people is none.
        """
        try:
            # Not strict: a template's own text may hold a raw newline inside a string; it is written back escaped.
            payload: Any = json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            raise TemplateError(f"the rendered body is no JSON: {error}") from None
        msgtype = payload.get("msgtype") if isinstance(payload, dict) else None
        if not isinstance(msgtype, str) or not isinstance(payload.get(msgtype), dict):
            raise TemplateError('the rendered body has no "msgtype" with an object of that name beside it')
        kind = self.types.get(msgtype)
        for field in (kind.field, kind.title) if kind else ():
            if field and not str(payload[msgtype].get(field) or "").strip():
                raise TemplateError(f'the rendered body has no "{field}" in its "{msgtype}"')
        checked: Payload = payload
        for name, people in self.people(checked).items():
            if people and not (isinstance(people, list) and all(isinstance(each, str | int) for each in people)):
                raise TemplateError(f'"{name}" in the rendered body is no list of texts')
        return checked

    def overflow(self, payload: Payload) -> int:
        """Return by how many bytes the text exceeds its limit; 0 where it fits."""
        kind, text = self.type_of(payload), self.text_of(payload)
        if kind is None or text is None:
            return 0
        return max(0, len(text.encode(errors="replace")) - kind.limit)

    def encode(self, payload: Payload) -> bytes:
        """Return the body's bytes, text and title within their limits, with a mark where they were cut; no markup cut
        in half.

        Raises:
            TemplateError: what else a template put into it makes it too long.
        """
        kind = self.type_of(payload)
        if kind and self.overflow(payload):
            text = _encodable(str(self.text_of(payload)))
            payload = self.with_text(payload, cut_content(text, kind.limit, markup=kind.markup))
        if kind and kind.title:
            title = _encodable(str(payload[payload["msgtype"]].get(kind.title) or ""))
            payload = _with(payload, kind.title, cut_bytes(title, kind.title_limit, mark="…"))
        body = json.dumps(payload, ensure_ascii=False).encode(errors="replace")
        if self.longest and len(body) > self.longest:
            raise TemplateError(f"the rendered body has {len(body)} bytes, more than {self.longest}")
        return body


def _with(payload: Payload, field: str, value: str) -> Payload:
    msgtype = payload["msgtype"]
    return {**payload, msgtype: {**payload[msgtype], field: value}}


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
