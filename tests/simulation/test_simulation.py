"""The contract holds in every run of the simulation, and each mistake that is planted on purpose is noticed."""

from __future__ import annotations

import os

import pytest

from tests.simulation.invariants import check
from tests.simulation.plan import make_plan
from tests.simulation.planted import PLANTS, Plant, noticed
from tests.simulation.world import World

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "2000"))
"""How many seeds are played, from 0 on: the same in each run, so that a failure is the change's."""
_CHUNK = 50
"""Seeds of one test, so that they spread over the workers."""


@pytest.mark.parametrize("first", range(0, SEEDS, _CHUNK))
def test_the_contract_holds(first: int) -> None:
    """Whatever fails, to whomever, at whatever moment."""
    broken = []
    for seed in range(first, min(first + _CHUNK, SEEDS)):
        world = World(plan=make_plan(seed))
        try:
            world.run()
            check(world)
        except Exception as error:
            broken.append(f"{error!r}\n  .venv/bin/python -m tests.simulation --seed {seed} -v")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_mistake_is_noticed(plant: Plant) -> None:
    """An invariant that notices no mistake proves nothing."""
    assert noticed(plant), f"{len(plant.seeds)} seeds pass although {plant.says}"


@pytest.mark.parametrize("seed", [1, 2, 3, 69])
def test_a_seed_is_the_same_run_again(seed: int) -> None:
    """Otherwise a failure could not be replayed."""
    traces: list[list[str]] = [[], []]
    for trace in traces:
        World(plan=make_plan(seed), say=trace.append).run()
    assert traces[0] == traces[1]
