"""The HTTP clients of sinks live as long as these do."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack

import httpx

from kube_wecom_eventer.building import HttpClients, build_sink
from kube_wecom_eventer.config import RobotTarget, Secret


class Closing(httpx.AsyncBaseTransport):
    """Counts how often it is closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


def robot(key: str) -> RobotTarget:
    url = f"https://wecom.test/cgi-bin/webhook/send?key={key}"
    return RobotTarget(endpoint=Secret(url), key=Secret(key), shown="https://wecom.test")


async def test_a_sinks_client_is_closed_when_the_sink_is_gone() -> None:
    """Routes come and go while the daemon runs; what a batch still holds stays usable."""
    transport = Closing()
    async with AsyncExitStack() as stack:
        clients = HttpClients(stack, transport=transport)
        kept, held = build_sink(robot("a"), clients, None), [build_sink(robot("b"), clients, None)]
        gc.collect()
        await _turn()
        assert transport.closed == 0
        held.clear()
        gc.collect()
        await _turn()
        assert transport.closed == 1
    assert transport.closed == 2
    assert kept.account.startswith("wecom-")


async def test_sinks_share_what_costs_memory() -> None:
    """A TLS context has 4 MB; one for each set of authorities is enough."""
    async with AsyncExitStack() as stack:
        clients = HttpClients(stack)
        first, second = clients.client(None), clients.client(None)
        assert first is not second
        assert _context(first) is _context(second)


def _context(client: httpx.AsyncClient) -> object:
    return client._transport._pool._ssl_context  # type: ignore[attr-defined]


async def _turn() -> None:
    """Let tasks run that have just been made."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
