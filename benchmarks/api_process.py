"""The demo's API server over TLS, as a process of its own, whose watches of events send lines that are made on demand.

The driver writes orders to stdin, as JSON: how many ``events``, at what ``rate`` (0: as fast as they are taken), and
whether a ``mark`` goes before and behind them. They go to the watch of events that is open. What it says stands on
stdout. All but that watch is the demo's: lists, ConfigMaps, Leases.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from random import Random
from typing import Any

import uvicorn

from benchmarks.event_lines import EventLines, mark
from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.asgi import Exchange
from kube_wecom_eventer.demo.resources import EVENTS, Resource
from kube_wecom_eventer.demo.store import ObjectStore
from kube_wecom_eventer.web.serving import listen

_SLICE = 0.005
"""Seconds between the portions of a stream that has a rate."""

_PORTION = 200
"""Lines after which a stream without a rate looks whether the client keeps up."""


def say(**fields: Any) -> None:
    """Tell the driver."""
    print(json.dumps(fields), flush=True)


class StreamingApiServer(ApiServer):
    """An `ApiServer` whose watch of events sends what it is told to."""

    def __init__(self, *, store: ObjectStore, lines: EventLines) -> None:
        super().__init__(store=store, random=Random(1))
        self._lines = lines
        self.orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def _watch(self, exchange: Exchange, resource: Resource, namespace: str) -> None:
        if resource is not EVENTS:
            return await super()._watch(exchange, resource, namespace)
        await exchange.start(200)
        # uvicorn's send is a method of its request cycle, which holds the connection.
        cycle: Any = exchange._send.__self__  # type: ignore[attr-defined]
        client = asyncio.create_task(exchange.disconnected())
        say(said="watched", at=time.time())
        while True:
            order = asyncio.create_task(self.orders.get())
            await asyncio.wait((order, client), return_when=asyncio.FIRST_COMPLETED)
            if client.done():
                order.cancel()
                return None
            await self._send(cycle, client, **order.result())

    async def _send(self, cycle: Any, client: asyncio.Task[None], *, events: int, rate: float, marked: bool) -> None:
        """Send each line as a chunk and a TLS record of its own, as the real server does."""
        store, loop = self.store, asyncio.get_running_loop()

        def write(line: bytes) -> None:
            cycle.transport.write(b"%x\r\n%b\r\n" % (len(line), line))

        if marked:
            store.revision += 1
            write(mark(store.revision))
        started, sent = loop.time(), 0
        while sent < events and not client.done():
            due = int((loop.time() - started) * rate) + 1 if rate else sent + _PORTION
            for number in range(sent, min(events, due)):
                store.revision += 1
                write(self._lines.line(number, store.revision))
            sent = min(events, due)
            await cycle.flow.drain()
            await asyncio.sleep(_SLICE if rate else 0)
        if marked:
            store.revision += 1
            write(mark(store.revision))
        say(said="sent", events=sent)


async def run(arguments: argparse.Namespace) -> None:
    """Serve until stdin ends."""
    store = ObjectStore(clock=lambda: datetime.now(UTC), random=Random(1))
    api = StreamingApiServer(store=store, lines=EventLines(objects=arguments.objects))
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        api, lifespan="off", log_config=None, access_log=False, http="h11", ws="none",
        ssl_certfile=arguments.certificate, ssl_keyfile=arguments.key,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    say(said="serving", port=listener.getsockname()[1])
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        api.orders.put_nowait(json.loads(line))
    server.should_exit = server.force_exit = True
    await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("certificate", "key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--objects", type=int, default=1_000_000_000)
    asyncio.run(run(parser.parse_args()))
