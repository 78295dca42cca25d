"""All objects of one kind that bear a label, followed: each as it is now, each time that it changes, and its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from math import inf
from typing import NoReturn

import msgspec
import structlog

from kube_wecom_eventer.errors import ApiError, Forbidden, Gone
from kube_wecom_eventer.event import revision
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient, missing_rule
from kube_wecom_eventer.kube.watch import Backoff, watch_once

_PAGE = 10
"""Objects in a page of a list. The API server stores at most about 1 MiB of each."""
_LASTED = 5.0
"""Seconds after which a watch counts as one that worked, so that the next one follows soon."""

log = structlog.get_logger()


class LabelledObject(msgspec.Struct, frozen=True):
    """What we use of an object. ``namespace`` is empty for a kind without namespaces, ``data`` for one without data."""

    namespace: str
    name: str
    uid: str
    labels: dict[str, str]
    annotations: dict[str, str]
    data: dict[str, str]


class _Identity(msgspec.Struct, rename="camel"):
    """The metadata without which nothing can be said of an object. A bookmark has the version only."""

    namespace: str = ""
    name: str = ""
    resource_version: str = ""


class _Identified(msgspec.Struct):
    metadata: _Identity


class _Meta(msgspec.Struct):
    uid: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Meta
    data: dict[str, str] | None = None


class _ListMeta(msgspec.Struct, rename={"resource_version": "resourceVersion", "continue_": "continue"}):
    resource_version: str = ""
    continue_: str = ""


class _List(msgspec.Struct):
    """``items`` are read one by one, so that one that can't be read costs itself only."""

    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _WatchLine(msgspec.Struct):
    type: str
    object: msgspec.Raw


_Key = tuple[str, str]
"""Namespace and name."""
_Heard = tuple[_Identity, msgspec.Raw]

_list = msgspec.json.Decoder(_List)
_watch_line = msgspec.json.Decoder(_WatchLine)
_identified = msgspec.json.Decoder(_Identified)
_object = msgspec.json.Decoder(_Object)


def _identity(raw: msgspec.Raw) -> _Identity:
    identity = _identified.decode(raw).metadata
    if not identity.name:
        raise msgspec.ValidationError("an object has no name")
    return identity


def _decode(line: bytes) -> tuple[str, _Heard]:
    read = _watch_line.decode(line)
    if read.type == "ERROR":
        return read.type, (_Identity(), read.object)
    nameless = read.type == "BOOKMARK"
    return read.type, (_identified.decode(read.object).metadata if nameless else _identity(read.object), read.object)


