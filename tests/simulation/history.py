"""What the API server held of the daemons' own objects, and when: checkpoints and the Lease."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kube_wecom_eventer.demo.store import Key, ObjectStore
from tests.simulation.plan import CHECKPOINT

_CHECKPOINT = Key("configmaps", "default", CHECKPOINT)
_LEASE = Key("leases.coordination.k8s.io", "default", "kube-wecom-eventer")


@dataclass(frozen=True, kw_only=True)
class StoredCheckpoint:
    """Times are on the loop's clock. ``taken_at``: what had ended before is in it."""

    stored_at: float
    taken_at: float
    document: dict[str, Any]

    @property
    def writer(self) -> str:
        """Who wrote it."""
        return str(self.document["writer"])

    @property
    def inexact(self) -> bool:
        """Whether too much waited to be noted exactly."""
        return any(route.get("ranges") for route in self.document["streams"][""]["routes"].values())

    def covers(self, version: int) -> bool:
        """Whether a version lies where too much waited to be noted exactly."""
        routes = self.document["streams"][""]["routes"].values()
        return any(low <= version <= high for route in routes for low, high in route.get("ranges", ()))


class History:
    """Follows the store. A restore changes what there is without a write; it is seen with the next write."""

    def __init__(self, store: ObjectStore, *, epoch: datetime) -> None:
        self.checkpoints: list[StoredCheckpoint] = []
        self.holders: list[tuple[float, str]] = []
        self._store = store
        self._epoch = epoch.timestamp()
        self._seen: dict[Key, Any] = {}
        store.subscribe(self.look)

    def look(self) -> None:
        """Note what has changed."""
        now = asyncio.get_running_loop().time()
        if checkpoint := self._changed(_CHECKPOINT):
            document = msgspec.json.decode(checkpoint["data"]["checkpoint.json"])
            taken_at = document["writtenAt"] - self._epoch
            self.checkpoints.append(StoredCheckpoint(stored_at=now, taken_at=taken_at, document=document))
        if lease := self._changed(_LEASE):
            self.holders.append((now, lease["spec"].get("holderIdentity", "")))

    def checkpoint_at(self, moment: float) -> StoredCheckpoint | None:
        """Return the checkpoint that was stored then."""
        return next((each for each in reversed(self.checkpoints) if each.stored_at <= moment), None)

    def holder_at(self, moment: float) -> str:
        """Return who held the Lease then."""
        return next((holder for at, holder in reversed(self.holders) if at <= moment), "")

    def _changed(self, key: Key) -> Any:
        now = self._store.find(key)
        if now is self._seen.get(key):
            return None
        self._seen[key] = now
        return now
