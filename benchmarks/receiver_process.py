"""A webhook as a process of its own: answers each request at once, notes when it came.

Each line on stdin is answered with how many came, and when the first and the last one did, in seconds since 1970.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receiver:
    """What came."""

    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0

    def note(self) -> None:
        """Note a request, now."""
        self.count += 1
        self.last = time.time()
        self.first = self.first or self.last


class _Connection(asyncio.Protocol):
    """HTTP written by hand: any server would cost more than the client that is measured."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._data = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            length = self._data[:end].lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            whole = end + 4 + int(length or b"0")
            if len(self._data) < whole:
                return
            self._data = self._data[whole:]
            self._receiver.note()
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(_ANSWER)


async def run() -> None:
    """Serve until stdin ends."""
    loop, receiver = asyncio.get_running_loop(), Receiver()
    server = await loop.create_server(lambda: _Connection(receiver), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(json.dumps({"count": receiver.count, "first": receiver.first, "last": receiver.last}), flush=True)


if __name__ == "__main__":
    asyncio.run(run())
