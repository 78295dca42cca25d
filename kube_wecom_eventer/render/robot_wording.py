"""The words of a WeCom robot's route: its template, else the built-in body."""

from __future__ import annotations

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.render.message import Message
from kube_wecom_eventer.render.renderer import Renderer
from kube_wecom_eventer.render.style import Style


class RobotWording:
    """``template`` names a ConfigMap; None means the built-in body, which has the route's ``style``."""

    def __init__(self, *, renderer: Renderer, template: str | None, style: Style) -> None:
        self._renderer = renderer
        self._template = template
        self._style = style

    def message(self, event: Event) -> Message:
        """See `Wording.message`."""
        return self._renderer.render(event, template=self._template, style=self._style)

    def after_refusal(self, event: Event, problem: str) -> Message | None:
        """Return the built-in body, where it was the template's that was refused."""
        if self._template is None:
            return None
        return self._renderer.after_refusal(event, template=self._template, problem=problem, style=self._style)
