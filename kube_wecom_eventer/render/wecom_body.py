"""WeCom's message bodies and their limits.

Source: https://developer.work.weixin.qq.com/document/path/99110 (group robot).
"""

from __future__ import annotations

import json
from typing import Any

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.cutting import cut_content

CONTENT_LIMITS = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}
"""Bytes of UTF-8 in ``content``, by message type; a longer markdown is refused whole (40058)."""

MARKDOWN = ("markdown", "markdown_v2")
"""The message types whose content has markup."""

MENTION_LISTS = ("mentioned_list", "mentioned_mobile_list")
"""The names of the lists of people in a text."""

Payload = dict[str, Any]


def parse_payload(text: str) -> Payload:
    """Read a rendered body.

    Raises:
        TemplateError: it is no JSON object with a ``msgtype`` and its part, its content is empty, or a list of people
            is none.
    """
    try:
        # Not strict: a template's own text may hold a raw newline inside a string; it is written back escaped.
        payload: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"the rendered body is no JSON: {error}") from None
    kind = payload.get("msgtype") if isinstance(payload, dict) else None
    if not isinstance(kind, str) or not isinstance(payload.get(kind), dict):
        raise TemplateError('the rendered body has no "msgtype" with an object of that name beside it')
    if kind in CONTENT_LIMITS and not str(payload[kind].get("content") or "").strip():
        raise TemplateError(f'the rendered body has no "content" in its "{kind}"')
    for name in MENTION_LISTS:
        people = payload[kind].get(name) if kind in CONTENT_LIMITS else None
        if people and not (isinstance(people, list) and all(isinstance(each, str | int) for each in people)):
            raise TemplateError(f'"{name}" in the rendered body is no list of texts')
    checked: Payload = payload
    return checked


def overflow(payload: Payload) -> int:
    """Return by how many bytes the content exceeds its limit; 0 where it fits."""
    kind = payload["msgtype"]
    content = payload[kind].get("content")
    if kind not in CONTENT_LIMITS or not isinstance(content, str):
        return 0
    return max(0, len(content.encode(errors="replace")) - CONTENT_LIMITS[kind])


def encode_payload(payload: Payload) -> bytes:
    """Return the body's bytes, its content within the limit, with a mark where it was cut; no markup cut in half."""
    if overflow(payload):
        kind = payload["msgtype"]
        content = payload[kind]["content"].encode(errors="replace").decode()
        content = cut_content(content, CONTENT_LIMITS[kind], markup=kind in MARKDOWN)
        payload = {**payload, kind: {**payload[kind], "content": content}}
    return json.dumps(payload, ensure_ascii=False).encode(errors="replace")
