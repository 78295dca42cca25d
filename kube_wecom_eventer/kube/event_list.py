"""Events that the API server holds now, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

import msgspec

from kube_wecom_eventer.errors import ApiError
from kube_wecom_eventer.event import Event, revision
from kube_wecom_eventer.kube.client import UNREADABLE, ApiClient

PAGE = 500
"""Events in a page of a list: about 1 MB."""

Unreadable = Callable[[bytes, Exception], None]
"""Hears of an event that can't be read, and why."""


class _ListMeta(msgspec.Struct, rename={"resource_version": "resourceVersion", "continue_": "continue"}):
    resource_version: str = ""
    continue_: str = ""


class EventPage(msgspec.Struct):
    """``items`` are read one by one: the API server stores times that no reader of RFC 3339 takes, of the year 0 or
    10000, and one such event must not make the whole list unreadable for the hour that it lives."""

    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None

    @property
    def version(self) -> int:
        """The server's resourceVersion when the page was made."""
        return revision(self.metadata.resource_version)

    @property
    def more(self) -> str:
        """The token for the next page; empty for the last one."""
        return self.metadata.continue_

    def events(self, unreadable: Unreadable) -> Iterator[Event]:
        """Yield the events that can be read."""
        for item in self.items or ():
            try:
                yield _event.decode(item)
            except UNREADABLE as error:
                unreadable(bytes(item), error)


_event_page = msgspec.json.Decoder(EventPage)
_event = msgspec.json.Decoder(Event)


def events_path(namespace: str) -> str:
    """Return where the events of a namespace are; empty: those of all."""
    return f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"


async def event_page(client: ApiClient, path: str, params: Mapping[str, str | int]) -> EventPage:
    """Return one page. Raises ApiError, also for an answer that is no list."""
    body = await client.get(path, params)
    try:
        page = _event_page.decode(body)
    except UNREADABLE as error:
        raise ApiError(f"the list of events can't be read: {error}") from None
    if not page.version:
        raise ApiError("the list of events can't be read: it has no resourceVersion")
    return page


async def all_events(client: ApiClient, namespace: str, **selector: str) -> AsyncGenerator[Event, None]:
    """Yield the events that there are now, of a namespace or of all; those that can't be read are passed over.

    Raises ApiError.
    """
    params: dict[str, str | int] = {"limit": PAGE, **selector}
    while True:
        page = await event_page(client, events_path(namespace), params)
        for event in page.events(lambda _item, _error: None):
            yield event
        if not page.more:
            return
        params["continue"] = page.more
