"""Candidates for one Lease on the demo's API server, on one virtual clock, each with a network link of its own."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.config import ObjectName
from kube_wecom_eventer.demo.api_server import ApiServer
from kube_wecom_eventer.demo.faults import Answer, When
from kube_wecom_eventer.demo.resources import LEASES
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.demo.store import Key, ObjectStore
from kube_wecom_eventer.kube.client import ApiClient
from kube_wecom_eventer.kube.credentials import Connection
from kube_wecom_eventer.kube.leadership import MARGIN, REQUEST_TIMEOUT, Alone, LeaseLeadership
from kube_wecom_eventer.sinks import posting
from tests.support.api_servers import Server
from tests.support.network import Link
from tests.support.scripted import status_body
from tests.support.virtual_time import virtual_time

NAME = ObjectName("default", "eventer")
KEY = Key(LEASES.full_name, NAME.namespace, NAME.name)
WALL = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def now() -> float:
    return asyncio.get_running_loop().time()


class Candidate:
    """One process: its link, its leadership, and when it led."""

    def __init__(self, api: ApiServer, identity: str, *, skew: timedelta, delay: Callable[[], float]) -> None:
        self.identity = identity
        self.link = Link(api, delay=delay)
        self.client = ApiClient(connection=Connection(server="http://api.test", described=""), transport=self.link)
        self.leadership = LeaseLeadership(
            client=self.client,
            name=NAME,
            identity=identity,
            now=lambda: WALL + skew + timedelta(seconds=now()),
            rng=random.Random(identity),
        )
        self.acquired: list[float] = []
        self.lost: list[float] = []
        self.task: asyncio.Task[None] | None = None

    async def lead(self) -> None:
        """Lead whenever that is possible."""
        while True:
            await self.leadership.acquire()
            self.acquired.append(now())
            await self.leadership.hold()
            self.lost.append(now())

    def start(self) -> Candidate:
        self.task = asyncio.create_task(self.lead())
        return self

    async def kill(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    @property
    def may_start(self) -> bool:
        return now() <= self.leadership.may_start_until()


class World:
    """An API server and the candidates for its one Lease."""

    def __init__(self) -> None:
        self.store = ObjectStore(clock=lambda: WALL, random=random.Random(1))
        self.api = ApiServer(store=self.store, random=random.Random(2))
        self.candidates: list[Candidate] = []

    def candidate(
        self, identity: str, *, skew: timedelta = timedelta(0), delay: Callable[[], float] = lambda: 0.0
    ) -> Candidate:
        self.candidates.append(Candidate(self.api, identity, skew=skew, delay=delay))
        return self.candidates[-1]

    @property
    def spec(self) -> JsonObject:
        spec: JsonObject = self.store.get(KEY)["spec"]
        return spec

    def write(self, spec: JsonObject | None, **metadata: Any) -> None:
        """Write the Lease as anybody may."""
        content = {"metadata": {"name": NAME.name, "namespace": NAME.namespace, **metadata}}
        body = LEASES.decode({**content, "kind": "Lease", "apiVersion": LEASES.api_version})
        content = body if spec is None else {**body, "spec": spec}
        if self.store.find(KEY):
            self.store.update(KEY, content)
        else:
            self.store.create(KEY, content)

    def refuse(self, code: int, reason: str, *, when: When, times: int = 1) -> None:
        body = httpx.Response(code, json=status_body(code, reason)).content
        self.api.faults.plan(Answer(status=code, body=body), when=when, times=times)


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    made = World()
    try:
        yield made
    finally:
        for candidate in made.candidates:
            await candidate.kill()
            await candidate.client.aclose()


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


@virtual_time
async def test_a_leader_that_is_cut_off_stops_before_another_starts() -> None:
    """It stops starting requests 10 s before its Lease is over, and gives up after the renew deadline."""
    async with world() as here:
        one = here.candidate("one").start()
        await asyncio.sleep(10)
        two = here.candidate("two").start()
        await asyncio.sleep(11)
        cut = now()
        one.link.cut()
        with capture_logs() as logs:
            await asyncio.sleep(5.1)
            assert not one.may_start
            stopped = one.leadership.may_start_until()
            await asyncio.sleep(20)
        assert 8 <= one.lost[0] - cut <= 10
        assert stopped + REQUEST_TIMEOUT + MARGIN <= two.acquired[0] <= cut + 15.1
        assert [entry["reason"] for entry in logs if entry["event"] == "leadership_lost"] == ["not renewed within 10 s"]
        one.link.mend()
        await asyncio.sleep(20)
        assert one.leadership.leader == "two"
        assert len(one.acquired) == 1


@virtual_time
async def test_a_short_outage_costs_no_leadership() -> None:
    """Renewals are tried again until the deadline; the standby sees nothing of it."""
    async with world() as here:
        one, two = here.candidate("one").start(), here.candidate("two")
        await asyncio.sleep(10)
        two.start()
        await asyncio.sleep(10)
        with capture_logs() as logs:
            here.refuse(500, "InternalError", when=lambda request: request.method == "PUT", times=3)
            await asyncio.sleep(60)
        assert one.lost == two.acquired == []
        assert [entry["event"] for entry in logs] == ["leadership_unavailable", "leadership_available"]


@virtual_time
async def test_a_renewal_that_finds_another_holder_ends_at_once() -> None:
    """And the log says who leads now."""
    async with world() as here:
        one = here.candidate("one").start()
        await asyncio.sleep(11)
        taken = now()
        here.write({"holderIdentity": "usurper", "leaseDurationSeconds": 15})
        with capture_logs() as logs:
            await asyncio.sleep(2)
        assert one.lost[0] - taken <= 2
        assert not one.may_start
        assert [(entry["event"], entry["leader"]) for entry in logs] == [
            ("leader_changed", "usurper"),
            ("leadership_lost", "usurper"),
        ]


@virtual_time
@pytest.mark.parametrize("skew", [timedelta(days=-40), timedelta(days=40)])
async def test_wall_clocks_do_not_matter(skew: timedelta) -> None:
    """Neither in taking over nor in holding."""
    async with world() as here:
        one = here.candidate("one", skew=skew).start()
        await asyncio.sleep(10)
        two = here.candidate("two").start()
        await asyncio.sleep(100)
        assert two.acquired == []
        await one.kill()
        died = now()
        await asyncio.sleep(16)
        assert 13 <= two.acquired[0] - died <= 15.1


@virtual_time
async def test_of_many_that_try_at_once_one_wins() -> None:
    """The API server takes the first write; the others read who it was."""
    async with world() as here:
        many = [here.candidate(f"c{number}", delay=lambda: 0.01).start() for number in range(8)]
        await asyncio.sleep(20)
        assert sum(len(each.acquired) for each in many) == 1
        (leader,) = [each for each in many if each.acquired]
        await leader.kill()
        await leader.leadership.release()
        await asyncio.sleep(20)
        assert sum(len(each.acquired) for each in many) == 2
        assert len({each.leadership.leader for each in many if each is not leader}) == 1


@virtual_time
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_write_whose_answer_is_lost_is_found_again(method: str) -> None:
    """The Lease says our name, under a version that we did not know."""
    async with world() as here:
        one = here.candidate("one")
        lost: list[str] = []

        def loses(request: httpx.Request) -> bool:
            if request.method == method and not lost:
                lost.append(request.method)
            return request.method == method and len(lost) == 1 and not lost.append("")  # type: ignore[func-returns-value]

        one.link.loses = loses
        one.start()
        await asyncio.sleep(30)
        assert lost
        assert len(one.acquired) == 1
        assert one.lost == []
        assert one.may_start
        assert here.spec["leaseTransitions"] == 0


@virtual_time
async def test_a_release_whose_version_is_unknown_succeeds() -> None:
    """The last renewal had its effect, but its answer got lost."""
    async with world() as here:
        one = here.candidate("one").start()
        await asyncio.sleep(11)
        one.link.loses = lambda request: request.method == "PUT"
        await asyncio.sleep(2)
        await one.kill()
        one.link.loses = lambda _request: False
        await one.leadership.release()
        assert here.spec["holderIdentity"] == ""


@virtual_time
@pytest.mark.parametrize("cut", [True, False], ids=["silent", "refusing"])
async def test_a_release_does_not_wait_for_an_api_server_that_is_down(cut: bool) -> None:
    """It says so, and ends in seconds: the Lease expires by itself."""
    async with world() as here:
        one = here.candidate("one").start()
        await asyncio.sleep(11)
        await one.kill()
        if cut:
            one.link.cut()
        else:
            here.refuse(503, "ServiceUnavailable", when=lambda _request: True)
        started = now()
        with capture_logs() as logs:
            await one.leadership.release()
        assert now() - started <= 5
        assert [entry["event"] for entry in logs] == ["leadership_not_released"]
        assert not one.may_start


@virtual_time
async def test_who_never_tried_releases_nothing() -> None:
    """A standby that stops sends nothing."""
    async with world() as here:
        two = here.candidate("two")
        await two.leadership.release()
        assert two.link.requests == []


@virtual_time
async def test_a_missing_right_is_said_once_and_tried_again() -> None:
    """The line names the rule; when it is granted, the daemon leads."""
    async with world() as here:
        here.refuse(403, "Forbidden", when=lambda request: request.method == "POST", times=5)
        with capture_logs() as logs:
            one = here.candidate("one").start()
            await asyncio.sleep(60)
        assert [entry["event"] for entry in logs] == [
            "leadership_unavailable",
            "leadership_available",
            "leadership_acquired",
        ]
        assert '"leases"' in logs[0]["missing_rule"]
        assert len(one.acquired) == 1


@virtual_time
@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        (None, 0),
        ({}, 0),
        ({"holderIdentity": None}, 0),
        ({"holderIdentity": ""}, 0),
        ({"holderIdentity": 7, "leaseDurationSeconds": "x", "leaseTransitions": []}, 0),
        ({"holderIdentity": "x"}, 15),
        ({"holderIdentity": "x", "leaseDurationSeconds": None, "leaseTransitions": 2**31 - 1}, 15),
    ],
)
async def test_a_lease_that_somebody_wrote_by_hand(spec: JsonObject | None, seconds: int) -> None:
    """Missing fields mean nobody, or our own duration; labels stay."""
    async with world() as here:
        if spec is not None and isinstance(spec.get("leaseDurationSeconds"), str):
            here.api.faults.clear()
            here.store.create(KEY, {"kind": "Lease", "metadata": {"name": KEY.name, "namespace": KEY.namespace,
                                                                  "labels": {"a": "b"}}, "spec": spec})  # fmt: skip
        else:
            here.write(spec, labels={"a": "b"})
        started = now()
        one = here.candidate("one").start()
        await asyncio.sleep(40)
        assert [round(time - started, 1) for time in one.acquired] == [seconds]
        assert one.lost == []
        assert here.store.get(KEY)["metadata"]["labels"] == {"a": "b"}


@virtual_time
async def test_an_answer_that_is_no_lease_is_said() -> None:
    """Something in between answered; the next answer may be better."""
    async with world() as here:
        here.api.faults.plan(Answer(status=200, body=b'{"metadata": 5}'), times=2)
        with capture_logs() as logs:
            one = here.candidate("one").start()
            await asyncio.sleep(30)
        assert logs[0]["event"] == "leadership_unavailable"
        assert logs[0]["error"].startswith("the Lease can't be read")
        assert len(one.acquired) == 1


@virtual_time
async def test_a_lease_that_is_deleted_stays_its_leaders() -> None:
    """The leader writes it anew; the standby does not take it before the leader's time is over."""
    async with world() as here:
        one = here.candidate("one").start()
        await asyncio.sleep(10)
        two = here.candidate("two").start()
        await asyncio.sleep(11)
        here.store.delete(KEY)
        await asyncio.sleep(60)
        assert one.lost == two.acquired == []
        assert here.spec["holderIdentity"] == "one"
        await one.kill()
        died = now()
        here.store.delete(KEY)
        await asyncio.sleep(30)
        assert 13 <= two.acquired[0] - died <= 18


