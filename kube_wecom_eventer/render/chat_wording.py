"""The words of a chat's route: its template, else the built-in body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.message import Message
from kube_wecom_eventer.render.renderer import Renderer
from kube_wecom_eventer.render.style import Style


class ChatWording:
    """``template`` names a ConfigMap; None means the built-in body, which has the route's ``style``.

    ``owners`` names the people in charge of a namespace, who are mentioned, too.
    """

    def __init__(
        self,
        *,
        renderer: Renderer,
        template: str | None,
        style: Style,
        owners: Callable[[str], Sequence[str]] = lambda _namespace: (),
    ) -> None:
        self._owners = owners
        self._renderer = renderer
        self._template = template
        self._style = style

    def message(self, items: Sequence[Merged]) -> Message:
        """See `Wording.message`."""
        people = self._people(items)
        style = self._style_with(people)
        if len(items) > 1:
            return self._renderer.digest(items, template=self._template, style=style, people=people)
        (item,) = items
        return self._renderer.render(item.event, template=self._template, style=style, count=item.count, people=people)

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:
        """Return the built-in body, where it was the template's that was refused."""
        if self._template is None:
            return None
        return self._renderer.after_refusal(
            items, template=self._template, problem=problem, style=self._style_with(self._people(items))
        )

    def _people(self, items: Sequence[Merged]) -> tuple[str, ...]:
        namespaces = dict.fromkeys(item.event.involved_object.namespace for item in items)
        return tuple(dict.fromkeys(person for namespace in namespaces for person in self._owners(namespace)))

    def _style_with(self, people: tuple[str, ...]) -> Style:
        if not people:
            return self._style
        return replace(self._style, mentioned_list=tuple(dict.fromkeys((*self._style.mentioned_list, *people))))
