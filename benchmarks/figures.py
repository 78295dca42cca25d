"""What was measured: a figure's name, its bar, its samples; the table and the JSON that are made of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure. ``samples``: a value a run. ``bar``: what it may be at most, or at least; None: it is reported."""

    name: str
    unit: str
    samples: Sequence[float]
    bar: float | None = None
    at_least: bool = False
    digits: int = 1

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.samples)

    @property
    def holds(self) -> bool | None:
        """Whether the bar is kept; None where there is none."""
        if self.bar is None:
            return None
        return self.median >= self.bar if self.at_least else self.median <= self.bar

    def as_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "median": round(self.median, 4),
            "lowest": round(min(self.samples), 4),
            "highest": round(max(self.samples), 4),
            "samples": [round(each, 4) for each in self.samples],
            "bar": self.bar,
            "at_least": self.at_least,
            "holds": self.holds,
        }

    def row(self) -> tuple[str, str, str, str]:
        """Return its row of the table: name, median, spread, bar."""
        shown = f"{self.median:,.{self.digits}f} {self.unit}".strip()
        spread = f"{min(self.samples):,.{self.digits}f} to {max(self.samples):,.{self.digits}f} ({len(self.samples)})"
        if self.bar is None:
            return self.name, shown, spread, ""
        bar = f"{'at least' if self.at_least else 'at most'} {self.bar:,g} {self.unit}".strip()
        return self.name, shown, spread, f"{bar}: {'holds' if self.holds else 'MISSED'}"


def table(figures: Sequence[Figure]) -> str:
    """Return figures as a table of text."""
    rows = [("figure", "median", "lowest to highest (runs)", "bar"), *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
