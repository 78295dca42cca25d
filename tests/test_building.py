"""The HTTP clients of sinks live as long as these do."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import httpx

from kube_wecom_eventer.building import HttpClients, SinkMaker
from kube_wecom_eventer.config import ApplicationTarget, Credential, RobotTarget, Secret
from kube_wecom_eventer.render import Message
from kube_wecom_eventer.sinks import Verdict


class Closing(httpx.AsyncBaseTransport):
    """Counts how often it is closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


def robot(key: str) -> RobotTarget:
    url = f"https://wecom.test/cgi-bin/webhook/send?key={key}"
    return RobotTarget(endpoint=Secret(url), key=Secret(key), shown="https://wecom.test")


def maker(clients: HttpClients) -> SinkMaker:
    return SinkMaker(clients=clients, secrets=None, now=lambda: datetime.now(UTC))


async def test_a_sinks_client_is_closed_when_the_sink_is_gone() -> None:
    """Routes come and go while the daemon runs; what a batch still holds stays usable."""
    transport = Closing()
    async with AsyncExitStack() as stack:
        clients = HttpClients(stack, transport=transport)
        kept, held = maker(clients).sink(robot("a")), [maker(clients).sink(robot("b"))]
        gc.collect()
        await _turn()
        assert transport.closed == 0
        held.clear()
        gc.collect()
        await _turn()
        assert transport.closed == 1
    assert transport.closed == 2
    assert kept.account is not None


async def test_sinks_of_one_application_share_a_token_that_outlives_each_of_them() -> None:
    """The one that asked first may be of a route that is no more, and its client closed."""
    target = ApplicationTarget(
        endpoint=Secret("https://wecom.test"),
        corp_id="ww1",
        agent_id=1,
        corp_secret=Credential(Secret("secret")),
        shown="https://wecom.test",
    )
    token: dict[str, object] = {"errcode": 0, "access_token": "t", "expires_in": 7200}
    answers = iter([token, {"errcode": 42001}, token, {"errcode": 0}])
    wire = httpx.MockTransport(lambda _request: httpx.Response(200, json=next(answers)))
    async with AsyncExitStack() as stack:
        makes = maker(HttpClients(stack, transport=wire))
        kept, held = makes.sink(target), [makes.sink(target)]
        assert await held[0].ready() is None
        held.clear()
        gc.collect()
        await _turn()
        message = Message(body=b'{"msgtype":"text","text":{"content":"x"}}', built_in=True)
        assert (await kept.send(message)).verdict is Verdict.ACCEPTED


async def test_sinks_share_what_costs_memory() -> None:
    """A TLS context has 4 MB; one for each set of authorities is enough."""
    async with AsyncExitStack() as stack:
        clients = HttpClients(stack)
        first, second = clients.client(None), clients.client(None)
        assert first is not second
        assert _context(first) is _context(second)


def _context(client: httpx.AsyncClient) -> object:
    return client._transport._tls  # type: ignore[attr-defined]


async def _turn() -> None:
    """Let tasks run that have just been made."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
