from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from math import inf

import httpx
from structlog.testing import capture_logs

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.kube.leadership import MARGIN, REQUEST_TIMEOUT, Alone, LeaseLeadership
from kube_wecom_eventer.sinks import posting
from tests.support.api_servers import Server
from tests.support.candidates import MICRO_TIME, now, world
from tests.support.virtual_time import virtual_time


def test_the_constants_are_those_of_the_sinks() -> None:
    """A request that starts in time must end before the Lease does."""
    assert REQUEST_TIMEOUT >= posting.TIMEOUT
    assert MARGIN > 0


@virtual_time
async def test_without_an_election_the_only_process_leads() -> None:
    """From the start, for ever, without any request."""
    alone = Alone()
    await alone.acquire()
    assert alone.may_start_until() == inf
    holding = asyncio.create_task(alone.hold())
    await asyncio.sleep(100_000)
    assert not holding.done()
    holding.cancel()
    await alone.release()


@virtual_time
async def test_the_first_creates_the_lease_and_renews_it() -> None:
    """As client-go writes it, so that kubectl and other tools read it."""
    async with world() as here:
        one = here.candidate("one")
        assert one.leadership.may_start_until() == -inf
        started = now()
        one.start()
        await asyncio.sleep(60)
        assert one.acquired == [started]
        assert one.lost == []
        assert one.leadership.leader == "one"
        assert 0 <= now() - (one.leadership.may_start_until() - 5) <= 2
        times = [here.spec.pop(name) for name in ("acquireTime", "renewTime")]
        assert all(MICRO_TIME.fullmatch(time) for time in times)
        assert here.spec == {"holderIdentity": "one", "leaseDurationSeconds": 15, "leaseTransitions": 0}
        methods = [request.method for request in one.link.requests]
        assert methods[:2] == ["GET", "POST"]
        assert methods[2:] in (["PUT"] * 29, ["PUT"] * 30)


@virtual_time
async def test_of_two_one_leads_and_the_other_asks_for_little() -> None:
    """The standby watches: it sends no request for each renewal."""
    async with world() as here:
        one, two = here.candidate("one").start(), here.candidate("two").start()
        await asyncio.sleep(200)
        assert sorted(map(len, (one.acquired, two.acquired))) == [0, 1]
        standby = two if one.acquired else one
        assert standby.leadership.leader != standby.identity
        assert standby.leadership.may_start_until() == -inf
        assert len(standby.link.requests) <= 5


@virtual_time
async def test_a_leader_that_dies_is_followed_when_its_lease_is_over() -> None:
    """15 s after the last renewal, and not before."""
    async with world() as here:
        one = here.candidate("one").start()
        await asyncio.sleep(31)
        two = here.candidate("two").start()
        await asyncio.sleep(31)
        died = now()
        await one.kill()
        await asyncio.sleep(30)
        assert 13 <= two.acquired[0] - died <= 15.1
        assert here.spec["holderIdentity"] == "two"
        assert here.spec["leaseTransitions"] == 1


@virtual_time
async def test_a_candidate_that_comes_late_waits_from_when_it_came() -> None:
    """It knows nothing of the holder but what it sees; an old renewTime proves nothing."""
    async with world() as here:
        here.write({"holderIdentity": "gone", "leaseDurationSeconds": 20, "renewTime": "2020-01-01T00:00:00.000000Z"})
        started = now()
        two = here.candidate("two").start()
        await asyncio.sleep(30)
        assert 20 <= two.acquired[0] - started <= 20.1


@virtual_time
async def test_a_leader_that_leaves_is_followed_at_once() -> None:
    """The standby's watch tells it."""
    async with world() as here:
        one, two = here.candidate("one").start(), here.candidate("two")
        await asyncio.sleep(10)
        two.start()
        await asyncio.sleep(10)
        await one.kill()
        left = now()
        with capture_logs() as logs:
            await one.leadership.release()
            assert one.leadership.may_start_until() == -inf
            assert here.spec["holderIdentity"] == ""
            assert here.spec["leaseDurationSeconds"] == 1
            await asyncio.sleep(1)
        assert two.acquired == [left]
        events = [entry["event"] for entry in logs]
        assert events == ["leadership_released", "leadership_acquired"]
        await one.leadership.release()
        assert here.spec["holderIdentity"] == "two"


@virtual_time
async def test_without_the_right_to_watch_a_standby_asks_again_and_again() -> None:
    """A release is noticed within a retry period, and the log has the rule that is missing, once."""
    async with world() as here:
        here.refuse(403, "Forbidden", when=lambda request: "watch" in request.query, times=1000)
        one, two = here.candidate("one").start(), here.candidate("two")
        await asyncio.sleep(10)
        with capture_logs() as logs:
            two.start()
            await asyncio.sleep(60)
            await one.kill()
            left = now()
            await one.leadership.release()
            await asyncio.sleep(3)
        assert 0 <= two.acquired[0] - left <= 2.4
        (line,) = [entry for entry in logs if entry["log_level"] == "warning"]
        assert line["event"] == "lease_watch_unavailable"
        assert line["missing_rule"] == (
            '{apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update", "watch"]}, '
            "in a Role of namespace default"
        )


async def test_on_a_real_clock_and_wire(server: Server) -> None:
    """Create, hold, release, take over, on both API servers: the real one is strict about times and versions."""
    name = ObjectName(server.namespace, "eventer")

    def candidate(identity: str) -> LeaseLeadership:
        return LeaseLeadership(
            client=client, name=name, identity=identity, now=lambda: datetime.now(UTC), rng=random.Random(1),
            retry_period=0.2,
        )  # fmt: skip

    client = lease_client(server)
    try:
        async with asyncio.timeout(30):
            one, two = candidate("one"), candidate("two")
            await one.acquire()
            waiting, holding = asyncio.create_task(two.acquire()), asyncio.create_task(one.hold())
            await asyncio.sleep(1.0)
            assert not waiting.done()
            assert not holding.done()
            assert two.leader == "one"
            holding.cancel()
            await one.release()
            released = now()
            await waiting
            assert now() - released < 1.5
            holding = asyncio.create_task(two.hold())
            await asyncio.sleep(0.5)
            holding.cancel()
        path = f"/apis/coordination.k8s.io/v1/namespaces/{server.namespace}/leases/eventer"
        spec = (await server.client.get(path)).json()["spec"]
        assert spec["holderIdentity"] == "two"
        assert spec["leaseTransitions"] == 1
        assert all(MICRO_TIME.fullmatch(spec[field]) for field in ("acquireTime", "renewTime"))
        assert spec["acquireTime"] < spec["renewTime"]
    finally:
        await client.aclose()


def lease_client(server: Server) -> ApiClient:
    """Our client on the test's own connection and rights, as an administrator."""

    class Through(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.headers.update(server.client.headers)
            return await server.client.send(request, stream=True)

    return ApiClient(connection=Connection(server=str(server.client.base_url), described="a test"), transport=Through())
