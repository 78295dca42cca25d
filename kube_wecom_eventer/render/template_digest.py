"""A digest of texts that a user's template made: they are joined under one header line."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.built_in_digest import LOOKS, digest_header
from kube_wecom_eventer.render.digest import Merged, filled
from kube_wecom_eventer.render.labels import labels
from kube_wecom_eventer.render.style import Style


def template_digest(
    items: Sequence[Merged], payloads: Sequence[Payload], *, style: Style, bodies: Bodies
) -> Payload | None:
    """Return the digest of the first items' payloads; None where they are not all of one type that a digest can have.

    The people that they mention are joined; the other fields are the first one's.
    """
    msgtypes = {payload["msgtype"] for payload in payloads}
    msgtype = next(iter(msgtypes))
    kind = bodies.types.get(msgtype)
    if len(msgtypes) > 1 or kind is None or kind.look not in LOOKS:
        return None
    texts = {id(item): bodies.text_of(payload) or "" for item, payload in zip(items, payloads, strict=False)}
    header = digest_header(items, style=style, look=kind.look)
    look = LOOKS[kind.look]
    joined = filled(
        items[: len(payloads)],
        line=lambda item: texts[id(item)],
        clean=look.clean_sum,
        words=labels(style.lang),
        room=kind.limit - len(header.encode()) - 1,
        between=look.between,
        unlisted=items[len(payloads) :],
    )
    if bodies.headed:
        # The header is the title, and one event's own is not the digest's.
        first = {name: value for name, value in payloads[0].items() if name != "title"}
        return bodies.with_text(first, joined)
    return bodies.join_mentions(bodies.with_text(payloads[0], f"{header}\n{joined}"), payloads)
