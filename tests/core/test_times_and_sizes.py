"""Times, sizes and numbers as the pages say them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine
from django.utils import timezone as django_timezone

from core.templatetags import ui
from tests.core.markup import Markup

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

TIMES = [
    (timedelta(seconds=-44), "just now"),
    (timedelta(seconds=-46), "1 minute ago"),
    (timedelta(minutes=-59, seconds=-29), "59 minutes ago"),
    (timedelta(minutes=-59, seconds=-31), "1 hour ago"),
    (timedelta(hours=-23, minutes=-29), "23 hours ago"),
    (timedelta(hours=-23, minutes=-31), "1 day ago"),
    (timedelta(days=-30), "30 days ago"),
    (timedelta(days=-30, seconds=-1), "8 Feb 2026"),
    (timedelta(seconds=30), "in a moment"),
    (timedelta(hours=2), "in 2 hours"),
    (timedelta(days=2), "in 2 days"),
    (timedelta(days=31), "10 Apr 2026"),
]


@pytest.mark.parametrize(("distance", "words"), TIMES)
@time_machine.travel(NOW, tick=False)
def test_times_are_said_as_people_say_them(distance: timedelta, words: str) -> None:
    assert Markup(str(ui.when(NOW + distance))).one("time").text == words


@time_machine.travel(NOW, tick=False)
def test_the_exact_time_is_in_the_readers_zone() -> None:
    with django_timezone.override(timezone(timedelta(hours=2), "CEST")):
        time = Markup(str(ui.when(NOW))).one("time")
    assert time.attrs["title"] == "10 March 2026, 14:00 CEST"
    assert datetime.fromisoformat(time.attrs["datetime"]) == NOW


@pytest.mark.parametrize("say", [ui.when, ui.until, ui.size, ui.thousands])
def test_nothing_is_a_dash(say: Callable[[None], str]) -> None:
    assert say(None) == "–"


SIZES = [
    (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (1500, "1.5 kB"), (99_940, "99.9 kB"),
    (99_960, "100 kB"), (999_940, "1 MB"), (209_715_200, "210 MB"), (48_300_000_000, "48.3 GB"), (5 * 1024**4, "5.5 TB"),
    (10**18, "1000 PB"),
]  # fmt: skip


@pytest.mark.parametrize(("count", "words"), SIZES)
def test_sizes_are_in_the_unit_a_person_would_say(count: int, words: str) -> None:
    assert ui.size(count) == words


def test_thousands_are_grouped() -> None:
    assert ui.thousands(1234567) == "1,234,567"
