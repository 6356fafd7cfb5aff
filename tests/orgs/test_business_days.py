from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from orgs import business_days


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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
