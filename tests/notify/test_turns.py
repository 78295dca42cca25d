"""Destinations that share an account's pace: a storm of one keeps none of the others from being told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC
from random import Random

import pytest

from kube_wecom_eventer.metrics import Metrics
from kube_wecom_eventer.notify import Dispatcher, InTurn, MergingPending, Pace, Pacing, Terms, Turns, notification
from kube_wecom_eventer.render import ChatWording, Renderer, Style, Templates
from tests.support.events import make_event
from tests.support.scripted import ScriptedSink
from tests.support.virtual_time import virtual_time

LIMIT = 16
"""Messages a minute: of an application of WeCom."""


class Teams:
    """Each team's dispatcher, all with one account. ``takes``: seconds of each one's answer."""

    def __init__(self, *names: str, limit: int = LIMIT, takes: Sequence[float] = (0.05,) * 9) -> None:
        self.metrics = Metrics()
        pace, turns = Pace(limit=limit), Turns()
        self._renderer = Renderer(templates=Templates(metrics=self.metrics), zone=UTC)
        self.sinks = {name: ScriptedSink(takes=seconds) for name, seconds in zip(names, takes, strict=False)}
        self.dispatchers = {name: self._dispatcher(name, InTurn(pace, turns=turns, who=name)) for name in names}

    def _dispatcher(self, name: str, pace: Pacing) -> Dispatcher:
        return Dispatcher(
            destination=name,
            pending=MergingPending(),
            metrics=self.metrics,
            pace=pace,
            routes=lambda: [name],
            rng=Random(1),
        )

    def offer(self, team: str, reason: str, *, route: int = 0) -> None:
        name = f"{team}/{route}"
        wording = ChatWording(renderer=self._renderer, template=None, style=Style(lang="en"))
        terms = Terms(route=name, wording=wording, sink=self.sinks[team])
        now = asyncio.get_running_loop().time()
        self.dispatchers[team].offer(notification(make_event(reason=reason), terms, received_at=now))

    async def storm(self, team: str, seconds: float, *, routes: int = 1) -> None:
        """Let something new happen all the time, on each of a team's routes."""
        for number in range(int(seconds)):
            for route in range(routes):
                self.offer(team, f"Storm{number}", route=route)
            await asyncio.sleep(1)

    def told_since(self, began: float) -> Counter[str]:
        """Return how many messages each team's chat has got since then."""
        return Counter({name: sum(at >= began for at in sink.times) for name, sink in self.sinks.items()})

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            running = [tasks.create_task(each.run()) for each in self.dispatchers.values()]
            yield
            for task in running:
                task.cancel()


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("others", [1, 4])
@virtual_time
async def test_all_that_storm_get_the_same_share(limit: int, others: int) -> None:
    """However quickly the one's chat answers: without turns it would take all slots but one or none."""
    names = [f"team-{number}" for number in range(1 + others)]
    teams = Teams(*names, limit=limit, takes=[0.01] + [3.0] * others)
    began = asyncio.get_running_loop().time()
    async with teams.telling():
        await asyncio.gather(*(teams.storm(name, 900) for name in names))
    shares = teams.told_since(began + 60).values()
    assert max(shares) - min(shares) <= 1
    assert sum(shares) >= 13 * limit


@virtual_time
async def test_a_team_with_many_routes_gets_no_more_than_one_with_few() -> None:
    """Its routes take turns among themselves."""
    teams = Teams("many", "few")
    began = asyncio.get_running_loop().time()
    async with teams.telling():
        await asyncio.gather(teams.storm("many", 240, routes=20), teams.storm("few", 240))
        told = teams.told_since(began + 60)
    assert abs(told["many"] - told["few"]) <= LIMIT // 2


@virtual_time
async def test_who_has_waited_longest_since_its_last_message_is_next() -> None:
    """A quiet team's event gets the first slot that is free, however many storm."""
    storming = [f"storm-{number}" for number in range(6)]
    teams = Teams(*storming, "quiet")
    async with teams.telling():
        storms = [asyncio.create_task(teams.storm(name, 200)) for name in storming]
        await asyncio.sleep(90)
        slots = sorted(at for sink in teams.sinks.values() for at in sink.times)
        asked = asyncio.get_running_loop().time()
        teams.offer("quiet", "BackOff")
        await asyncio.gather(*storms)
    first_free = next(at for at in slots if at + 60 > asked) + 60
    assert teams.sinks["quiet"].times[0] - first_free < 0.5


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
@virtual_time
async def test_a_quiet_team_waits_for_one_slot_and_not_for_the_end_of_a_storm(limit: int) -> None:
    """The storm's dispatcher is always there before it: it has slept for the same slot for longer."""
    teams = Teams("storm", "quiet", limit=limit)
    async with teams.telling():
        storm = asyncio.create_task(teams.storm("storm", 900))
        await asyncio.sleep(100)
        asked = asyncio.get_running_loop().time()
        teams.offer("quiet", "BackOff")
        await storm
    assert teams.sinks["quiet"].times[0] - asked <= 61


@virtual_time
async def test_while_slots_are_free_nobody_waits_for_anybody() -> None:
    """An event that finds nothing waiting leaves at once."""
    teams = Teams("first", "second")
    began = asyncio.get_running_loop().time()
    async with teams.telling():
        for number in range(4):
            for team in ("first", "second"):
                teams.offer(team, f"R{number}")
            await asyncio.sleep(1)
    assert [round(at - began, 1) for at in teams.sinks["second"].times] == [0.0, 1.0, 2.0, 3.0]


@virtual_time
async def test_all_together_keep_the_accounts_pace() -> None:
    """Turns hand out slots; they make none."""
    teams = Teams("a", "b", "c")
    async with teams.telling():
        await asyncio.gather(*(teams.storm(name, 200) for name in ("a", "b", "c")))
    times = sorted(at for sink in teams.sinks.values() for at in sink.times)
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[LIMIT:], strict=False))


def test_whoever_goes_away_is_waited_for_only_a_moment() -> None:
    """A route that is withdrawn never takes the turn that it waited for."""
    turns = Turns()
    turns.claim("gone", until=1.0)
    turns.claim("here", until=1.0)
    assert turns.ahead("here", 1.1) == 1
    assert turns.ahead("here", 1.3) == 0
    assert not turns.waits("here", 1.3)


def test_whoever_came_first_is_next_where_none_had_a_slot() -> None:
    """And a slot puts one behind the others."""
    turns = Turns()
    for who in ("a", "b", "c"):
        turns.claim(who, until=10.0)
    assert [turns.ahead(who, 5.0) for who in ("a", "b", "c")] == [0, 1, 2]
    turns.served("a", 5.0)
    turns.claim("a", until=10.0)
    assert [turns.ahead(who, 6.0) for who in ("a", "b", "c")] == [2, 0, 1]


@pytest.mark.parametrize("free", [1, 2, 3])
def test_as_many_go_at_once_as_there_are_slots(free: int) -> None:
    """The others come back in a moment."""
    turns, pace = Turns(), Pace(limit=free)
    parties = [InTurn(pace, turns=turns, who=str(number)) for number in range(4)]
    for party in parties:
        party.delay(0.0)
    assert [party.delay(0.01) == 0.0 for party in parties] == [number < free for number in range(4)]
