"""The words for a service of which it shows only before the first message what it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kube_wecom_eventer.apprise_library import MAIL, Form
from kube_wecom_eventer.render.digest import Merged
from kube_wecom_eventer.render.message import Message, Wording


class LateWording:
    """``form``: what the service takes, once that is known. ``make``: the words for it."""

    def __init__(self, *, form: Callable[[], Form | None], make: Callable[[Form], Wording]) -> None:
        self._form = form
        self._make = make
        self._made: tuple[Form, Wording] | None = None

    def message(self, items: Sequence[Merged]) -> Message:
        """See `Wording.message`."""
        return self._wording().message(items)

    def after_refusal(self, items: Sequence[Merged], problem: str) -> Message | None:
        """See `Wording.after_refusal`."""
        return self._wording().after_refusal(items, problem)

    def _wording(self) -> Wording:
        form = self._form() or MAIL
        if self._made is None or self._made[0] != form:
            self._made = form, self._make(form)
        return self._made[1]
