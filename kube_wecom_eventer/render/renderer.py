"""From an event to a message: the route's template where it works, else the built-in body. Never nothing."""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.built_in import built_in_payload
from kube_wecom_eventer.render.go_template import GoTemplate
from kube_wecom_eventer.render.json_writer import JsonWriter
from kube_wecom_eventer.render.message import Message
from kube_wecom_eventer.render.templates import Templates
from kube_wecom_eventer.render.text import cut_bytes, harmless
from kube_wecom_eventer.render.wecom_body import Payload, encode_payload, overflow, parse_payload


class Renderer:
    """Renders for WeCom robots. ``zone``: the time zone in which times are printed."""

    def __init__(self, *, templates: Templates, zone: tzinfo) -> None:
        self._templates = templates
        self._zone = zone

    def render(self, event: Event, *, template: str | None) -> Message:
        """Return the message of a route; a template that is missing or fails costs its layout, not the event."""
        parsed = self._templates.get(template) if template else None
        if template is None or parsed is None:
            return self.built_in(event)
        try:
            return Message(body=encode_payload(self._fitting(event, parsed)), built_in=False)
        except TemplateError as error:
            self._templates.failed(template, stage="render", problem=str(error))
            return self.built_in(event)

    def built_in(self, event: Event) -> Message:
        """Return the message in our own words."""
        return Message(body=encode_payload(built_in_payload(event, zone=self._zone)), built_in=True)

    def after_refusal(self, event: Event, *, template: str, problem: str) -> Message:
        """Return what to send where the destination refused the template's body."""
        self._templates.failed(template, stage="refused", problem=problem)
        return self.built_in(event)

    def _fitting(self, event: Event, template: GoTemplate) -> Payload:
        """Render, and where it is too long once more with a shorter message: what stands behind it is kept."""
        event = msgspec.structs.replace(event, message=harmless(event.message))
        payload = self._payload(event, template)
        excess = overflow(payload)
        size = len(event.message.encode())
        if excess and size > excess:
            shorter = msgspec.structs.replace(event, message=cut_bytes(event.message, size - excess))
            payload = self._payload(shorter, template)
        return payload

    def _payload(self, event: Event, template: GoTemplate) -> Payload:
        writer = JsonWriter()
        template.execute(event, writer, zone=self._zone)
        return parse_payload(writer.result())
