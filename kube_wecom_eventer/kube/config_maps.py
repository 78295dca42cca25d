"""One ConfigMap by name: its data now, and followed, each time that it changes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import aclosing

import msgspec
import structlog

from kube_wecom_eventer.errors import ApiError, Forbidden, Gone
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient, missing_rule
from kube_wecom_eventer.kube.watch import Backoff, watch_once

_LASTED = 5.0
"""Seconds after which a watch counts as one that worked."""

log = structlog.get_logger()


class _Meta(msgspec.Struct):
    resource_version: str = msgspec.field(name="resourceVersion", default="")
    labels: dict[str, str] | None = None


class ConfigMap(msgspec.Struct):
    """The part of a ConfigMap that we use."""

    metadata: _Meta
    data: dict[str, str] | None = None


class _ConfigMapList(msgspec.Struct):
    metadata: _Meta
    items: list[ConfigMap] | None = None


class _WatchLine(msgspec.Struct):
    type: str
    object: ConfigMap


_listing = msgspec.json.Decoder(_ConfigMapList)
_watch_line = msgspec.json.Decoder(_WatchLine)


def _decode(line: bytes) -> tuple[str, ConfigMap]:
    read = _watch_line.decode(line)
    return read.type, read.object


def _list_again(_line: bytes, error: Exception) -> None:
    """What the line said is lost; the list says how things stand."""
    raise ApiError(f"a watch line can't be read: {error}")


async def read_config_map(client: ApiClient, *, namespace: str, name: str) -> ConfigMap | None:
    """Return a ConfigMap as a follower would see it first; None where there is none.

    By a list, so that a right to get alone is not taken for enough. Raises ApiError.
    """
    return _only(await _list(client, f"/api/v1/namespaces/{namespace}/configmaps", name))


async def _list(client: ApiClient, path: str, name: str) -> _ConfigMapList:
    try:
        return _listing.decode(await client.get(path, _selector(name)))
    except UNREADABLE as error:
        raise ApiError(f"the list of ConfigMaps can't be read: {error}") from None


def _selector(name: str) -> dict[str, str]:
    return {"fieldSelector": f"metadata.name={name}"}


def _only(listing: _ConfigMapList) -> ConfigMap | None:
    return listing.items[0] if listing.items else None


class ConfigMapFollower:
    """Calls ``changed`` with the data of one ConfigMap, with None where there is no such ConfigMap.

    ``asked`` is set after the first answer of the API server, a refusal included: whoever waits for it waits for the
    attempt, not for the ConfigMap. ``name``: with its namespace. ``trouble`` says why it can't be read now, and what to
    grant; empty where it can.
    """

    def __init__(
        self,
        *,
        client: ApiClient,
        namespace: str,
        name: str,
        changed: Callable[[Mapping[str, str] | None], None],
        rng: random.Random | None = None,
    ) -> None:
        self._client = client
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"
        self._namespace, self._name = namespace, name
        self.name = f"{namespace}/{name}"
        self._changed = changed
        self._rng = rng or random.Random()  # noqa: S311 jitter protects nothing
        self.trouble = ""
        self.asked = asyncio.Event()

    async def follow(self) -> None:
        """Follow the ConfigMap through every failure; never ends by itself."""
        backoff = Backoff(rng=self._rng)
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            error: ApiError | None = None
            try:
                await self._attempt()
            except Gone:
                pass
            except ApiError as caught:
                error = caught
            finally:
                self.asked.set()
            self._say(error)
            if loop.time() - started >= _LASTED:
                backoff.reset()
            await asyncio.sleep(backoff.next(error))

    async def _attempt(self) -> None:
        listing = await _list(self._client, self._path, self._name)
        found = _only(listing)
        self._changed((found.data or {}) if found else None)
        self.asked.set()
        watch = watch_once(
            self._client,
            self._path,
            params=_selector(self._name),
            resource_version=listing.metadata.resource_version,
            decode=_decode,
            unreadable=_list_again,
            opened=lambda: self._say(None),
            rng=self._rng,
        )
        async with aclosing(watch) as lines:
            async for kind, item in lines:
                self._changed(None if kind == "DELETED" else item.data or {})

    def _say(self, error: ApiError | None) -> None:
        text = str(error or "")
        role = f"Role of namespace {self._namespace}"
        rule = missing_rule("configmaps", kind=role) if isinstance(error, Forbidden) else ""
        trouble = f"{text}; grant {rule}" if rule else text
        if trouble and trouble != self.trouble:
            hint = {"missing_rule": rule} if rule else {}
            detail = "what was read last stays in use"
            log.warning("config_map_unreadable", config_map=self.name, error=text, detail=detail, **hint)
        elif self.trouble and not trouble:
            log.info("config_map_readable", config_map=self.name)
        self.trouble = trouble
