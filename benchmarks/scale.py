"""How costs grow: CPU with the number of routes, memory with the number of waiting events. For the plot."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.matching import many
from benchmarks.memory import waiting
from benchmarks.reading import daemon
from benchmarks.setting import FILTERS, KEYS, Place, expected

ROUTES = (1, 10, 100, 1000)
WAITING = (1_000, 10_000, 30_000, 100_000, 300_000)
_EVENTS = 50_000

CPU_OVER, MEMORY_OVER = "CPU an event over routes: ", "peak memory over events of which seven of ten wait: "


async def scale(place: Place, runs: int) -> list[Figure]:
    """Measure each size so many times."""
    figures = []
    for count in ROUTES:
        filters = many(count) if count > len(FILTERS) else list(FILTERS[:count])
        routes = [f"key={KEYS[number % len(KEYS)]}&{chosen}" for number, chosen in enumerate(filters)]
        told = expected(_EVENTS, filters)
        cpu = [(await daemon(place, _EVENTS, routes=routes, told=told)).cpu * 1e6 for _ in range(runs)]
        figures.append(Figure(name=f"{CPU_OVER}{count}", unit="µs", samples=cpu))
    for events in WAITING:
        (measured,) = await waiting(place, runs, events=events, bar=None)
        figures.append(Figure(name=f"{MEMORY_OVER}{events}", unit="MB", samples=measured.samples))
    return figures
