"""What WeCom takes: from a robot of a group, and from an application.

Sources: https://developer.work.weixin.qq.com/document/path/99110 (robot) and path/90236 (application).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kube_wecom_eventer.render.bodies import Bodies, MessageType, Payload
from kube_wecom_eventer.render.markup import contained, tagless
from kube_wecom_eventer.render.style import Style, markdown_mentions, style_doubts

MARK_ROOM = 36
"""Bytes of an application's text that are left for the sink: it marks each message, so that WeCom can tell a message
that is sent once more from another one with the same text."""

MENTION_LISTS = ("mentioned_list", "mentioned_mobile_list")
"""The names of the lists of people in a text."""


def _people(payload: Payload) -> Mapping[str, Any]:
    part = payload[payload["msgtype"]] if payload["msgtype"] in ROBOT.types else {}
    return {name: part.get(name) for name in MENTION_LISTS}


def _mention_line(msgtype: str, style: Style) -> str:
    return markdown_mentions(style) if msgtype == "markdown" else ""


def _mention_lists(payload: Payload, style: Style) -> Payload:
    """Text has lists for it; other types have none."""
    if payload["msgtype"] != "text":
        return payload
    lists = {"mentioned_list": style.mentioned_list, "mentioned_mobile_list": style.mentioned_mobile_list}
    return _with_lists(payload, [payload["text"], lists])


def _join_mentions(first: Payload, payloads: Sequence[Payload]) -> Payload:
    return _with_lists(first, [payload[first["msgtype"]] for payload in payloads])


def _with_lists(payload: Payload, having: Sequence[Mapping[str, Any]]) -> Payload:
    """Return the payload with the people of all these lists."""
    kind = payload["msgtype"]
    listed = {name: [person for each in having for person in each.get(name) or ()] for name in MENTION_LISTS}
    lists = {name: list(dict.fromkeys(people)) for name, people in listed.items() if people}
    return {**payload, kind: {**payload[kind], **lists}}


ROBOT = Bodies(
    types={
        "text": MessageType(limit=2048, look="text"),
        "markdown": MessageType(limit=4096, look="markdown", clean=contained, markup=True),
        "markdown_v2": MessageType(limit=4096, look="markdown_v2", clean=contained, markup=True),
    },
    people=_people,
    mention_line=_mention_line,
    mention_lists=_mention_lists,
    join_mentions=_join_mentions,
    doubts=style_doubts,
)
"""A markdown that is longer is refused whole (40058)."""


def _nobody(_msgtype: str, _style: Style) -> str:
    return ""


def _unchanged(payload: Payload, _people: object) -> Payload:
    return payload


def _application_doubts(style: Style) -> Iterator[str]:
    for name, people in (
        ("mentioned_list", style.mentioned_list),
        ("mentioned_mobile_list", style.mentioned_mobile_list),
    ):
        if people:
            yield f"{name} has no effect: an application's message mentions nobody; name its receivers in to_user="


APPLICATION = Bodies(
    types={
        "text": MessageType(limit=2048 - MARK_ROOM, look="text_with_tags", clean=tagless, markup=True),
        "markdown": MessageType(limit=2048 - MARK_ROOM, look="markdown", clean=contained, markup=True),
        "textcard": MessageType(
            limit=512 - MARK_ROOM,
            look="textcard",
            field="description",
            clean=tagless,
            markup=True,
            title="title",
            title_limit=128,
            title_first=True,
        ),
    },
    people=lambda _payload: {},
    mention_line=_nobody,
    mention_lists=_unchanged,
    join_mentions=_unchanged,
    doubts=_application_doubts,
)
"""A text may hold ``<a href>``, a textcard ``<div>`` and ``<br>``."""
