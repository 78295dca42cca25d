from __future__ import annotations

import asyncio
import json
import random

import httpx
import pytest
from socksio.exceptions import ProtocolError

from kube_wecom_eventer.errors import ApiError, Conflict, Forbidden, Gone, NotFound, Overloaded, Unauthorized
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.kube.watch import Backoff
from tests.support.scripted import ScriptedApi, json_answer, status_answer
from tests.support.virtual_time import virtual_time


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (401, "Unauthorized", Unauthorized),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (409, "Conflict", Conflict),
        (410, "Expired", Gone),
        (429, "TooManyRequests", Overloaded),
        (500, "InternalError", ApiError),
    ],
)
async def test_a_refusal_is_the_error_that_fits_in_the_servers_words(
    code: int, reason: str, expected: type[ApiError]
) -> None:
    """The API server explains itself in a Status; its text names the missing rule."""
    api = ScriptedApi(lambda _request: status_answer(code, reason))
    with pytest.raises(ApiError, match=rf"^{code} {reason}: it is {reason}$") as caught:
        await api.client.get("/api/v1/events")
    assert type(caught.value) is expected
    assert caught.value.code == code


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_write_sends_json_and_returns_what_is_stored(method: str) -> None:
    """The answer has the resourceVersion that the next write needs."""
    api = ScriptedApi(lambda _request: json_answer({"metadata": {"resourceVersion": "7"}}, status=201))
    stored = await api.client.send(method, "/api/v1/namespaces/ns/configmaps", {"data": {"text": "中文"}})
    (request,) = api.requests
    assert (request.method, request.url.path) == (method, "/api/v1/namespaces/ns/configmaps")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"data": {"text": "中文"}}
    assert json.loads(stored) == {"metadata": {"resourceVersion": "7"}}


@pytest.mark.parametrize(("code", "reason"), [(409, "Conflict"), (409, "AlreadyExists")])
async def test_a_write_that_came_too_late_is_a_conflict(code: int, reason: str) -> None:
    """Of two that write on one resourceVersion, or create one name, one is told so."""
    api = ScriptedApi(lambda _request: status_answer(code, reason))
    with pytest.raises(Conflict, match=f"^409 {reason}: it is {reason}$"):
        await api.client.send("PUT", "/apis/coordination.k8s.io/v1/namespaces/ns/leases/l", {})


async def test_a_write_fails_as_a_read_does() -> None:
    """The same errors: no answer, and a page of something in between."""
    with pytest.raises(ApiError, match=r"^ConnectError: refused$"):
        await ScriptedApi(lambda _request: httpx.ConnectError("refused")).client.send("PUT", "/x", {})
    portal = ScriptedApi(lambda _request: httpx.Response(200, html="<html>Please log in</html>"))
    with pytest.raises(ApiError, match=r"^200 with a page of HTML: something in between"):
        await portal.client.send("PUT", "/x", {})


@virtual_time
async def test_a_write_is_given_up_when_its_time_is_over() -> None:
    """However the server trickles; who renews a lease knows how long it may take."""

    async def silent(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1_000_000)
        raise AssertionError

    client = ApiClient(
        connection=Connection(server="https://api.test", described="a test"), transport=httpx.MockTransport(silent)
    )
    loop = asyncio.get_running_loop()
    for timeout, seconds in ((2.5, 2.5), (None, 60.0)):
        started = loop.time()
        with pytest.raises(ApiError, match=f"^the answer is not complete after {seconds:g} s$"):
            await client.send("PUT", "/x", {}, timeout=timeout)
        assert loop.time() - started == seconds


async def test_what_is_no_status_is_an_error_too() -> None:
    """A gateway in between answers as it likes."""
    api = ScriptedApi(lambda _request: httpx.Response(502, text="<html>bad gateway</html>"))
    with pytest.raises(ApiError, match=r"^502 : the answer is no Status: b'<html>bad"):
        await api.client.get("/version")


async def test_a_request_without_an_answer_is_an_error_of_code_0() -> None:
    """Nothing of httpx leaves this room."""
    api = ScriptedApi(lambda _request: httpx.ConnectError("refused"))
    with pytest.raises(ApiError, match=r"^ConnectError: refused$") as caught:
        await api.client.get("/version")
    assert caught.value.code == 0


def test_the_delays_grow_with_jitter_and_start_again() -> None:
    """Many daemons must not come back in step."""
    backoff = Backoff(rng=random.Random(1), first=0.5, longest=30)
    delays = [backoff.next() for _ in range(12)]
    for index, delay in enumerate(delays):
        full = min(30.0, 0.5 * 2**index)
        assert full / 2 <= delay <= full
    backoff.reset()
    assert backoff.next() <= 0.5


def test_a_delay_is_never_shorter_than_the_server_asks() -> None:
    """And it has jitter on top."""
    error = Overloaded("busy", code=429, retry_after=7)
    assert 7 < Backoff(rng=random.Random(1)).next(error) < 8


@virtual_time
async def test_a_watch_that_is_not_answered_is_given_up_soon() -> None:
    """Its own read timeout is minutes long, because a healthy watch may be quiet for so long."""

    async def silent(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1_000_000)
        raise AssertionError

    client = ApiClient(
        connection=Connection(server="https://api.test", described="a test"), transport=httpx.MockTransport(silent)
    )
    started = asyncio.get_running_loop().time()
    with pytest.raises(ApiError, match=r"^no answer to a watch within 10 s$"):
        async with client.lines("/api/v1/events", {"watch": "1"}, read_timeout=300.0):
            pass
    assert asyncio.get_running_loop().time() - started == 10


async def test_a_captive_portal_is_named_as_what_it_is() -> None:
    """It answers 200 with a page, to a list and to a watch."""
    api = ScriptedApi(lambda _request: httpx.Response(200, html="<html>Please log in</html>"))
    with pytest.raises(ApiError, match=r"^200 with a page of HTML: something in between"):
        await api.client.get("/api/v1/events")
    with pytest.raises(ApiError, match=r"^200 with a page of HTML: something in between"):
        async with api.client.lines("/api/v1/events", {"watch": "1"}, read_timeout=300.0):
            pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ProtocolError("Malformed reply"), "ProtocolError: Malformed reply"),
        (httpx.ReadError(""), "ReadError: the connection broke"),
        (httpx.ReadTimeout(""), "ReadTimeout: no answer in time"),
        (httpx.WriteError(""), "WriteError: no answer"),
    ],
)
async def test_whatever_a_request_fails_with_is_an_error_of_ours_with_a_text(error: Exception, text: str) -> None:
    """A bare name of a class tells an operator nothing; a SOCKS proxy's errors are none of httpx's."""
    client = ScriptedApi(lambda _request: error).client
    with pytest.raises(ApiError, match=f"^{text}$"):
        await client.get("/version")
    with pytest.raises(ApiError, match=f"^{text}$"):
        async with client.lines("/api/v1/events", {"watch": "1"}, read_timeout=300.0):
            pass
