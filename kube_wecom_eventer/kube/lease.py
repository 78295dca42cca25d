"""One Lease of coordination.k8s.io/v1: read, written on its resourceVersion, watched.

The fields: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.errors import ApiError, NotFound
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient
from kube_wecom_eventer.kube.watch import watch_once

GROUP = "coordination.k8s.io"
_INT32 = 2**31 - 1
"""The highest number that a Lease's fields can hold."""


class Lease(msgspec.Struct, frozen=True):
    """A Lease as it is stored. Anybody may write one, so nothing in it is taken for granted."""

    metadata: dict[str, Any] = {}
    spec: Any = None

    @property
    def resource_version(self) -> str:
        """The version that a watch goes on from."""
        return str(self.metadata.get("resourceVersion", ""))

    @property
    def holder(self) -> str:
        """Who holds it; empty: nobody."""
        holder = self.fields.get("holderIdentity")
        return holder if isinstance(holder, str) else ""

    @property
    def seconds(self) -> int:
        """How long a renewal holds; 0 where the Lease does not say."""
        return min(max(0, self._number("leaseDurationSeconds")), _INT32)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The spec, empty where there is none."""
        return self.spec if isinstance(self.spec, dict) else {}

    def held_by(self, identity: str, *, seconds: int, now: datetime) -> dict[str, Any]:
        """Return the spec that says: ``identity`` (empty: nobody) holds it for ``seconds`` from ``now`` on.

        What the spec says besides stays, as do the acquisition's time and number where the holder stays the same.
        """
        time = micro_time(now)
        ours = {"holderIdentity": identity, "leaseDurationSeconds": seconds, "renewTime": time}
        if identity != self.holder or not self.fields.get("acquireTime"):
            ours["acquireTime"] = time
        if identity not in ("", self.holder):
            ours["leaseTransitions"] = min(self._number("leaseTransitions") + 1, _INT32) if self.metadata else 0
        return {**self.fields, **ours}

    def _number(self, name: str) -> int:
        value = self.fields.get(name)
        return value if isinstance(value, int) else 0


class _WatchLine(msgspec.Struct):
    type: str
    object: Lease


_lease = msgspec.json.Decoder(Lease)
_watch_line = msgspec.json.Decoder(_WatchLine)


def micro_time(when: datetime) -> str:
    """Return a MicroTime: six digits, no more and no fewer; the API server refuses others."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class LeaseObject:
    """The Lease of one name on one API server."""

    def __init__(self, *, client: ApiClient, name: ObjectName, rng: random.Random) -> None:
        self._client = client
        self._name = name
        self._rng = rng
        self._all = f"/apis/{GROUP}/v1/namespaces/{name.namespace}/leases"
        self._path = f"{self._all}/{name.name}"

    async def read(self, *, timeout: float) -> Lease | None:
        """Return the Lease, None where there is none. Raises ApiError."""
        try:
            return _decoded(await self._client.get(self._path, timeout=timeout))
        except NotFound:
            return None

    async def write(self, spec: Mapping[str, Any], *, over: Lease | None, timeout: float) -> Lease:
        """Write ``spec`` in the place of ``over``; None creates the Lease.

        Raises:
            Conflict: the Lease is no longer the one that was read. So of several writers only one succeeds.
            ApiError: any other failure. Without an answer, the write may have had its effect.
        """
        kind: dict[str, Any] = {"apiVersion": f"{GROUP}/v1", "kind": "Lease"}
        if over is None:
            metadata = {"namespace": self._name.namespace, "name": self._name.name}
            body = {**kind, "metadata": metadata, "spec": spec}
            return _decoded(await self._client.send("POST", self._all, body, timeout=timeout))
        body = {**kind, "metadata": over.metadata, "spec": spec}
        return _decoded(await self._client.send("PUT", self._path, body, timeout=timeout))

    def watch(self, *, after: Lease, opened: Callable[[], None]) -> AsyncGenerator[tuple[str, Lease], None]:
        """Yield the type and object of each change, until the server ends the watch.

        Raises what `watch_once` raises; a line that can't be read is an ApiError, because it may have been the change.
        """
        return watch_once(
            self._client,
            self._all,
            # With the name RBAC lets a rule's resourceNames count for a watch, too.
            params={"fieldSelector": f"metadata.name={self._name.name}"},
            resource_version=after.resource_version,
            decode=_decode_line,
            unreadable=_unreadable,
            opened=opened,
            rng=self._rng,
        )


def _decoded(body: bytes) -> Lease:
    try:
        return _lease.decode(body)
    except UNREADABLE as error:
        raise ApiError(f"the Lease can't be read: {error}") from None


def _decode_line(line: bytes) -> tuple[str, Lease]:
    read = _watch_line.decode(line)
    return read.type, read.object


def _unreadable(_line: bytes, error: Exception) -> None:
    raise ApiError(f"a watch line can't be read: {error}")
