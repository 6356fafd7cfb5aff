"""Year, month, day: the way through years of registrations. Django's own asks the whole table which of them occur."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode

from orgs import queries

FIELD = "submitted_at"
_PARTS = ("year", "month", "day")


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    query: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """``back`` leads to the period around the one that is shown, ``within`` to the parts of it."""

    shown: str
    back: Link | None
    within: list[Link]


def of(query: Mapping[str, str]) -> Calendar:
    """What the list's address asks for; what is no date leads to the years."""
    others = {name: value for name, value in query.items() if not name.startswith(FIELD) and name != "p"}

    def link(label: str, **parts: int) -> Link:
        period = {f"{FIELD}__{part}": str(value) for part, value in parts.items()}
        return Link(label, urlencode({**others, **period}))

    match [_number(query.get(f"{FIELD}__{part}", "")) for part in _PARTS]:
        case [int() as year, int() as month, int() as day] if _is_date(year, month, day):
            back = link(_month(year, month), year=year, month=month)
            return Calendar(date_format(date(year, month, day), "DATE_FORMAT"), back, [])
        case [int() as year, int() as month, None] if _is_date(year, month):
            days = range(1, monthrange(year, month)[1] + 1)
            within = [link(str(day), year=year, month=month, day=day) for day in days]
            return Calendar(_month(year, month), link(str(year), year=year), within)
        case [int() as year, None, None] if _is_date(year):
            months = [link(date_format(date(year, month, 1), "F"), year=year, month=month) for month in range(1, 13)]
            return Calendar(str(year), link("All years"), months)
    first, last = queries.first_submission(), timezone.localdate().year
    return Calendar("", None, [link(str(year), year=year) for year in range(first.year if first else last, last + 1)])


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _is_date(year: int, month: int = 1, day: int = 1) -> bool:
    return 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _month(year: int, month: int) -> str:
    return str(date_format(date(year, month, 1), "YEAR_MONTH_FORMAT"))
