"""Where a stream starts, and what position it holds: what the next process goes on from."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta

import httpx
from structlog.testing import capture_logs

from kube_wecom_eventer.event import Event
from kube_wecom_eventer.kube.event_stream import Start
from tests.support.following import FOREVER, NOW, Following, added, event, listing
from tests.support.scripted import status_answer, watch_answer
from tests.support.virtual_time import virtual_time


class Heard:
    """Hears of lists."""

    def __init__(self) -> None:
        self.listed_events: list[tuple[int, bool]] = []
        self.times = 0

    def listed(self, event: Event, *, new: bool) -> None:
        self.listed_events.append((event.version, new))

    def positioned(self) -> None:
        self.times += 1


@virtual_time
async def test_it_goes_on_from_a_position_without_a_list() -> None:
    """Where nothing waits a watch is enough: in order, and nothing read twice."""
    it = Following(listing(150), watch_answer(added(101), FOREVER), start=Start(position=100, alive_at=NOW))
    assert await it.take(1) == ["101"]
    assert [query["resourceVersion"] for query in it.api.queries(watch=True)] == ["100"]
    assert [query.get("limit") for query in it.api.queries(watch=False)] == ["1"]


@virtual_time
async def test_it_lists_first_where_something_waits() -> None:
    """What is older than the position is not yielded; whoever knows what waits hears of it."""
    heard = Heard()
    it = Following(
        listing(150),
        listing(150, event(120), event(90), event(140)),
        watch_answer(added(151), FOREVER),
        start=Start(position=100, alive_at=NOW, lists=True),
        listing=heard,
    )
    assert await it.take(3) == ["120", "140", "151"]
    assert heard.listed_events == [(120, True), (90, False), (140, True)]
    assert heard.times == 1


@virtual_time
async def test_a_position_too_old_for_a_watch_lists_what_is_above_it() -> None:
    """After a long stop the watch is answered 410."""
    it = Following(
        listing(150),
        status_answer(410, "Expired"),
        listing(150),
        listing(150, event(90), event(140)),
        watch_answer(added(151), FOREVER),
        start=Start(position=100, alive_at=NOW),
    )
    assert await it.take(2) == ["140", "151"]


@virtual_time
async def test_a_first_start_may_reach_back_in_time() -> None:
    """--since: by when an event happened last; there is no position before that list is complete."""
    heard = Heard()
    old, young = "2026-11-20T11:40:00Z", "2026-11-20T11:55:00Z"
    it = Following(
        listing(150),
        listing(150, event(120, lastTimestamp=young), event(130, lastTimestamp=old)),
        watch_answer(added(151), FOREVER),
        start=Start(since=NOW - timedelta(minutes=10)),
        listing=heard,
    )
    async with aclosing(it.stream.follow()) as events:
        assert (await anext(events)).version == 120
        before = it.stream.position
        assert (await anext(events)).version == 151
        assert (before, it.stream.position) == (None, 150)
    assert heard.times == 1


@virtual_time
async def test_a_server_restored_while_we_were_away_is_asked_by_time() -> None:
    """Its resourceVersions are lower than ours, so they say nothing: what happened since we last heard of it is new."""
    before, after = "2026-11-20T11:00:00Z", "2026-11-20T11:59:00Z"
    it = Following(
        listing(80),
        status_answer(500, "InternalError"),
        listing(80),
        listing(80, event(70, lastTimestamp=before), event(75, lastTimestamp=after)),
        watch_answer(added(81), FOREVER),
        start=Start(position=100, alive_at=NOW - timedelta(minutes=5)),
    )
    with capture_logs() as logs:
        assert await it.take(2) == ["75", "81"]
    assert [line["position"] for line in logs if line["event"] == "api_server_restored"] == [100]


@virtual_time
async def test_an_event_counts_for_the_position_when_it_has_been_taken() -> None:
    """Whoever is ended while it holds an event gets it again."""
    it = Following(listing(100), watch_answer(added(101), added(102), FOREVER))
    async with aclosing(it.stream.follow()) as events:
        assert (await anext(events)).version == 101
        assert it.stream.position == 100
        assert (await anext(events)).version == 102
        assert it.stream.position == 101
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(1)
        assert it.stream.position == 102
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@virtual_time
async def test_a_position_stays_while_a_list_is_read() -> None:
    """Pages come by name: the first may hold the newest versions."""
    it = Following(
        listing(100),
        status_answer(410, "Expired"),
        listing(150),
        listing(150, event(149), more="p2"),
        listing(150, event(101)),
        watch_answer(FOREVER),
    )
    async with aclosing(it.stream.follow()) as events:
        assert (await anext(events)).version == 149
        assert it.stream.position == 100
        assert (await anext(events)).version == 101
        assert it.stream.position == 100
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(1)
        assert it.stream.position == 150
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@virtual_time
async def test_a_410_after_an_outage_is_followed_at_once() -> None:
    """The server is there again; the outage's long delays must not add to it."""
    down = [status_answer(500, "InternalError") for _ in range(8)]
    it = Following(
        *down,
        listing(150),
        status_answer(410, "Expired"),
        listing(150),
        listing(150, event(140)),
        start=Start(position=100, alive_at=NOW),
    )
    times: list[float] = []
    answer = it.api._answer

    def timed(request: httpx.Request) -> httpx.Response | Exception:
        times.append(asyncio.get_running_loop().time())
        return answer(request)

    it.api._answer = timed
    assert await it.take(1) == ["140"]
    assert times[10] - times[9] < 1
