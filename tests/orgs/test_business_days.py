from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import LazySettings

from orgs import business_days
from orgs.models import Holiday


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-23 09:30", "2026-11-25 09:30"),  # Monday
        ("2026-11-26 09:30", "2026-11-30 09:30"),  # Thursday
        ("2026-11-27 23:59", "2026-12-01 23:59"),  # Friday
        ("2026-11-28 00:00", "2026-12-01 00:00"),  # Saturday
        ("2026-11-29 12:00", "2026-12-01 12:00"),  # Sunday
    ],
)
def test_two_business_days_skip_the_weekend(start: str, end: str) -> None:
    assert business_days.after(at(start), 2) == at(end)


def test_holidays_are_skipped_like_weekends() -> None:
    christmas = {date(2026, 12, 24), date(2026, 12, 25)}

    assert business_days.after(at("2026-12-23 10:00"), 2, holidays=christmas) == at("2026-12-29 10:00")


def test_no_days_are_now() -> None:
    assert business_days.after(at("2026-11-28 10:00"), 0) == at("2026-11-28 10:00")


def test_the_day_is_that_of_the_operators_time_zone(settings: LazySettings) -> None:
    """Friday evening in New York is Saturday already in UTC."""
    settings.TIME_ZONE = "America/New_York"

    assert business_days.after(at("2026-11-28 02:00"), 1) == at("2026-11-30 21:00", "America/New_York")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-27 10:00", "2026-03-31 10:00"),  # summer time begins on the Sunday between
        ("2026-10-23 10:00", "2026-10-27 10:00"),  # and ends
    ],
)
def test_the_time_of_day_is_the_same_when_clocks_change(settings: LazySettings, start: str, end: str) -> None:
    settings.TIME_ZONE = "Europe/Berlin"

    due = business_days.after(at(start, "Europe/Berlin"), 2)

    assert due == at(end, "Europe/Berlin")
    assert due.astimezone(UTC).hour != at(start, "Europe/Berlin").astimezone(UTC).hour


def test_an_hour_that_does_not_exist_is_the_one_after(settings: LazySettings) -> None:
    """In Amman clocks went from midnight to one o'clock on Friday 1 April 2022, a business day here."""
    settings.TIME_ZONE = "Asia/Amman"

    due = business_days.after(at("2022-03-31 00:30", "Asia/Amman").replace(day=31, month=3), 0)
    following = business_days.after(at("2022-03-30 00:30", "Asia/Amman"), 2)

    assert due.astimezone(UTC) < following.astimezone(UTC)
    assert following.astimezone(UTC) in {at("2022-03-31 21:30"), at("2022-03-31 22:30")}


# --- The operator's own days off ----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_due_skips_the_holidays_that_were_entered(django_assert_num_queries: Any) -> None:
    for day in (24, 25, 28):
        Holiday.objects.create(day=date(2026, 12, day), name="Christmas")

    with django_assert_num_queries(1):
        due = business_days.due(at("2026-12-23 10:00"), 2)

    assert due == at("2026-12-30 10:00")


@pytest.mark.django_db
def test_a_holiday_on_which_it_is_submitted_counts_as_its_start() -> None:
    Holiday.objects.create(day=date(2026, 12, 25), name="Christmas")

    assert business_days.due(at("2026-12-25 10:00"), 2) == at("2026-12-29 10:00")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "works"),
    [
        ("2026-11-27 23:59", True),  # Friday
        ("2026-11-28 00:00", False),
        ("2026-11-29 23:59", False),
        ("2026-11-30 00:00", True),
        ("2026-12-25 12:00", False),  # a Friday
    ],
)
def test_whether_the_operator_works_today(now: str, *, works: bool) -> None:
    Holiday.objects.create(day=date(2026, 12, 25), name="Christmas")

    with time_machine.travel(at(now), tick=False):
        assert business_days.is_today() == works