@virtual_time
@pytest.mark.parametrize("seed", range(25))
async def test_whatever_happens_requests_of_two_leaders_never_meet(seed: int) -> None:
    """Slow links, cuts, lost answers, deaths, refusals, wrong clocks: a request of the old leader has always ended."""
    rng = random.Random(seed)
    starts: list[tuple[str, float]] = []

    async def sends(candidate: Candidate) -> None:
        while True:
            if candidate.may_start:
                starts.append((candidate.identity, now()))
            await asyncio.sleep(0.25)

    async with world() as here:
        senders: list[asyncio.Task[None]] = []

        def another(number: int) -> Candidate:
            slow = rng.choice([0.0, 0.1, 1.5])
            made = here.candidate(
                f"c{number}", skew=timedelta(days=rng.uniform(-9, 9)), delay=lambda: rng.uniform(0, slow)
            ).start()
            made.link.loses = lambda request: "watch" not in request.url.params and rng.random() < 0.1
            senders.append(asyncio.create_task(sends(made)))
            return made

        running = [another(number) for number in range(3)]
        for number in range(3, 60):
            await asyncio.sleep(rng.uniform(0, 30))
            which = rng.randrange(3)
            match rng.randrange(5):
                case 0 | 1:
                    running[which].link.cut()
                case 2 | 3:
                    running[which].link.mend()
                case _:
                    await running[which].kill()
                    running[which] = another(number)
        for sender in senders:
            sender.cancel()
    assert len({identity for identity, _ in starts}) >= 3
    starts.sort(key=lambda start: start[1])
    for (before, ended), (after, started) in itertools.pairwise(starts):
        assert before == after or started >= ended + REQUEST_TIMEOUT


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
