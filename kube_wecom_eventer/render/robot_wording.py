"""The words of a WeCom robot's route: its template, else the built-in body."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.message import Message
from kube_wecom_eventer.render.renderer import Renderer
from kube_wecom_eventer.render.style import Style


class RobotWording:
    """``template`` names a ConfigMap; None means the built-in body, which has the route's ``style``."""

    def __init__(self, *, renderer: Renderer, template: str | None, style: Style) -> None:
        self._renderer = renderer
        self._template = template
        self._style = style

    def message(self, items: Sequence[Merged]) -> Message:
        """See `Wording.message`."""
        if len(items) > 1:
            return self._renderer.digest(items, template=self._template, style=self._style)
        (item,) = items
        return self._renderer.render(item.event, template=self._template, style=self._style, count=item.count)

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:
        """Return the built-in body, where it was the template's that was refused."""
        if self._template is None:
            return None
        return self._renderer.after_refusal(items, template=self._template, problem=problem, style=self._style)
