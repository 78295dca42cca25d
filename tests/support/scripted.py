"""Stand-ins at the seams: a sink that answers from a script, an API server whose answers a test writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import httpx

from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import Outcome, Verdict

ACCEPTED = Outcome(verdict=Verdict.ACCEPTED)


class ScriptedSink:
    """Answers from ``script``, then accepts everything; keeps what was sent and when."""

    account = None

    def __init__(self, script: Iterable[Outcome | float] = (), *, takes: float = 0.0) -> None:
        self._script = list(script)
        self._takes = takes
        self.sent: list[Message] = []
        self.times: list[float] = []
        self.accepted: list[Message] = []

    async def ready(self) -> Outcome | None:
        return None

    async def send(self, message: Message) -> Outcome:
        self.times.append(asyncio.get_running_loop().time())
        self.sent.append(message)
        await asyncio.sleep(self._takes)
        outcome = self._script.pop(0) if self._script else ACCEPTED
        assert isinstance(outcome, Outcome)
        if outcome.verdict is Verdict.ACCEPTED:
            self.accepted.append(message)
        return outcome


class Lines(httpx.AsyncByteStream):
    """A watch's body: chunks, an exception to raise in their place, or a number of seconds of silence."""

    def __init__(self, parts: Sequence[bytes | float | Exception]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, bytes):
                yield part
            else:
                await asyncio.sleep(part)


Answer = httpx.Response | Exception
Handler = Callable[[httpx.Request], Answer]


class ScriptedApi:
    """An API server of one test: ``answer`` is asked for each request; requests are kept."""

    def __init__(self, answer: Handler) -> None:
        self._answer = answer
        self.requests: list[httpx.Request] = []
        self.client = ApiClient(
            connection=Connection(server="https://api.test", described="a test"),
            transport=httpx.MockTransport(self._handle),
        )

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def queries(self, *, watch: bool) -> list[dict[str, str]]:
        """Return the query of each list, or of each watch."""
        queries = [dict(request.url.params) for request in self.requests]
        return [query for query in queries if ("watch" in query) is watch]


def json_answer(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return a JSON answer."""
    return httpx.Response(status, json=body, headers=headers)


def status_answer(code: int, reason: str, *, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return a refusal as the API server words it."""
    return json_answer(status_body(code, reason), status=code, headers=headers)


def status_body(code: int, reason: str) -> dict[str, Any]:
    """Return a ``Status``."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": f"it is {reason}",
            "reason": reason, "code": code}  # fmt: skip


def watch_answer(*parts: bytes | float | Exception) -> httpx.Response:
    """Return a watch whose body is ``parts``."""
    return httpx.Response(200, stream=Lines(parts))


def watch_line(kind: str, item: dict[str, Any]) -> bytes:
    """Return one line of a watch."""
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"
