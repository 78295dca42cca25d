"""Events into a real API server as fast as the machine can, from a process of its own.

Reads a `Storm` as JSON from stdin, prints a `Written`. HTTP is written by hand:
any client would cost more than the server's own work.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from time import time

WORKLOADS = 20
PODS = 100
"""Pods of each workload."""
_REASONS = {
    "BackOff": "Back-off restarting failed container app in pod {pod}, try {number}",
    "Failed": 'Error: ErrImagePull "registry.example.com/app:{number}"',
    "FailedMount": 'MountVolume.SetUp failed for volume "data-{number}" : timed out waiting for the condition',
    "Unhealthy": "Readiness probe failed: HTTP probe failed with statuscode: 503 ({number})",
    "FailedScheduling": "0/{number} nodes are available: insufficient memory. " + "preemption is not helpful. " * 20,
}
_SUFFIX = "bcdfghjklm"
_NAMED = "\r\nContent-Type: application/json\r\nContent-Length: "


@dataclass(frozen=True, kw_only=True)
class Storm:
    """``events`` Warnings about the pods of some Deployments, spread over ``namespaces``, of five reasons."""

    host: str
    port: int
    ca_file: str
    token: str
    namespaces: list[str]
    events: int
    connections: int = 32


@dataclass(frozen=True, kw_only=True)
class Written:
    """How it went, from the first request to the last answer: seconds since 1970."""

    events: int
    began: float
    ended: float


async def storm(wanted: Storm) -> Written:
    """Write all events, each once; AssertionError for the first that is refused."""
    tls = ssl.create_default_context(cafile=wanted.ca_file)
    numbers = iter(range(wanted.events))
    began = time()
    async with asyncio.TaskGroup() as tasks:
        writing = [tasks.create_task(_write(wanted, numbers, tls)) for _ in range(wanted.connections)]
    return Written(events=wanted.events, began=began, ended=max(task.result() for task in writing))


async def _write(wanted: Storm, numbers: Iterator[int], tls: ssl.SSLContext) -> float:
    """Write what nobody else has taken; return when the last answer had come."""
    reader, writer = await asyncio.open_connection(wanted.host, wanted.port, ssl=tls)
    head = f"Host: {wanted.host}\r\nAuthorization: Bearer {wanted.token}{_NAMED}"
    for number in numbers:
        namespace = wanted.namespaces[number % len(wanted.namespaces)]
        body = json.dumps(event(number, namespace)).encode()
        request = f"POST /api/v1/namespaces/{namespace}/events HTTP/1.1\r\n{head}{len(body)}\r\n\r\n"
        writer.write(request.encode() + body)
        status, answer = await _answer(reader)
        assert status == 201, (status, answer)
    ended = time()
    writer.close()
    await writer.wait_closed()
    return ended


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(None, 2)[1])
    if b"\r\ntransfer-encoding: chunked" not in head:
        length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        return status, await reader.readexactly(int(length))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return status, body


def event(number: int, namespace: str) -> dict[str, object]:
    """Return the ``number``-th event; no two are about the same pod with the same reason and message."""
    pod = number % (WORKLOADS * PODS)
    suffix = "".join(_SUFFIX[int(digit)] for digit in f"{pod // WORKLOADS:05}")
    name = f"app-{pod % WORKLOADS}-7d4b9c8f6d-{suffix}"
    reason = list(_REASONS)[number // WORKLOADS % len(_REASONS)]
    return {
        "metadata": {"name": f"{name}.{number:x}"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": namespace,
            "name": name,
            "uid": f"00000000-0000-4000-8000-{pod:012x}",
            "fieldPath": "spec.containers{app}",
        },
        "reason": reason,
        "message": _REASONS[reason].format(pod=name, number=number),
        "type": "Warning",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": {"component": "kubelet", "host": f"node-{pod % 17}"},
    }


if __name__ == "__main__":
    json.dump(asdict(asyncio.run(storm(Storm(**json.load(sys.stdin))))), sys.stdout)