class LabelledFollower:
    """Calls ``changed`` with each object that the ``selector`` selects, and ``gone`` with namespace and name.

    ``path``: of the kind, in all namespaces or in one. ``selector``: a labelSelector, empty for all objects.
    ``subject``: begins the log's events, as in ``routes_unreadable`` and ``routes_readable``.

    An interruption disturbs nothing: the list after it tells only what is different. An object that loses the label
    is gone. One that can't be read is said and not told; what was told of it before stays, and ``gone`` tells its end
    also where it was never told. Memory holds a version for each object, and one page of a list.

    ``synced`` is set after the first complete list. ``asked`` is set after the first attempt at it, a refused one
    included. ``trouble`` says what is wrong now, and what to grant; it is empty while a watch is open.
    """

    def __init__(
        self,
        *,
        client: ApiClient,
        path: str,
        selector: str,
        subject: str,
        changed: Callable[[LabelledObject], None],
        gone: Callable[[str, str], None],
        rng: random.Random | None = None,
    ) -> None:
        self._client = client
        self._path = path
        self._selector: dict[str, str | int] = {"labelSelector": selector} if selector else {}
        self._subject = subject
        self._changed = changed
        self._gone = gone
        self._rng = rng or random.Random()  # noqa: S311 jitter protects nothing
        self._known: dict[_Key, str] = {}
        """The version of each object that was last heard of."""
        self._position = 0
        self._must_list = True
        self._opened_at = inf
        self.trouble = ""
        self.synced = asyncio.Event()
        self.asked = asyncio.Event()

    async def follow(self) -> None:
        """Follow the objects through every failure; never ends by itself."""
        backoff = Backoff(rng=self._rng)
        loop = asyncio.get_running_loop()
        while True:
            error: ApiError | None = None
            lists, self._opened_at = self._must_list, inf
            try:
                await self._attempt()
            except Gone:
                self._must_list = True
                if not lists:
                    # The server answers: after a long outage nobody should wait for the list as for an answer.
                    continue
            except ApiError as caught:
                error = caught
            finally:
                self.asked.set()
            self._say(error)
            if loop.time() - self._opened_at >= _LASTED:
                backoff.reset()
            await asyncio.sleep(backoff.next(error))

    async def _attempt(self) -> None:
        """List where that is needed, then watch once."""
        # A server that was restored from an older state answers a watch from its future with silence.
        lists = self._must_list or await self._latest() < self._position
        # Until a watch opens: who can list and not watch hears of changes by lists, late, but at all.
        self._must_list = True
        if lists:
            await self._list_all()
        watch = watch_once(
            self._client,
            self._path,
            # Bookmarks keep the position fresh while nothing changes, so that it can be resumed from.
            params={**self._selector, "allowWatchBookmarks": "true"},
            resource_version=str(self._position),
            decode=_decode,
            unreadable=self._list_again,
            opened=self._open,
            rng=self._rng,
        )
        async with aclosing(watch) as lines:
            async for kind, (identity, raw) in lines:
                if kind in ("ADDED", "MODIFIED"):
                    self._hear(identity, raw)
                elif kind == "DELETED":
                    self._forget((identity.namespace, identity.name))
                self._position = max(self._position, revision(identity.resource_version))

    async def _latest(self) -> int:
        """Ask for the server's newest resourceVersion: without the selector, which may make it read all objects."""
        return revision((await self._page({"limit": 1})).metadata.resource_version)

    async def _list_all(self) -> None:
        """Tell what differs from what was last heard, then take the list's position."""
        params = {**self._selector, "limit": _PAGE}
        start = 0
        there: set[_Key] = set()
        while True:
            page = await self._page(params)
            if not start:
                # Later pages may be newer than the first one; the watch goes on from where the first one was.
                start = revision(page.metadata.resource_version)
                self._notice_restored(start)
            for raw in page.items or ():
                try:
                    identity = _identity(raw)
                except UNREADABLE as error:
                    self._say_unreadable("one without a name", error)
                    continue
                there.add((identity.namespace, identity.name))
                self._hear(identity, raw)
            if not page.metadata.continue_:
                break
            params["continue"] = page.metadata.continue_
        for key in [key for key in self._known if key not in there]:
            self._forget(key)
        self._position = start
        self.synced.set()
        self.asked.set()

    def _notice_restored(self, version: int) -> None:
        if version >= self._position:
            return
        log.warning(f"{self._subject}_restored", path=self._path, position=self._position, resource_version=version)
        # The versions that we know may have been given a second time, to something else.
        self._known = dict.fromkeys(self._known, "")
        self._position = 0

    async def _page(self, params: dict[str, str | int]) -> _List:
        body = await self._client.get(self._path, params)
        try:
            page = _list.decode(body)
        except UNREADABLE as error:
            raise ApiError(f"the list can't be read: {error}") from None
        if not revision(page.metadata.resource_version):
            raise ApiError("the list can't be read: it has no resourceVersion")
        return page

    def _hear(self, identity: _Identity, raw: msgspec.Raw) -> None:
        key = identity.namespace, identity.name
        if self._known.get(key) == identity.resource_version:
            return
        self._known[key] = identity.resource_version
        try:
            read = _object.decode(raw)
        except UNREADABLE as error:
            self._say_unreadable("/".join(filter(None, key)), error)
            return
        self._changed(
            LabelledObject(
                namespace=identity.namespace,
                name=identity.name,
                uid=read.metadata.uid,
                labels=read.metadata.labels or {},
                annotations=read.metadata.annotations or {},
                data=read.data or {},
            )
        )

    def _forget(self, key: _Key) -> None:
        if self._known.pop(key, None) is not None:
            self._gone(*key)

    def _list_again(self, _line: bytes, error: Exception) -> NoReturn:
        """What the line said is lost; the list says how things stand."""
        self._must_list = True
        raise ApiError(f"a watch line can't be read: {error}")

    def _open(self) -> None:
        self._opened_at, self._must_list = asyncio.get_running_loop().time(), False
        self._say(None)

    def _say(self, error: ApiError | None) -> None:
        """Log what is wrong, once a change; None: all is well."""
        text = str(error or "")
        rule = self._missing_rule() if isinstance(error, Forbidden) else ""
        trouble = f"{text}; grant {rule}" if rule else text
        if trouble and trouble != self.trouble:
            hint = {"missing_rule": rule} if rule else {}
            about = {"path": self._path, **self._selector, "error": text, "detail": "what was read last stays in use"}
            log.warning(f"{self._subject}_unreadable", **about, **hint)
        elif self.trouble and not trouble:
            log.info(f"{self._subject}_readable", path=self._path, **self._selector)
        self.trouble = trouble

    def _missing_rule(self) -> str:
        *_, before, namespace, resource = self._path.split("/")
        within = f"Role of namespace {namespace}" if before == "namespaces" else "ClusterRole"
        return missing_rule(resource, kind=within)

    def _say_unreadable(self, label: str, error: Exception) -> None:
        log.warning(f"{self._subject}_object_unreadable", path=self._path, object=label, error=str(error))
