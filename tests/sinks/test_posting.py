"""One request: whatever answers, its answer is small."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from kube_wecom_eventer.sinks.outcome import Outcome
from kube_wecom_eventer.sinks.posting import post, text_of

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


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"ok")),
        ("X-Gzip", gzip.compress(b"ok")),
        ("deflate", zlib.compress(b"ok")),
        ("deflate", zlib.compress(b"ok", wbits=-15)),
        ("identity", b"ok"),
        ("br", b"ok"),
        ("gzip", b"ok"),
    ],
)
async def test_whatever_is_said_of_its_encoding_an_answer_is_one(encoding: str, packed: bytes) -> None:
    """Who has taken a message and packs the answer badly must not get it again."""
    seen = await answer(httpx.Response(200, stream=httpx.ByteStream(packed), headers={"content-encoding": encoding}))
    assert (seen.status_code, seen.text) == (200, "ok")


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
async def test_a_small_answer_does_not_become_a_large_one(encoding: str) -> None:
    """Half a kilobyte, packed twice, would be 64 MB: whoever answers must not fill the daemon's memory."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    body = gzip.compress(bomb) if "," in encoding else bomb
    response = httpx.Response(200, stream=httpx.ByteStream(body), headers={"content-encoding": encoding})
    tracemalloc.start()
    try:
        seen = await answer(response)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(seen.content) <= 262_144
    assert most < 4 * 1024 * 1024


@pytest.mark.parametrize("charset", ["hex", "zlib", "undefined", "idna", "utf-16", "rot13"])
def test_an_answer_in_a_character_set_that_is_none_has_a_text(charset: str) -> None:
    """Python knows codecs that are none of texts; UTF-16 without its mark is no text, either."""
    response = httpx.Response(404, content=b"no\xff", headers={"content-type": f"text/plain; charset={charset}"})
    assert text_of(response) == "no�"
