"""The body in our own words: for sinks without a template, and where a template fails."""

from __future__ import annotations

from datetime import tzinfo

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.text import harmless
from kube_wecom_eventer.render.wecom_body import Payload

_SIGNS = {"Warning": "⚠️", "Normal": "ℹ️"}


def built_in_payload(event: Event, *, zone: tzinfo) -> Payload:
    """Return a text message: what and where in the first line, when and from whom, then the event's message."""
    about = event.involved_object
    where = f"{about.namespace}/{about.name}" if about.namespace else about.name
    happened = event.happened_at
    facts = [
        happened.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z") if happened else "",
        f"×{event.count}" if event.count > 1 else "",
        "@".join(filter(None, (event.source.component or event.reporting_component, event.source.host))),
    ]
    lines = [
        f"{_SIGNS.get(event.type, event.type)} {event.reason} · {about.kind} {where}",
        " · ".join(filter(None, facts)),
        event.message,
    ]
    return {"msgtype": "text", "text": {"content": harmless("\n".join(filter(None, lines)))}}
