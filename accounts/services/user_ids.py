"""User IDs: ``smithj_4821``. Letters a to z of last name and first initial, whatever script the name is written in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from random import SystemRandom

from anyascii import anyascii

from accounts.models import User

LONGEST_NAME = 40
FEW = 20


def stem(first_name: str, last_name: str) -> str:
    """``smithj``; of one name where the other has no letters, and ``user`` where neither has."""
    first, last = _letters(first_name), _letters(last_name)
    if not last:
        return first or "user"
    return last + first[:1]


def free_user_id(first_name: str, last_name: str) -> str:
    """A User ID that nobody has, at random among all that are free. Another process may still take it first."""
    name = stem(first_name, last_name)
    for numbers in _ever_more_numbers():
        candidates = {f"{name}_{number}" for number in numbers}
        taken = User.objects.filter(user_id__in=candidates).values_list("user_id", flat=True)
        free = sorted(candidates - set(taken))
        if free:
            return secrets.choice(free)
    raise RuntimeError(f"Every User ID of {name!r} is taken.")


def _ever_more_numbers() -> Iterator[list[str]]:
    """A few numbers of four digits, then all of them; the same with five."""
    for digits in (4, 5):
        yield [f"{number:0{digits}}" for number in SystemRandom().sample(range(10**digits), FEW)]
        yield [f"{number:0{digits}}" for number in range(10**digits)]


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", anyascii(name).lower())[:LONGEST_NAME]
