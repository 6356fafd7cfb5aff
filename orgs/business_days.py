"""Days on which the operator works."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.utils import timezone

SATURDAY = 5


def is_business_day(day: date, *, holidays: Collection[date] = ()) -> bool:
    return day.weekday() < SATURDAY and day not in holidays


def after(start: datetime, days: int, *, holidays: Collection[date] = ()) -> datetime:
    """The moment ``days`` business days after ``start``, at the same time of day in the operator's time zone.

    A start on a weekend or holiday counts from there: two business days after a Saturday end on Tuesday.
    """
    local = timezone.localtime(start, timezone.get_default_timezone())
    day, remaining = local.date(), days
    while remaining:
        day += timedelta(days=1)
        if is_business_day(day, holidays=holidays):
            remaining -= 1
    return local.replace(year=day.year, month=day.month, day=day.day)
