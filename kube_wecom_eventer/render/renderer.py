"""From an event to a message: the route's template where it works, else the built-in body. Never nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.alert_message import AlertMessages
from kube_wecom_eventer.render.bodies import Bodies, Payload
from kube_wecom_eventer.render.built_in import built_in_payload, times
from kube_wecom_eventer.render.built_in_digest import built_in_digest
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.message import Message
from kube_wecom_eventer.render.people import mentioning
from kube_wecom_eventer.render.style import Style
from kube_wecom_eventer.render.template import Template
from kube_wecom_eventer.render.template_digest import template_digest
from kube_wecom_eventer.render.templates import Templates
from kube_wecom_eventer.render.text import cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import ROBOT

_DEFAULT = Style()
_MOST_RENDERED = 500
"""Groups of a digest that a template is asked for; a message has room for some dozens."""
_MOST_STEPS = 50_000
"""Steps of a template after which a digest asks it for no further group: others wait for the loop."""
_SHORTENINGS = 3
_SHORTEST_MESSAGE = 64


class Renderer:
    """Renders for one kind of chat, ``bodies``. ``zone``: the time zone in which times are printed. ``now``: the wall
    clock."""

    def __init__(
        self,
        *,
        templates: Templates,
        zone: tzinfo,
        bodies: Bodies = ROBOT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._templates = templates
        self._zone = zone
        self._bodies = bodies
        self._alerts = AlertMessages(zone=zone, now=now, bodies=bodies)
        self._steps = 0

    def render(
        self,
        event: Event,
        *,
        template: str | None,
        style: Style = _DEFAULT,
        count: int = 1,
        people: Sequence[str] = (),
    ) -> Message:
        """Return the message of a route; a template that is missing or fails costs its layout, not the event.

        style: how the message looks where there is no template. count: how many versions of events it stands for;
        from 2 on the first line says so. people: whom a template's body mentions besides its own.
        """
        if isinstance(event, AlertEvent):
            return self._of_alerts([Merged(event, count)], template=template, style=style, people=people)
        parsed = self._templates.get(template) if template else None
        if template is None or parsed is None:
            return self.built_in(event, style=style, count=count)
        try:
            payload = mentioning(self._fitting(event, parsed, count), people, bodies=self._bodies)
            return self._message(payload, [Merged(event, count)], style, built_in=False)
        except TemplateError as error:
            self._templates.failed(template, stage="render", problem=str(error))
            return self.built_in(event, style=style, count=count)

    def digest(
        self, items: Sequence[Merged], *, template: str | None, style: Style = _DEFAULT, people: Sequence[str] = ()
    ) -> Message:
        """Return one message for several groups of events: of the texts that the template makes, else in our words."""
        if isinstance(items[0].event, AlertEvent):
            return self._of_alerts(items, template=template, style=style, people=people)
        parsed = self._templates.get(template) if template else None
        if template is None or parsed is None:
            return self.built_in_digest(items, style=style)
        try:
            payloads = []
            self._steps = 0
            for item in items[:_MOST_RENDERED]:
                payloads.append(self._payload(item.event, parsed, item.count))
                if self._steps > _MOST_STEPS:
                    break
            payload = template_digest(items, payloads, style=style, bodies=self._bodies)
            if payload is None:
                return self.built_in_digest(items, style=style)
            payload = mentioning(payload, people, bodies=self._bodies)
            return self._message(payload, items, style, built_in=False)
        except TemplateError as error:
            self._templates.failed(template, stage="render", problem=str(error))
            return self.built_in_digest(items, style=style)

    def uncut(self, event: Event, *, template: str, count: int = 1) -> Payload | None:
        """Return the body that a template makes before anything of it is cut; None where it fails, or is missing."""
        parsed = self._templates.get(template)
        if parsed is None:
            return None
        try:
            return self._payload(msgspec.structs.replace(event, message=harmless(event.message)), parsed, count)
        except TemplateError:
            return None

    def built_in(self, event: Event, *, style: Style = _DEFAULT, count: int = 1) -> Message:
        """Return the message in our own words."""
        payload = built_in_payload(event, style=style, zone=self._zone, count=count, bodies=self._bodies)
        return self._message(payload, [Merged(event, count)], style, built_in=True)

    def built_in_digest(self, items: Sequence[Merged], *, style: Style = _DEFAULT) -> Message:
        """Return the digest in our own words."""
        return self._message(built_in_digest(items, style=style, bodies=self._bodies), items, style, built_in=True)

    def after_refusal(
        self, items: Sequence[Merged], *, template: str, problem: str, style: Style = _DEFAULT
    ) -> Message:
        """Return what to send where the destination refused the template's body."""
        templates = self._templates.alerts if isinstance(items[0].event, AlertEvent) else self._templates
        templates.failed(template, stage="refused", problem=problem)
        return self._built_in(items, style)

    def _built_in(self, items: Sequence[Merged], style: Style) -> Message:
        if len(items) > 1:
            return self.built_in_digest(items, style=style)
        return self.built_in(items[0].event, style=style, count=items[0].count)

    def _message(self, payload: Payload, items: Sequence[Merged], style: Style, *, built_in: bool) -> Message:
        finished = self._bodies.finished(payload, items, style=style, zone=self._zone)
        return Message(body=self._bodies.encode(finished), built_in=built_in)

    def _of_alerts(
        self, items: Sequence[Merged], *, template: str | None, style: Style, people: Sequence[str]
    ) -> Message:
        """Return the message of alerts: by their own template, for all of them at once, else in our words."""
        parsed = self._templates.alerts.get(template) if template else None
        if template is None or parsed is None:
            return self._built_in(items, style)
        try:
            payload = mentioning(self._alerts.payload(items, parsed, style=style), people, bodies=self._bodies)
            return self._message(payload, items, style, built_in=False)
        except TemplateError as error:
            self._templates.alerts.failed(template, stage="render", problem=str(error))
            return self._built_in(items, style)

    def _fitting(self, event: Event, template: Template, count: int) -> Payload:
        """Render, and where it is too long again with a shorter message: what stands behind it is kept.

        More than once, because a template may print the message twice, and markdown makes some signs longer.
        """
        event = msgspec.structs.replace(event, message=harmless(event.message))
        payload = self._payload(event, template, count)
        for _ in range(_SHORTENINGS):
            excess = self._bodies.overflow(payload)
            size = len(event.message.encode())
            if not excess or size <= _SHORTEST_MESSAGE:
                break
            shorter = cut_bytes(event.message, max(_SHORTEST_MESSAGE, size - excess))
            event = msgspec.structs.replace(event, message=shorter)
            payload = self._payload(event, template, count)
        return payload

    def _payload(self, event: Event, template: Template, count: int) -> Payload:
        """Render; where that gives a type whose text has markup, again for that: what a body is shows only when it is
        there."""
        payload = self._rendered(event, template, clean=harmless)
        kind = self._bodies.type_of(payload)
        if kind and kind.clean is not harmless:
            payload = self._rendered(event, template, clean=kind.clean)
        return self._bodies.counted(payload, times(count))

    def _rendered(self, event: Event, template: Template, *, clean: Callable[[str], str]) -> Payload:
        writer = self._bodies.writer(clean)
        self._steps += template.execute(event, writer, zone=self._zone)
        return self._bodies.parse(writer.result())
