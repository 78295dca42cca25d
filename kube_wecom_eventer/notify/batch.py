"""What one message tells."""

from __future__ import annotations

from dataclasses import dataclass

from kube_wecom_eventer.alert import AlertEvent
from kube_wecom_eventer.notify.versions import Versions
from kube_wecom_eventer.render import Merged, Wording
from kube_wecom_eventer.sinks import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Events of one route. ``received_at``: when the oldest of them was read. ``versions``: what it settles."""

    route: str
    wording: Wording
    sink: Sink
    items: tuple[Merged, ...]
    received_at: float
    versions: Versions

    @property
    def count(self) -> int:
        """How many versions of events it stands for."""
        return sum(item.count for item in self.items)

    @property
    def alerts(self) -> list[Merged]:
        """Those of the items that are alerts."""
        return [item for item in self.items if isinstance(item.event, AlertEvent)]
