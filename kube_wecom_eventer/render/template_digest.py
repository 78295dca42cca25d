"""A digest of texts that a user's template made: they are joined under one header line."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.render.built_in import times
from kube_wecom_eventer.render.built_in_digest import digest_header
from kube_wecom_eventer.render.digest import Merged, filled
from kube_wecom_eventer.render.labels import labels
from kube_wecom_eventer.render.markup import inert_line, inert_line_v2
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import harmless
from kube_wecom_eventer.render.wecom_body import CONTENT_LIMITS, MENTION_LISTS, Payload

_CLEAN = {"text": harmless, "markdown": inert_line, "markdown_v2": inert_line_v2}


def counted(payload: Payload, count: int) -> Payload:
    """Return the payload with `` ×N`` at the end of its content's first line, where it stands for more than one."""
    kind = payload["msgtype"]
    content = payload[kind].get("content")
    if count < 2 or kind not in CONTENT_LIMITS or not isinstance(content, str):
        return payload
    first, newline, rest = content.partition("\n")
    return {**payload, kind: {**payload[kind], "content": f"{first}{times(count)}{newline}{rest}"}}


def template_digest(items: Sequence[Merged], payloads: Sequence[Payload], *, style: Style) -> Payload | None:
    """Return the digest of the first items' payloads; None where they are not all of one type that has a content.

    The people that they mention are joined; the other fields are the first one's.
    """
    kinds = {payload["msgtype"] for payload in payloads}
    kind = next(iter(kinds))
    if len(kinds) > 1 or kind not in CONTENT_LIMITS:
        return None
    texts = {id(item): str(payload[kind]["content"]) for item, payload in zip(items, payloads, strict=False)}
    header = digest_header(items, style=style, kind=kind)
    joined = filled(
        items[: len(payloads)],
        line=lambda item: texts[id(item)],
        clean=_CLEAN[kind],
        words=labels(style.lang),
        room=CONTENT_LIMITS[kind] - len(header.encode()) - 1,
        between="\n\n" if kind != "text" else "\n",
        unlisted=items[len(payloads) :],
    )
    body = {**payloads[0][kind], "content": f"{header}\n{joined}"}
    for name in MENTION_LISTS:
        people = [person for payload in payloads for person in payload[kind].get(name) or ()]
        if people:
            body[name] = list(dict.fromkeys(people))
    return {**payloads[0], kind: body}
