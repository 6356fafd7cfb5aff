"""Two ways of doing the same, measured by turns on one machine in one run: the ratio is what can be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures import Figure

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pair:
    """Speeds of ours and of theirs, turn by turn, in one unit in which more is better."""

    ours: list[float]
    theirs: list[float]

    @property
    def ratios(self) -> list[float]:
        """Ours through theirs, each turn for itself."""
        return [mine / yours for mine, yours in zip(self.ours, self.theirs, strict=True)]

    def figures(self, name: str, *, unit: str, ours: str, theirs: str, goal: float | None) -> list[Figure]:
        return [
            Figure(
                f"{name}: ratio", self.ratios, "×", note=f"{ours} through {theirs}", goal=f"≥ {goal:g}" if goal else ""
            ),
            Figure(f"{name}: {ours}", self.ours, unit),
            Figure(f"{name}: {theirs}", self.theirs, unit),
        ]


def by_turns(ours: Measure, theirs: Measure, *, turns: int) -> Pair:
    """Measure both ``turns`` times, after one turn that does not count; who goes first alternates."""
    pair = Pair([], [])
    for number in range(turns + 1):
        if number % 2:
            mine, yours = ours(), theirs()
        else:
            yours, mine = theirs(), ours()
        if number:
            pair.ours.append(mine)
            pair.theirs.append(yours)
    return pair
