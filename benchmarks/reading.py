"""How fast events are read and told, against loops that only read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure
from benchmarks.processes import NoResult, cpu_seconds, helper
from benchmarks.setting import FILTERS, MIXED, Place, expected, setting


@dataclass(frozen=True, kw_only=True)
class Cost:
    """``cpu``: seconds of CPU an event. ``rate``: events a second."""

    cpu: float
    rate: float


async def bare(place: Place, events: int, *, rate: float = 0.0, own: bool = False) -> Cost:
    """Measure a loop that only reads. ``own``: with the daemon's transport; else with httpx's."""
    certificate, _ = place.certificate()
    async with setting(place) as run:
        url = f"{run.url}/api/v1/events?watch=1&resourceVersion=100"
        options = (f"--ca-file={certificate}", f"--events={events}", *(["--own"] if own else []))
        async with helper("bare_loop", url, *options) as loop:
            await run.api.hear()
            await run.send(events, rate=rate)
            read = await loop.hear()
    if read["events"] != events:
        raise NoResult(f"the loop has read {read['events']} of {events} events")
    return Cost(cpu=read["cpu"] / events, rate=events / read["seconds"])


async def daemon(
    place: Place, events: int, *, rate: float = 0.0, routes: Sequence[str] = MIXED, told: int | None = None
) -> Cost:
    """Measure the daemon, from the first watch line until everything is told. ``told``: how many of them are to be."""
    to_tell = expected(events) if told is None else told
    async with setting(place) as run, run.daemon(*run.sinks(routes), run.marks) as process:
        before = cpu_seconds(process.pid)
        await run.send(events, rate=rate, marked=True)
        seconds = await run.drained()
        await run.all_told(to_tell)
        return Cost(cpu=(cpu_seconds(process.pid) - before) / events, rate=events / seconds)


async def reading(place: Place, runs: int, *, events: int = 100_000) -> list[Figure]:
    """Measure the daemon and both bare loops in turn."""
    costs: dict[str, list[Cost]] = {"daemon": [], "httpx": [], "own": [], "paced": []}
    for _ in range(runs):
        costs["httpx"].append(await bare(place, events))
        costs["own"].append(await bare(place, events, own=True))
        costs["daemon"].append(await daemon(place, events))
        costs["paced"].append(await daemon(place, events // 4, rate=2_000))

    def cpu(name: str) -> list[float]:
        return [cost.cpu * 1e6 for cost in costs[name]]

    def beyond(name: str) -> list[float]:
        return [mine - theirs for mine, theirs in zip(cpu("daemon"), cpu(name), strict=True)]

    ratio = [mine.rate / theirs.rate for mine, theirs in zip(costs["daemon"], costs["httpx"], strict=True)]
    routes = f"{len(FILTERS)} routes, TLS"
    return [
        Figure(name=f"CPU an event, a backlog of {events:,}, {routes}", unit="µs", samples=cpu("daemon"), bar=40),
        Figure(name=f"CPU an event, 2,000 a second in 200 portions, {routes}", unit="µs", samples=cpu("paced")),
        Figure(name="bare loop on httpx, CPU an event", unit="µs", samples=cpu("httpx")),
        Figure(name="bare loop on the daemon's transport, CPU an event", unit="µs", samples=cpu("own")),
        Figure(name="the daemon beyond the bare loop on httpx", unit="µs", samples=beyond("httpx"), bar=10),
        Figure(name="the daemon beyond the bare loop on its own transport", unit="µs", samples=beyond("own"), bar=10),
        Figure(
            name="backlog read, events a second", unit="", samples=[each.rate for each in costs["daemon"]], digits=0
        ),
        Figure(
            name="backlog, of the rate of the bare loop on httpx",
            unit="",
            samples=ratio,
            bar=0.75,
            at_least=True,
            digits=2,
        ),
    ]
