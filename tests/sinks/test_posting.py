"""One request: whatever answers, its answer is small."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import httpx

from kube_wecom_eventer.sinks.outcome import Outcome
from kube_wecom_eventer.sinks.posting import post

PART = b"x" * 65_536


class Endless(httpx.AsyncByteStream):
    """A body without an end, which counts how much of it was read."""

    def __init__(self) -> None:
        self.parts = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.parts += 1
            yield PART

    async def aclose(self) -> None:
        self.closed = True


async def answer(response: httpx.Response) -> httpx.Response:
    """Return what a sink sees of a response."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: response)) as http:
        answered = await post(http, "https://chat.test/", body=b"{}", headers={})
    assert not isinstance(answered, Outcome)
    return answered


async def test_of_an_answer_without_an_end_only_the_beginning_is_read() -> None:
    """Whoever answers must not fill the daemon's memory; the status counts."""
    body = Endless()
    seen = await answer(httpx.Response(207, stream=body, headers={"content-length": "1000000000", "x-a": "b"}))
    assert (seen.status_code, seen.headers["x-a"]) == (207, "b")
    assert len(seen.content) == 262_144
    assert body.parts == 4
    assert body.closed


async def test_an_answer_is_read_as_it_is_encoded() -> None:
    """Proxies compress what they like, and a page has its own charset."""
    packed = gzip.compress("请登录".encode("gbk"))
    headers = {"content-encoding": "gzip", "content-type": "text/html; charset=gbk", "retry-after": "7"}
    seen = await answer(httpx.Response(503, content=packed, headers=headers))
    assert (seen.status_code, seen.text, seen.headers["retry-after"]) == (503, "请登录", "7")
