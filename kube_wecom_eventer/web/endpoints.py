"""``/healthz``, ``/readyz``, ``/metrics`` and ``/routes`` as a plain ASGI callable."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from kube_wecom_eventer.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = b"application/json; charset=utf-8"
_PROMETHEUS = b"text/plain; version=0.0.4; charset=utf-8"
_PLAIN = b"text/plain; charset=utf-8"


PATHS: Mapping[str, str] = {
    "/healthz": "200 as long as the process works.",
    "/readyz": "200 once the events could be listed, or while this replica stands by; 503 before. Its body names what "
    "is wrong.",
    "/metrics": "The metrics, in Prometheus' text format.",
    "/routes": "What the command `routes` shows, as JSON: `routes`, each with `route`, `source`, `state`, "
    "`destination`, `trouble`, `doubts` and `lastTold`; `trouble`, why there may be routes that it does not know; "
    "`standingBy`. It holds no secrets.",
}
"""What is served, and what it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the daemon is ready, and what a person should know either way (no secrets)."""

    ready: bool
    details: Mapping[str, Any] = field(default_factory=dict)


def endpoints(
    *, metrics: Metrics, readiness: Callable[[], Readiness], routes: Callable[[], bytes] = lambda: b"[]"
) -> Application:
    """Return the application. ``routes``: what ``/routes`` answers, as JSON.

    ``/healthz`` answers as long as the loop runs: an outage elsewhere is no reason to
    restart the pod."""

    async def application(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, kind, body = _answer(scope["path"], metrics, readiness, routes)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return application


def _answer(
    path: str, metrics: Metrics, readiness: Callable[[], Readiness], routes: Callable[[], bytes]
) -> tuple[int, bytes, bytes]:
    if path == "/healthz":
        return 200, _PLAIN, b"ok\n"
    if path == "/readyz":
        state = readiness()
        body = json.dumps({"ready": state.ready, **state.details}, ensure_ascii=False).encode() + b"\n"
        return (200 if state.ready else 503), _JSON, body
    if path == "/metrics":
        return 200, _PROMETHEUS, metrics.exposition()
    if path == "/routes":
        return 200, _JSON, routes() + b"\n"
    return 404, _PLAIN, f"there are {', '.join(PATHS)}\n".encode()
