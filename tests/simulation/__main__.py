"""Replays one seed: ``python -m tests.simulation --seed 1234 [-v]``."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.simulation.invariants import Violation, check
from tests.simulation.plan import make_plan
from tests.simulation.world import World


def say(line: str) -> None:
    """Print a line of the trace."""
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Play the seeds, and return 1 where one breaks a promise."""
    # The end of a pipe is the end of the trace.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=1, help="how many seeds, from this one on")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what happened when")
    args = parser.parse_args()
    failed = 0
    for seed in range(args.seed, args.seed + args.count):
        started = time.process_time()
        world = World(plan=make_plan(seed), say=print) if args.verbose else World(plan=make_plan(seed))
        if args.verbose:
            say("\n".join(world.plan.arguments()))
        world.run()
        try:
            check(world)
            word = "holds"
        except Violation as violation:
            word, failed = str(violation), failed + 1
        if args.count == 1 or word != "holds":
            say(
                f"seed {seed}: {word} ({len(world.written)} events, {len(world.ledger.accepted)} messages, "
                f"{time.process_time() - started:.2f} s)"
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
