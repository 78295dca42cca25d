"""People who are mentioned in a body that a user's template made, beside those whom the template mentions itself."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.render.style import Style, markdown_mentions
from kube_wecom_eventer.render.wecom_body import CONTENT_LIMITS, Payload


def mentioning(payload: Payload, people: Sequence[str]) -> Payload:
    """Return the body with these people mentioned too, as far as its type can do that.

    Text has a list for it; in markdown they follow the content, where there is room; other types mention nobody
    (https://developer.work.weixin.qq.com/document/path/99110).
    """
    kind = payload["msgtype"]
    if not people or kind not in ("text", "markdown"):
        return payload
    body = payload[kind]
    if kind == "text":
        listed = [*(body.get("mentioned_list") or ()), *people]
        return {**payload, kind: {**body, "mentioned_list": list(dict.fromkeys(listed))}}
    content = f"{body['content']}\n{markdown_mentions(Style(mentioned_list=tuple(people)))}"
    fits = len(content.encode()) <= CONTENT_LIMITS[kind]
    return {**payload, kind: {**body, "content": content}} if fits else payload
