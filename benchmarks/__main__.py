"""`python -m benchmarks`: measure, print the table, write the JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import matching, memory, real_server
from benchmarks.figures import Figure, table
from benchmarks.many_routes import many_routes
from benchmarks.processes import NoResult
from benchmarks.reading import reading
from benchmarks.scale import scale
from benchmarks.setting import Place
from benchmarks.start import start, warm_up
from benchmarks.webhook import webhook

Measure = Callable[[], Awaitable[list[Figure]]]


def measures(place: Place, runs: int, assets: Path | None) -> Mapping[str, Measure]:
    """Return what can be measured here, by name."""
    found: dict[str, Measure] = {
        "matching": lambda: matching.matching(runs),
        "reading": lambda: reading(place, runs),
        "webhook": lambda: webhook(place, runs),
        "quiet": lambda: memory.quiet(place, runs),
        "storm": lambda: memory.storm(place, runs),
        "waiting": lambda: memory.waiting(place, runs),
        "start": lambda: start(place, 2 * runs + 1),
    }
    if assets:
        found["backlog"] = lambda: real_server.backlog(place, assets, runs)
        found["delay"] = lambda: real_server.delay(place, assets, runs)
    found["scale"] = lambda: scale(place, runs)
    found["many-routes"] = lambda: many_routes(1)
    found["endurance"] = lambda: memory.endurance(place)
    return found


async def run(arguments: argparse.Namespace) -> int:
    """Measure; return 1 where a bar is missed, or something could not be measured."""
    figures: list[Figure] = []
    problems: list[str] = []
    assets = os.environ.get("KUBEBUILDER_ASSETS", "")
    if not assets:
        print("KUBEBUILDER_ASSETS is not set: nothing of a real API server is measured", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        # As in the image: no docstrings, no columns, and everything compiled before it is measured.
        environ = {"PYTHONOPTIMIZE": "2", "PYTHONNODEBUGRANGES": "1", "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
        program = (arguments.python, "-m", "kube_wecom_eventer")
        place = Place(program=program, folder=Path(folder), environ=environ)
        await warm_up(place)
        every = measures(place, arguments.runs, Path(assets) if assets else None)
        for name in arguments.only or every:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                figures += await every[name]()
            except NoResult as problem:
                problems.append(f"{name}: no result: {problem}")
    print(table(figures))
    for each in problems:
        print(each)
    if arguments.json:
        document = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
            "load": round(os.getloadavg()[0], 1),
            "figures": [figure.as_json() for figure in figures],
            "problems": problems,
        }
        Path(arguments.json).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 1 if problems or any(figure.holds is False for figure in figures) else 0


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="what to measure (default: all)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (default: 5)")
    parser.add_argument("--python", default=sys.executable, help="the daemon's interpreter (default: this one)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
