"""The objects of the demo cluster and the history of their changes: what etcd is to the real API server.

Owns the one cluster-wide revision, the order of changes, compaction and restoring. Knows nothing of HTTP,
of selectors or of what makes an object valid. An object that was stored is never changed in place: whoever
reads one must not change it either.
"""

from __future__ import annotations

import bisect
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal, NamedTuple

from kube_wecom_eventer.demo.status import (
    JsonObject,
    already_exists,
    conflict,
    expired_list,
    expired_watch,
    not_found,
)

HISTORY_LIMIT = 20_000  # changes kept for watches and paged lists; the oldest are compacted away
FIRST_REVISION = 100

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
Listener = Callable[[], None]


class Key(NamedTuple):
    """Where an object is: ``resource`` as ``leases.coordination.k8s.io``; ``namespace`` may be empty."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One write. ``now`` is the object after it (DELETED: its last state, with the deletion's revision)."""

    revision: int
    type: ChangeType
    key: Key
    now: JsonObject
    before: JsonObject | None


class ObjectStore:
    """Objects by key. Every write raises ``revision`` by one and is told to the listeners at once."""

    def __init__(self, *, clock: Callable[[], datetime], random: Random, history_limit: int = HISTORY_LIMIT) -> None:
        self._clock = clock
        self._random = random
        self._history_limit = history_limit
        self._objects: dict[Key, JsonObject] = {}
        self._written: dict[Key, datetime] = {}
        self._history: list[Change] = []
        self._listeners: set[Listener] = set()
        self._compacted = FIRST_REVISION
        self.revision = FIRST_REVISION

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change; the returned callable ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def get(self, key: Key) -> JsonObject:
        """The object; StatusError 404 where there is none."""
        try:
            return self._objects[key]
        except KeyError:
            raise not_found(key.resource, key.name) from None

    def find(self, key: Key) -> JsonObject | None:
        """The object, or None."""
        return self._objects.get(key)

    def list(self, resource: str, namespace: str = "", *, at: int | None = None) -> list[JsonObject]:
        """The objects of one resource (and namespace, unless empty) by namespace and name.

        ``at``: as they were at that revision; StatusError 410 when it is compacted.
        """
        objects = self._objects if at is None or at == self.revision else self._as_of(at)
        keys = (key for key in objects if key.resource == resource and namespace in ("", key.namespace))
        return [objects[key] for key in sorted(keys)]

    def create(self, key: Key, content: JsonObject) -> JsonObject:
        """Store a new object with a uid, a creation time and a revision; StatusError 409 where one exists."""
        if key in self._objects:
            raise already_exists(key.resource, key.name)
        identity = {
            "uid": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "creationTimestamp": _seconds(self._clock()),
        }
        return self._write("ADDED", key, content, identity)

    def update(self, key: Key, content: JsonObject, *, expected: str = "") -> JsonObject:
        """Replace an object's content; ``expected`` is the resourceVersion that it must have, if any.

        A content that changes nothing is no write: no new revision, nothing for the watches. The real
        server does the same, so a heartbeat that rewrites the same text is not seen by anybody.
        """
        before = self.get(key)
        metadata = before["metadata"]
        if expected not in ("", metadata["resourceVersion"]):
            raise conflict(key.resource, key.name)
        identity = {name: metadata[name] for name in ("uid", "creationTimestamp")}
        if _with_metadata(content, {**identity, "resourceVersion": metadata["resourceVersion"]}) == before:
            return before
        return self._write("MODIFIED", key, content, identity)

    def delete(self, key: Key) -> JsonObject:
        """Remove an object and return its last state; StatusError 404 where there is none."""
        before = self.get(key)
        self.revision += 1
        del self._objects[key], self._written[key]
        last = _with_metadata(before, {"resourceVersion": str(self.revision)})
        self._record(Change(self.revision, "DELETED", key, last, before))
        return before

    def expire(self, resource: str, *, older_than: timedelta) -> int:
        """Delete what was last written longer ago, as the real server does with events after an hour."""
        limit = self._clock() - older_than
        old = [key for key, when in self._written.items() if key.resource == resource and when < limit]
        for key in old:
            self.delete(key)
        return len(old)

    def since(self, revision: int) -> Iterator[Change]:
        """The changes after ``revision``, oldest first; StatusError 410 when some of them are compacted.

        A watch needs the change *after* its position, so one compacted revision alone does no harm: etcd
        answers the same.
        """
        if revision + 1 < self._compacted:
            raise expired_watch()
        start = bisect.bisect_right(self._history, revision, key=_revision)
        yield from self._history[start:]

    def is_compacted(self, revision: int) -> bool:
        """Whether the state at ``revision`` is forgotten."""
        return revision < self._compacted

    def compact(self) -> int:
        """Forget the history up to now and return the revision: older positions get 410 from here on."""
        self._compacted = self.revision
        self._history = self._history[-1:]  # a watch from the revision just before is still answered
        return self.revision

    def restore(self, revision: int) -> None:
        """Go back to an earlier revision, as a cluster restored from a backup: later writes never happened.

        StatusError 410 when that revision is compacted. Listeners are not told: as after a real restore, a
        watch from a position that is now in the future is simply silent.
        """
        self._objects = self._as_of(revision)
        self._written = {key: self._clock() for key in self._objects}
        self._history = [change for change in self._history if change.revision <= revision]
        self.revision = revision

    def _write(self, kind: ChangeType, key: Key, content: JsonObject, identity: JsonObject) -> JsonObject:
        self.revision += 1
        new = _with_metadata(content, {**identity, "resourceVersion": str(self.revision)})
        before = self._objects.get(key)
        self._objects[key] = new
        self._written[key] = self._clock()
        self._record(Change(self.revision, kind, key, new, before))
        return new

    def _record(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > 2 * self._history_limit:  # rarely, since it copies the list
            self._history = self._history[-self._history_limit :]
            self._compacted = self._history[0].revision
        for listener in tuple(self._listeners):
            listener()

    def _as_of(self, revision: int) -> dict[Key, JsonObject]:
        if self.is_compacted(revision):
            raise expired_list()
        objects = dict(self._objects)
        for change in reversed(self._history):
            if change.revision <= revision:
                break
            if change.before is None:
                objects.pop(change.key, None)
            else:
                objects[change.key] = change.before
        return objects


def _revision(change: Change) -> int:
    return change.revision


def _with_metadata(content: JsonObject, metadata: JsonObject) -> JsonObject:
    return {**content, "metadata": {**content["metadata"], **metadata}}


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
