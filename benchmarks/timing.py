"""Whether two ways of answering can be told apart by the time they take, from measurements made by turns."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

RESAMPLES = 2000
# Two-sided, of a thousand: a suite that runs often must not cry wolf.
CONFIDENCE = 0.999


@dataclass(frozen=True, slots=True)
class Comparison:
    """Milliseconds of two groups: their medians, the bootstrap interval of the difference of these, and Mann-Whitney's U with
    its two-sided p (normal approximation).
    """

    first: float
    second: float
    low: float
    high: float
    u: float
    p: float
    noise: float

    def __str__(self) -> str:
        return (
            f"medians {self.first:.2f} and {self.second:.2f} ms; difference {self.first - self.second:+.2f} ms "
            f"({CONFIDENCE:.1%} interval {self.low:+.2f} … {self.high:+.2f}); U = {self.u:.0f}, p = {self.p:.3f}; "
            f"half of all tries lie within {self.noise:.2f} ms"
        )


Ask = Callable[[], object]


def by_turns(first: Callable[[], Ask], second: Callable[[], Ask], *, times: int) -> Comparison:
    """Make and ask both ``times`` times, in pairs of random order, after a few that do not count. Only asking is timed."""
    order = random.Random(1)  # noqa: S311 - which goes first is no secret
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(-5, times):
        for which in order.sample((0, 1), 2):
            milliseconds = _milliseconds((first, second)[which]())
            if number >= 0:
                taken[which].append(milliseconds)
    return compare(*taken)


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    low, high = _interval(first, second)
    u, p = _mann_whitney(first, second)
    return Comparison(median(first), median(second), low, high, u, p, _spread([*first, *second]))


def _milliseconds(ask: Ask) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def _interval(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    draw = random.Random(2)  # noqa: S311 - a sample, no secret
    differences = sorted(
        median(draw.choices(first, k=len(first))) - median(draw.choices(second, k=len(second)))
        for _ in range(RESAMPLES)
    )
    tail = int((1 - CONFIDENCE) / 2 * RESAMPLES)
    return differences[tail], differences[-1 - tail]


def _mann_whitney(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Times on a fine clock have no ties worth correcting for."""
    ranked = sorted([*((value, 0) for value in first), *((value, 1) for value in second)])
    ranks = sum(rank for rank, (_, group) in enumerate(ranked, start=1) if group == 0)
    count, other = len(first), len(second)
    u = ranks - count * (count + 1) / 2
    z = (u - count * other / 2) / math.sqrt(count * other * (count + other + 1) / 12)
    return u, math.erfc(abs(z) / math.sqrt(2))


def _spread(values: Sequence[float]) -> float:
    """The interquartile range."""
    ordered = sorted(values)
    return ordered[len(ordered) * 3 // 4] - ordered[len(ordered) // 4]
