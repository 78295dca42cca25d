"""A checkpoint in a ConfigMap, guarded by its resourceVersion."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from kube_wecom_eventer.errors import ApiError, CheckpointError, Conflict, Forbidden, NotFound
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient
from kube_wecom_eventer.kube.last_seen import LastSeen, fingerprint

KEY = "checkpoint.json"
LABELS = {"app.kubernetes.io/name": "kube-wecom-eventer", "app.kubernetes.io/managed-by": "kube-wecom-eventer"}

_ASIDE = re.compile(r"broken-[0-9a-f]{8}\.json")
_LARGEST = 1024 * 1024
"""Bytes of all values of a ConfigMap: https://kubernetes.io/docs/concepts/configuration/configmap/"""
_RESERVED = 256 * 1024
"""Bytes that a checkpoint may need: what is kept aside must leave them free."""
_TIMEOUT = 10.0
"""Seconds for one request."""
_ATTEMPTS = 3


class _ConfigMap(msgspec.Struct, rename="camel", omit_defaults=True):
    """All that a ConfigMap has, so that what is not ours goes back as it came."""

    metadata: dict[str, Any]
    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None
    immutable: bool | None = None

    @property
    def document(self) -> bytes | None:
        """The checkpoint in it."""
        text = (self.data or {}).get(KEY)
        return None if text is None else text.encode()


_config_map = msgspec.json.Decoder(_ConfigMap)


class ConfigMapStore:
    """Keeps the checkpoint under ``checkpoint.json`` of a ConfigMap; its other keys, labels and the like stay.

    ``writer`` is what the process's own documents have as ``writer``.
    """

    def __init__(self, *, client: ApiClient, namespace: str, name: str, writer: str) -> None:
        self.described = f"ConfigMap {namespace}/{name}"
        self._client = client
        self._namespace = namespace
        self._name = name
        self._seen = LastSeen(writer=writer, described=self.described)
        self._looked = False
        self._rest: _ConfigMap | None = None
        """The ConfigMap as last read or written, without the document; None: there is none. At most 1 MiB, as all."""
        self._one_at_a_time = asyncio.Lock()

    async def read(self) -> bytes | None:
        """Return the stored document, and take it over; None where there is none yet. Raises CheckpointError."""
        async with self._one_at_a_time:
            stored = await self._get()
            document = stored.document if stored else None
            self._seen.note(document)
            self._hold(stored)
            return document

    async def write(self, data: bytes) -> None:
        """Store the document. Raises NewerWriter, CheckpointError."""
        text = data.decode()
        async with self._one_at_a_time:
            if not self._looked:
                await self._look()
            for _ in range(_ATTEMPTS):
                others = (self._rest.data if self._rest else None) or {}
                if await self._stored({**others, KEY: text}):
                    self._seen.note(data)
                    return
                await self._look()
            raise self._restless()

    async def keep_aside(self, data: bytes) -> str:
        """Store what can't be read under a key of its own, and return which. Raises NewerWriter, CheckpointError."""
        key = f"broken-{fingerprint(data)}.json"
        text = data.decode(errors="replace")
        async with self._one_at_a_time:
            for _ in range(_ATTEMPTS):
                there = await self._look()
                if key in there or await self._stored(self._with_aside(there, key, text)):
                    return f"key {key} of {self.described}"
            raise self._restless()

    async def _look(self) -> dict[str, str]:
        """Take the newest resourceVersion; return the data. Raises NewerWriter where somebody else wrote since."""
        stored = await self._get()
        self._seen.check(stored.document if stored else None)
        data = dict((stored.data if stored else None) or {})
        self._hold(stored)
        return data

    async def _get(self) -> _ConfigMap | None:
        with self._failing("read"):
            try:
                return _decoded(await self._client.get(f"{self._path}/{self._name}", timeout=_TIMEOUT))
            except NotFound:
                return None

    async def _stored(self, data: dict[str, str]) -> bool:
        """Write the ConfigMap with this data, on what we know of it; False where that is no longer so."""
        with self._failing("written"):
            try:
                self._hold(_decoded(await self._send(data)))
            except Conflict:
                return False
        return True

    async def _send(self, data: dict[str, str]) -> bytes:
        if self._rest is not None:
            changed = msgspec.structs.replace(self._rest, data=data)
            try:
                path = f"{self._path}/{self._name}"
                return await self._client.send("PUT", path, msgspec.to_builtins(changed), timeout=_TIMEOUT)
            except NotFound:
                self._rest = None
        new = _ConfigMap(metadata={"name": self._name, "labels": LABELS}, data=data)
        return await self._client.send("POST", self._path, msgspec.to_builtins(new), timeout=_TIMEOUT)

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self._namespace}/configmaps"

    def _hold(self, stored: _ConfigMap | None) -> None:
        self._looked = True
        if stored:
            # The API server keeps its own account of these where a write has none.
            stored.metadata.pop("managedFields", None)
            stored.data = {key: text for key, text in (stored.data or {}).items() if key != KEY}
        self._rest = stored

    def _with_aside(self, data: Mapping[str, str], key: str, text: str) -> dict[str, str]:
        """Add what is kept aside, and let older ones go: all but one, that one too where there is no room."""
        rest = {name: value for name, value in data.items() if not _ASIDE.fullmatch(name)}
        older = {name: value for name, value in data.items() if _ASIDE.fullmatch(name)}
        binary = (self._rest.binary_data if self._rest else None) or {}
        for kept in (dict(list(older.items())[:1]), {}):
            wanted = {**rest, **kept, key: text}
            sizes = {name: len(value.encode()) for name, value in wanted.items()}
            sizes[KEY] = max(sizes.get(KEY, 0), _RESERVED)
            if sum(sizes.values()) + sum(len(value) * 3 // 4 for value in binary.values()) <= _LARGEST:
                return wanted
        raise CheckpointError(
            f"{self.described} has no room for {len(text.encode())} more bytes beside a checkpoint; it takes 1 MiB"
        )

    @contextmanager
    def _failing(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ApiError as error:
            hint = self._missing_rules() if isinstance(error, Forbidden) else ""
            raise CheckpointError(f"{self.described} can't be {doing}: {error}", hint=hint) from None

    def _missing_rules(self) -> str:
        # A name can't be granted for create: the request's path has none.
        # https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
        return (
            '{apiGroups: [""], resources: ["configmaps"], verbs: ["create"]}, '
            f'{{apiGroups: [""], resources: ["configmaps"], resourceNames: ["{self._name}"], '
            f'verbs: ["get", "update"]}}, in a Role of namespace {self._namespace}'
        )

    def _restless(self) -> CheckpointError:
        return CheckpointError(f"{self.described} can't be written: it changes again and again meanwhile")


def _decoded(body: bytes) -> _ConfigMap:
    try:
        return _config_map.decode(body)
    except UNREADABLE as error:
        raise ApiError(f"the answer is no ConfigMap: {error}") from None
