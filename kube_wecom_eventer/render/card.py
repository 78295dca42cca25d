"""WeCom's card of text (``template_card`` with ``text_notice``) and the lengths that it shows.

Source: https://developer.work.weixin.qq.com/document/path/99110. The lengths there are advice, in Chinese signs; a
Latin letter is half as wide, so twice as many are let through.
"""

from __future__ import annotations

from kube_wecom_eventer.render.bodies import Payload
from kube_wecom_eventer.render.text import width

_TITLE = 26
_DESCRIPTION = 30
_TEXT = 112
_LABEL = 5
_VALUE = 26
_MOST_ROWS = 6


def card(
    *, title: str, times: str, description: str, text: str, rows: tuple[tuple[str, str], ...], url: str
) -> Payload:
    """Return a card's body; each text is cut, with an ellipsis, to the length that WeCom advises.

    times: stands behind the title, whole.
    url: where a tap on the card leads. WeCom demands one for this kind of card (``card_action``, type 1), and an
    event has none: the built-in messages name Kubernetes' own page on finding faults, in the message's language,
    which is public, needs no login and tells a third party nothing about the cluster.
    """
    body: Payload = {
        "card_type": "text_notice",
        "main_title": {
            "title": _narrow(title, _TITLE - (len(times) + 1) // 2) + times,
            "desc": _narrow(description, _DESCRIPTION),
        },
        "horizontal_content_list": [
            {"keyname": _narrow(label, _LABEL), "value": _narrow(value, _VALUE)} for label, value in rows[:_MOST_ROWS]
        ],
        "card_action": {"type": 1, "url": url},
    }
    if text:
        body["sub_title_text"] = _narrow(text, _TEXT)
    return {"msgtype": "template_card", "template_card": body}


def _narrow(text: str, signs: int) -> str:
    """Return the text within the width of that many Chinese signs, with an ellipsis where it was cut."""
    room = 2 * signs
    taken = 0
    fitting = 0
    for index, character in enumerate(text):
        taken += width(character)
        if taken > room:
            return text[:fitting] + "…"
        if taken <= room - width("中"):
            fitting = index + 1
    return text
