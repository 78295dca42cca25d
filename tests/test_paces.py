"""When the messages of an account may leave, as a checkpoint is there, is not yet, or is given up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from math import inf
from types import SimpleNamespace
from typing import cast

from kube_wecom_eventer.notify import Pacing
from kube_wecom_eventer.paces import Paces
from kube_wecom_eventer.sinks import Account
from kube_wecom_eventer.surroundings import Surroundings
from tests.support.virtual_time import virtual_time

ROBOT, ANOTHER = Account(name="robot", limit=20), Account(name="another", limit=20)


class Place:
    """Where a checkpoint is kept: until it is given up."""

    kept = True
    asked = 0

    def changed(self) -> None:
        self.asked += 1


def paces_of(place: Place) -> Paces:
    around = SimpleNamespace(
        may_start_until=lambda: inf, now=lambda: datetime.now(UTC), attempts={}, routes=SimpleNamespace(ways={})
    )
    return Paces(cast(Surroundings, around), kept=lambda: place.kept, changed=place.changed)


def may_start(pace: Pacing | None) -> bool:
    """Return whether an attempt may start now."""
    assert pace is not None
    return pace.delay(asyncio.get_running_loop().time()) == 0


@virtual_time
async def test_nothing_leaves_before_a_checkpoint_knows_of_the_pace() -> None:
    """One is asked for at once."""
    place = Place()
    paces = paces_of(place)
    pace = paces.of("wecom-1", ROBOT)
    assert (may_start(pace), place.asked) == (False, 1)
    paces.recorded(paces.started())
    assert may_start(pace)


@virtual_time
async def test_a_checkpoint_that_is_given_up_holds_nothing_back() -> None:
    """Neither where the pace began before that, nor where it begins later: there is no write that could let it go."""
    place = Place()
    paces = paces_of(place)
    before = paces.of("wecom-1", ROBOT)
    assert not may_start(before)
    place.kept = False
    paces.unrecordable(for_good=True)
    assert [may_start(before), may_start(paces.of("wecom-2", ANOTHER))] == [True, True]
