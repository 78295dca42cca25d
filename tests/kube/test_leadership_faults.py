"""What happens to a leadership when the network, the API server or somebody's kubectl does its worst."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from kube_wecom_eventer.demo.faults import Answer
from kube_wecom_eventer.demo.status import JsonObject
from kube_wecom_eventer.kube.leadership import MARGIN, REQUEST_TIMEOUT
from tests.support.candidates import KEY, Candidate, now, world
from tests.support.virtual_time import virtual_time


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
        await one.kill()
        await one.leadership.release()
        assert here.spec["holderIdentity"] == "usurper"


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
        writes: list[httpx.Request] = []

        def loses(request: httpx.Request) -> bool:
            if request.method == method:
                writes.append(request)
            return bool(writes) and request is writes[0]

        one.link.loses = loses
        one.start()
        await asyncio.sleep(30)
        assert len(set(map(id, writes))) > (method == "PUT")
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
async def test_an_edited_label_renews_nothing() -> None:
    """Only what the spec says is a sign of life."""
    async with world() as here:
        dead = {"holderIdentity": "dead", "leaseDurationSeconds": 15}
        here.write(dead)
        started = now()
        two = here.candidate("two").start()
        for number in range(8):
            await asyncio.sleep(2)
            if not two.acquired:
                here.write(dead, labels={"number": str(number)})
        assert 15 <= two.acquired[0] - started <= 15.1


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
@pytest.mark.parametrize("seed", range(12))
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
