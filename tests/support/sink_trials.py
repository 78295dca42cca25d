"""What every sink that sends by HTTP must do, tried with all statuses, all failures and all that may show a secret."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from urllib.parse import unquote

import httpx
from socksio.exceptions import ProtocolError

from kube_wecom_eventer.sinks import Outcome, Verdict
from kube_wecom_eventer.sinks.posting import TIMEOUT

Handler = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
Trial = Callable[[Handler], Awaitable[Outcome]]
"""Sends one message by a sink whose requests a handler answers."""

LABEL = re.compile(r"http_(5xx|4xx|3xx|2xx|1xx|4[0-9]{2})|not_[a-z]+|timeout|network|errcode_(-?[0-9]+|other)|")

FAILURES: dict[str, tuple[Exception, str]] = {
    "refused": (httpx.ConnectError("refused"), "network"),
    "reset": (httpx.ReadError("reset"), "network"),
    "closed": (httpx.RemoteProtocolError("closed"), "network"),
    "slow to answer": (httpx.ReadTimeout("slow"), "timeout"),
    "slow to connect": (httpx.ConnectTimeout("slow"), "timeout"),
    "a proxy that is none": (ProtocolError("Malformed reply"), "network"),
    "a header that can't be sent": (httpx.LocalProtocolError("Illegal header value b'hush-hush'"), "network"),
}


def errcode(code: int, errmsg: str = "some words", **more: object) -> httpx.Response:
    """Return an answer of WeCom's or DingTalk's."""
    return httpx.Response(200, json={"errcode": code, "errmsg": errmsg, **more})


async def every_status(trial: Trial, *, accepted: Collection[int]) -> None:
    """Try each status with a page in it: only ``accepted`` ones are success, 429 and 5xx are tried again.

    The metric's labels are few.
    """
    labels = set()
    for status in range(200, 600):

        def handler(_request: httpx.Request, status: int = status) -> httpx.Response:
            return httpx.Response(status, text="<html>a page</html>", headers={"location": "https://elsewhere.test/"})

        outcome = await trial(handler)
        assert (outcome.verdict is Verdict.ACCEPTED) == (status in accepted), status
        if status == 429 or status >= 500:
            assert outcome.verdict is Verdict.RETRY, status
        assert LABEL.fullmatch(outcome.reason), status
        labels.add(outcome.reason)
    assert len(labels) < 20


async def every_failure(trial: Trial) -> None:
    """Let the request fail in each way: it is tried again, nothing is raised."""
    for name, (error, reason) in FAILURES.items():

        def handler(_request: httpx.Request, error: Exception = error) -> httpx.Response:
            raise error

        outcome = await trial(handler)
        assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, reason), name
        assert "hush-hush" not in outcome.detail


async def every_answer_that_is_none(trial: Trial) -> None:
    """Bytes of any kind in a 200: a captive portal, another charset, nesting that no reader can bear."""
    for body in (
        b"",
        b"<html>please log in</html>",
        b'{"hello":"world"}',
        '{"errcode":0,"errmsg":"请登录"}'.encode("gbk"),
        b'{"errcode":' + b"[" * 5000,
        b"\xff\xfe\x00",
        b'{"errcode":"0"}',
        b"[]",
    ):
        outcome = await trial(lambda _request, body=body: httpx.Response(200, content=body))
        assert outcome.verdict is Verdict.RETRY, body[:20]
        assert outcome.reason.startswith("not_"), body[:20]


async def one_timeout(trial: Trial) -> None:
    """Answer never: the attempt ends after the whole timeout, as late answers of several requests may sum up."""

    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600)
        raise AssertionError("not reached")

    started = asyncio.get_running_loop().time()
    outcome = await trial(never)
    assert asyncio.get_running_loop().time() - started == TIMEOUT
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "timeout")


async def no_secret(trial: Trial, *, secrets: Iterable[str]) -> None:
    """Let libraries and peers quote the whole request, cut anywhere: no outcome shows a secret or half of one."""
    parts = tuple(part for secret in secrets for part in (secret, secret[:8], secret[-8:]))
    for padding in range(0, 240, 7):
        for quote in (_raised, _page, _errmsg, _missing):

            def handler(
                request: httpx.Request, quote: Callable[[str], httpx.Response] = quote, padding: int = padding
            ) -> httpx.Response:
                headers = " ".join(f"{name}: {value}" for name, value in request.headers.items())
                said = f"{request.url} {unquote(str(request.url))} {headers}"
                return quote("x" * padding + said)

            shown = repr(await trial(handler))
            for part in parts:
                assert part not in shown, (part, shown)


def _raised(text: str) -> httpx.Response:
    raise httpx.ConnectError(f"can't reach {text}")


def _page(text: str) -> httpx.Response:
    return httpx.Response(200, text=text)


def _missing(text: str) -> httpx.Response:
    return httpx.Response(404, text=text)


def _errmsg(text: str) -> httpx.Response:
    return errcode(93000, text)
