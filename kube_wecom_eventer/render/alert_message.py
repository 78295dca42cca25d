"""A template of Alertmanager's kind over the alerts of one message: a chat's body, or only its text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from kube_wecom_eventer.alert import Alert, AlertEvent
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.alert_data import alert_data
from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.body_or_text import BodyOrText
from kube_wecom_eventer.render.built_in import times
from kube_wecom_eventer.render.built_in_digest import LOOKS
from kube_wecom_eventer.render.digest import Merged, sums_line, total
from kube_wecom_eventer.render.labels import labels
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.text import harmless

_MOST_SHOWN = 60
"""Alerts that a template is asked for; a message has room for fewer."""

_TRIES = 6
"""Times that a template is tried for a message, each with fewer alerts, if the ones before were too long."""

_MOST_STEPS = 50_000
"""Steps after which it is not tried again: others wait for the loop."""

Clean = Callable[[str], str]

if TYPE_CHECKING:
    from kube_wecom_eventer.render.go_template import GoAlertTemplate


class AlertMessages:
    """For one kind of chat, ``bodies``. ``zone``: of a time's ``Local``. ``now``: the wall clock."""

    def __init__(self, *, zone: tzinfo, now: Callable[[], datetime], bodies: Bodies) -> None:
        self._zone = zone
        self._now = now
        self._bodies = bodies
        self._steps = 0

    def payload(self, items: Sequence[Merged], template: GoAlertTemplate, *, style: Style) -> Payload:
        """Return the body of alerts: as many as there is room for, the others in a line of sums.

        Raises:
            TemplateError: the template fails on them.
        """
        alerts = [item.event.alert for item in items if isinstance(item.event, AlertEvent)]
        shown = min(len(alerts), _MOST_SHOWN)
        self._steps = 0
        for _ in range(_TRIES - 1):
            payload = self._of(alerts[:shown], items, template, style)
            kind, excess = self._bodies.type_of(payload), self._bodies.overflow(payload)
            if kind is None or not excess or shown == 1 or self._steps > _MOST_STEPS:
                return payload
            shown = max(1, min(shown - 1, shown * kind.limit // (kind.limit + excess)))
        return self._of(alerts[:shown], items, template, style)

    def _of(self, alerts: Sequence[Alert], items: Sequence[Merged], template: GoAlertTemplate, style: Style) -> Payload:
        """Render these first ones of the items; where that gives a type whose text has markup, again for that: what a
        body is shows only when it is there."""
        payload = self._rendered(alerts, template, style, clean=harmless)
        kind = self._bodies.type_of(payload)
        if kind and kind.clean is not harmless:
            payload = self._rendered(alerts, template, style, clean=kind.clean)
        payload = self._with_rest(payload, items[len(alerts) :], style)
        number = total(items)
        return self._bodies.counted(payload, times(number)) if number > len(alerts) else payload

    def _rendered(self, alerts: Sequence[Alert], template: GoAlertTemplate, style: Style, *, clean: Clean) -> Payload:
        writer = BodyOrText(clean=clean)
        self._steps += template.execute(alert_data(alerts, now=self._now()), writer, zone=self._zone)
        text = writer.result()
        return self._bodies.parse(text) if writer.is_body else self._made(text.strip(), style)

    def _made(self, text: str, style: Style) -> Payload:
        """Return the body of a text, in the style's type; a card has no room for one."""
        if not text:
            raise TemplateError("it makes an empty text")
        wanted = self._bodies.type_for(text, style.msgtype)
        kind = self._bodies.types.get(wanted)
        msgtype = wanted if kind and kind.look in LOOKS else "text"
        mentions = self._bodies.mention_line(msgtype, style)
        payload = self._bodies.made(
            msgtype, f"{text}\n\n{mentions}" if mentions else text, title=text.partition("\n")[0]
        )
        return self._bodies.mention_lists(payload, style)

    def _with_rest(self, payload: Payload, rest: Sequence[Merged], style: Style) -> Payload:
        """Return the payload with a line that sums what the template was not asked for."""
        kind, text = self._bodies.type_of(payload), self._bodies.text_of(payload)
        if not rest or kind is None or text is None or kind.look not in LOOKS:
            return payload
        line = sums_line(rest, labels(style.lang), LOOKS[kind.look].clean_sum)
        return self._bodies.with_text(payload, f"{text.rstrip()}\n{line}")
