"""People who are mentioned in a body that a user's template made, beside those whom the template mentions itself."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.style import Style


def mentioning(payload: Payload, people: Sequence[str], *, bodies: Bodies) -> Payload:
    """Return the body with these people mentioned too, as far as its type can do that.

    In lists, or behind its text, where there is room for them.
    """
    kind, text = bodies.type_of(payload), bodies.text_of(payload)
    if not people or kind is None or text is None:
        return payload
    style = Style(mentioned_list=tuple(people))
    if line := bodies.mention_line(payload["msgtype"], style):
        longer = f"{text}\n{line}"
        if len(longer.encode(errors="replace")) <= kind.limit:
            payload = bodies.with_text(payload, longer)
    return bodies.mention_lists(payload, style)
