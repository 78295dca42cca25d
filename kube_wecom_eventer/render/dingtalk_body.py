"""What a robot of a DingTalk group takes.

Source: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kube_wecom_eventer.render.bodies import Bodies, MessageType, Payload
from kube_wecom_eventer.render.markup import contained
from kube_wecom_eventer.render.style import LONGEST_MENTIONS, Style

LONGEST_BODY = 20_000
"""Bytes; a longer one is refused (460101: "exceed 20000 bytes")."""

_LONGEST_TEXT = 8_000
"""Bytes: in JSON a sign may take two, and whoever reads on a telephone stops before."""

_ALL = "@all"
_LISTS = ("atMobiles", "atUserIds")
_USERID = re.compile(r"[^\s@<>,]{1,64}")
_MOBILE = re.compile(r"\+?[0-9-]{5,20}")


def _people(payload: Payload) -> Mapping[str, Any]:
    at = payload.get("at")
    return {name: at.get(name) for name in _LISTS} if isinstance(at, dict) else {}


def _mention_line(_msgtype: str, style: Style) -> str:
    """Return ``@`` with each id and telephone number: in markdown DingTalk mentions only who is in the text, too."""
    mobiles, users = _mentioned(style)
    return " ".join(f"@{each}" for each in (*mobiles, *users))


def _mention_lists(payload: Payload, style: Style) -> Payload:
    mobiles, users = _mentioned(style)
    everybody = _ALL in (*style.mentioned_list, *style.mentioned_mobile_list)
    return _at(payload, [payload.get("at"), {"atMobiles": mobiles, "atUserIds": users, "isAtAll": everybody}])


def _join_mentions(first: Payload, payloads: Sequence[Payload]) -> Payload:
    return _at(first, [payload.get("at") for payload in payloads])


def _at(payload: Payload, found: Sequence[Any]) -> Payload:
    """Return the payload with the people of all ``at`` objects, as far as they are such."""
    ats = [each for each in found if isinstance(each, dict)]
    at: dict[str, Any] = {}
    for name in _LISTS:
        listed = [person for each in ats for person in each.get(name) or ()]
        if listed:
            at[name] = list(dict.fromkeys(listed))
    if any(each.get("isAtAll") is True for each in ats):
        at["isAtAll"] = True
    return {**payload, "at": at} if at else payload


def _mentioned(style: Style) -> tuple[list[str], list[str]]:
    """Return the telephone numbers and the userids that can be mentioned, as many as there is room for."""
    room = LONGEST_MENTIONS
    found: tuple[list[str], list[str]] = ([], [])
    for fitting, names, pattern in zip(
        found, (style.mentioned_mobile_list, style.mentioned_list), (_MOBILE, _USERID), strict=True
    ):
        for name in names:
            size = len(f" @{name}".encode())
            if name != _ALL and pattern.fullmatch(name) and size <= room:
                room -= size
                fitting.append(name)
    return found


def _doubts(style: Style) -> Iterator[str]:
    mobiles, users = _mentioned(style)
    for option, names, fitting, what in (
        ("mentioned_mobile_list", style.mentioned_mobile_list, mobiles, "telephone numbers or @all"),
        ("mentioned_list", style.mentioned_list, users, "userids of DingTalk or @all"),
    ):
        for name in names:
            if name != _ALL and name not in fitting:
                yield f"{option}={name} has no effect: write {what}, at most {LONGEST_MENTIONS} bytes of them all"


DINGTALK = Bodies(
    types={
        "text": MessageType(limit=_LONGEST_TEXT, look="text"),
        "markdown": MessageType(
            limit=_LONGEST_TEXT,
            look="commonmark",
            field="text",
            clean=contained,
            markup=True,
            title="title",
            title_limit=128,
        ),
    },
    people=_people,
    mention_line=_mention_line,
    mention_lists=_mention_lists,
    join_mentions=_join_mentions,
    doubts=_doubts,
    longest=LONGEST_BODY,
)
"""The title of a markdown stands in the notification, not in the chat."""
