"""Days on which the operator works: neither weekends nor the operator's holidays."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.utils import timezone

from orgs.models import Holiday

SATURDAY = 5


def due(start: datetime, days: int) -> datetime:
    """``after`` with the holidays that the operator has entered. One query."""
    first = _local(start).date()
    return after(start, days, holidays=set(Holiday.objects.filter(day__gt=first).values_list("day", flat=True)))


def is_today() -> bool:
    """Whether the operator works today. One query at most."""
    today = _local(timezone.now()).date()
    return is_business_day(today) and not Holiday.objects.filter(day=today).exists()


def is_business_day(day: date, *, holidays: Collection[date] = ()) -> bool:
    return day.weekday() < SATURDAY and day not in holidays


def after(start: datetime, days: int, *, holidays: Collection[date] = ()) -> datetime:
    """The moment ``days`` business days after ``start``, at the same time of day in the operator's time zone.

    A start on a weekend or holiday counts from there: two business days after a Saturday end on Tuesday.
    """
    local = _local(start)
    day, remaining = local.date(), days
    while remaining:
        day += timedelta(days=1)
        if is_business_day(day, holidays=holidays):
            remaining -= 1
    return local.replace(year=day.year, month=day.month, day=day.day)


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment, timezone.get_default_timezone())
