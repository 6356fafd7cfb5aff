"""Throttles on the real Redis, and what they do without it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings

from core import throttles
from core.addresses import counted_as
from core.errors import TooMany, Unavailable
from core.throttles import FailMode, Limit


@pytest.fixture
def limit() -> Limit:
    return Limit(f"test-{uuid.uuid4()}", "3/minute", FailMode.CLOSED)


@pytest.fixture
def no_redis(settings: LazySettings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttles._limiter.cache_clear()
    yield
    throttles._limiter.cache_clear()


def test_the_try_past_the_limit_is_told_how_long_to_wait(limit: Limit) -> None:
    for _ in range(3):
        throttles.hit(limit, "203.0.113.5")
    with pytest.raises(TooMany) as refusal:
        throttles.hit(limit, "203.0.113.5")
    assert 1 <= refusal.value.retry_after <= 61
    assert refusal.value.headers["Retry-After"] == str(refusal.value.retry_after)


def test_another_key_is_counted_by_itself(limit: Limit) -> None:
    for _ in range(3):
        throttles.hit(limit, "203.0.113.5")
    throttles.hit(limit, "203.0.113.6")


def test_who_has_one_address_of_an_ipv6_network_has_them_all(limit: Limit) -> None:
    for last in (1, 2, 3):
        throttles.hit(limit, "smithj_4821", f"2001:db8:1:1::{last}")
    with pytest.raises(TooMany):
        throttles.hit(limit, "smithj_4821", "2001:db8:1:1:ffff::9")
    with pytest.raises(TooMany):
        throttles.ensure_below(limit, "smithj_4821", "2001:db8:1:1::77")
    assert throttles.left(limit, "smithj_4821", "2001:db8:1:1::78") == 0
    throttles.hit(limit, "smithj_4821", "2001:db8:1:2::1")
    throttles.forget(limit, "smithj_4821", "2001:db8:1:1::5")
    throttles.hit(limit, "smithj_4821", "2001:db8:1:1::6")


@pytest.mark.parametrize("key", ["203.0.113.5", "smithj_4821", "kim@hawker.example", "unknown", ""])
def test_anything_else_counts_as_it_is(key: str) -> None:
    assert counted_as(key) == key


def test_success_forgets(limit: Limit) -> None:
    for _ in range(3):
        throttles.hit(limit, "smithj_4821")
    throttles.forget(limit, "smithj_4821")
    throttles.hit(limit, "smithj_4821")


def test_looking_at_a_limit_counts_nothing_and_refuses_once_it_is_reached(limit: Limit) -> None:
    for _ in range(3):
        throttles.ensure_below(limit, "203.0.113.5")
        throttles.hit(limit, "203.0.113.5")
    with pytest.raises(TooMany):
        throttles.ensure_below(limit, "203.0.113.5")


def test_parallel_tries_are_counted_together(limit: Limit) -> None:
    def attempt(_: int) -> bool:
        try:
            throttles.hit(limit, "key")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(32))) == 3


def test_without_redis_a_closed_limit_refuses(limit: Limit, no_redis: None) -> None:
    with pytest.raises(Unavailable):
        throttles.hit(limit, "key")


def test_without_redis_an_open_limit_lets_through(limit: Limit, no_redis: None) -> None:
    throttles.hit(Limit(limit.name, limit.rate, FailMode.OPEN), "key")
