"""Waits that grow, on the real Redis, and what they do without it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from core import waits
from core.errors import TooMany, Unavailable
from core.waits import GrowingWait

HERE, ELSEWHERE = "203.0.113.5", "198.51.100.7"


@pytest.fixture
def wait() -> GrowingWait:
    return GrowingWait(f"test-{uuid.uuid4()}", free=3, first=timedelta(seconds=10), longest=timedelta(seconds=60))


def has_to_wait(wait: GrowingWait, place: str = HERE, key: str = "smithj_4821") -> int:
    """How long the next try has to wait; 0 where it was let through."""
    try:
        waits.count(wait, key, place)
    except TooMany as refusal:
        return refusal.retry_after
    return 0


def test_each_wait_is_twice_the_one_before_up_to_the_longest(wait: GrowingWait) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        assert [has_to_wait(wait) for _ in range(3)] == [0, 0, 0]
        for seconds in (10, 20, 40, 60, 60):
            assert has_to_wait(wait) == seconds
            clock.shift(seconds - 0.5)
            assert has_to_wait(wait) == 1
            clock.shift(1)
            assert has_to_wait(wait) == 0


def test_trying_on_while_waiting_makes_it_no_longer(wait: GrowingWait) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(3):
            has_to_wait(wait)
        assert {has_to_wait(wait) for _ in range(10)} == {10}


def test_another_place_and_another_key_do_not_wait(wait: GrowingWait) -> None:
    for _ in range(3):
        has_to_wait(wait)
    assert has_to_wait(wait) > 0
    assert has_to_wait(wait, ELSEWHERE) == 0
    assert has_to_wait(wait, key="lindqvistk_1111") == 0


def test_the_addresses_of_one_network_wait_together(wait: GrowingWait) -> None:
    assert [has_to_wait(wait, f"2001:db8::{number}") for number in range(1, 4)] == [0, 0, 0]
    assert has_to_wait(wait, "2001:db8::4") > 0
    assert has_to_wait(wait, "2001:db8:0:1::4") == 0


def test_a_success_starts_over_there_and_an_unlocking_everywhere(wait: GrowingWait) -> None:
    for place in (HERE, ELSEWHERE):
        for _ in range(3):
            has_to_wait(wait, place)
    waits.start_over(wait, "smithj_4821", HERE)
    assert has_to_wait(wait, HERE) == 0
    assert has_to_wait(wait, ELSEWHERE) > 0
    assert waits.left(wait, "smithj_4821") > timedelta(seconds=5)
    waits.start_over(wait, "smithj_4821")
    assert waits.left(wait, "smithj_4821") == timedelta(0)
    assert has_to_wait(wait, ELSEWHERE) == 0


@pytest.mark.parametrize(("quiet", "forgotten"), [(timedelta(hours=23), False), (timedelta(hours=25), True)])
def test_a_place_that_was_quiet_for_a_day_starts_over(wait: GrowingWait, quiet: timedelta, forgotten: bool) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(3):
            has_to_wait(wait)
    with time_machine.travel(now + quiet, tick=False):
        assert waits.count(wait, "smithj_4821", HERE).wait == (0 if forgotten else 20)


def test_parallel_tries_are_counted_together(wait: GrowingWait) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: has_to_wait(wait), range(32))).count(0) == 3


def test_without_redis_nothing_is_let_through(wait: GrowingWait, settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        waits.count(wait, "key", HERE)
    with pytest.raises(Unavailable):
        waits.start_over(wait, "key")
