"""Draws what `--only scale --json FILE` has measured: ``python -m benchmarks.plot FILE docs/images/performance.png``.

Needs matplotlib, which nothing else here does: ``pip install -e '.[plot]'``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.scale import CPU_OVER, MEMORY_OVER

mpl.use("Agg")
import matplotlib.pyplot as plt

_LINE, _BAND = "#1f6feb", "#9ec5fe"


def draw(figures: list[dict[str, Any]], target: Path) -> None:
    """Draw both curves, with the band from the lowest to the highest run."""
    picture, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    _curve(left, figures, CPU_OVER, title="CPU an event", x="routes", y="µs", highest=40)
    _curve(
        right,
        figures,
        MEMORY_OVER,
        title="Peak memory, no robot takes anything",
        x="events read, 7 of 10 wait",
        y="MB",
        highest=64,
    )
    picture.savefig(target, dpi=120)


def _curve(
    axes: Any, figures: list[dict[str, Any]], prefix: str, *, title: str, x: str, y: str, highest: float
) -> None:
    chosen = [each for each in figures if each["figure"].startswith(prefix)]
    places = [int(each["figure"].removeprefix(prefix)) for each in chosen]
    axes.fill_between(places, [each["lowest"] for each in chosen], [each["highest"] for each in chosen], color=_BAND)
    axes.plot(places, [each["median"] for each in chosen], color=_LINE, marker="o")
    axes.axhline(highest, color="#d1242f", linewidth=1, linestyle="--", label=f"the bar: {highest:g} {y}")
    axes.set(xscale="log", xlabel=x, ylabel=y, title=title, ylim=(0, highest * 1.25))
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    axes.grid(visible=True, color="#eaeef2")
    axes.legend(frameon=False)


if __name__ == "__main__":
    source, picture_file = sys.argv[1:]
    draw(json.loads(Path(source).read_text())["figures"], Path(picture_file))
