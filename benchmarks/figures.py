"""Figures: what a benchmark measured, as a table for people and as JSON for the next run."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured once or often, in ``unit``; ``note`` says what stands behind it, ``goal`` what was wished for."""

    name: str
    values: Sequence[float] = field(repr=False)
    unit: str
    note: str = ""
    goal: str = ""

    def summary(self) -> dict[str, Any]:
        """Median, extremes and the 95th percentile (where there are enough values for one) of the run."""
        summary: dict[str, Any] = {
            "name": self.name,
            "unit": self.unit,
            "count": len(self.values),
            "median": _short(median(self.values)),
            "min": _short(min(self.values)),
            "max": _short(max(self.values)),
        }
        if len(self.values) >= 20:
            summary["p95"] = _short(quantiles(self.values, n=20)[-1])
        said = {"goal": self.goal, "note": self.note}
        return {**summary, **{name: text for name, text in said.items() if text}}


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of aligned columns."""
    heads = ("figure", "median", "min", "max", "p95", "count", "unit", "goal")
    rows = [heads, *(_row(figure.summary()) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    notes = [f"  {figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, *notes])


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was: figures of a loaded machine say little."""
    return {
        "processors": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def _row(summary: dict[str, Any]) -> tuple[str, ...]:
    columns = ("name", "median", "min", "max", "p95", "count", "unit", "goal")
    return tuple(str(summary.get(column, "")) for column in columns)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]


def _short(value: float) -> float:
    """Four digits that count; a whole number stays whole."""
    return int(value) if value == int(value) else float(f"{value:.4g}")
