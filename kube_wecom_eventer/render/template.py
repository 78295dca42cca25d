"""What every kind of template is to the rest of this room."""

from __future__ import annotations

from datetime import tzinfo
from typing import Protocol

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.json_writer import JsonWriter


class Template(Protocol):
    """A template that was parsed once and runs often."""

    def execute(self, event: Event, writer: JsonWriter, *, zone: tzinfo) -> None:
        """Write the template for an event, its times in ``zone``.

        Raises:
            TemplateError: it fails on this event, or a limit is reached; what was written is void then.
        """
