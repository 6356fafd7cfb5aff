"""The table of access: what everybody is answered at every address, as ``access.txt`` lists it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.portal.sweeps.walk import Answer
from tests.portal.sweeps.world import ROLES

FILE = Path(__file__).with_name("access.txt")
VERBS = ("GET", "POST")
# A row that is not there says this of everybody.
NOT_THERE = ("405",) * len(ROLES)
Table = dict[tuple[str, str], tuple[str, ...]]


def listed() -> Table:
    """By address and verb, a word for each of ``ROLES``. Raises ``ValueError`` for a row that is none."""
    table: Table = {}
    for number, line in enumerate(FILE.read_text().splitlines(), start=1):
        route, verb, *words = line.split() if line and not line.startswith("#") else ("", "")
        if route and (len(words) != len(ROLES) or verb not in VERBS or (route, verb) in table):
            raise ValueError(f"{FILE}:{number} is no row, or there twice: {line}")
        if route:
            table[route, verb] = tuple(words)
    return table


def words_of(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(answer.word for answer in answers)


def row(route: str, verb: str, words: Sequence[str]) -> str:
    """One line of the file."""
    return f"{route:<76} {verb:<4} " + " ".join(f"{word:>7}" for word in words)
