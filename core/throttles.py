"""Throttles: how often something may be tried, counted in Redis and so shared by all processes.

Every limit says what happens when Redis does not answer. ``FailMode.CLOSED`` refuses (sign-in, one-time passwords, links);
``FailMode.OPEN`` lets through (courtesy limits, where refusing would lose somebody's work).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from core.addresses import counted_as
from core.errors import TooMany, Unavailable

logger = logging.getLogger(__name__)


class FailMode(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Limit:
    """``rate`` in the notation of the ``limits`` library: ``10/minute``, ``100/day``."""

    name: str
    rate: str
    when_store_fails: FailMode

    @property
    def item(self) -> RateLimitItem:
        return parse(self.rate)


def hit(limit: Limit, *key: str, cost: int = 1) -> None:
    """Count one try, or ``cost`` of them at once, under ``key`` (an address, a User ID …).

    An IPv6 address in it stands for its /64: who has one address of a network has them all.

    Raises ``TooMany`` with the seconds to wait when the limit is reached, and ``Unavailable`` when Redis does not answer and
    the limit fails closed.
    """
    _ask(limit, key, count=True, cost=cost)


def ensure_below(limit: Limit, *key: str) -> None:
    """Raise as ``hit`` would, and count nothing: for limits against which only failures count."""
    _ask(limit, key, count=False)


def left(limit: Limit, *key: str) -> int:
    """How many more would be let through now; all of them where the store does not answer."""
    try:
        return int(_limiter().get_window_stats(limit.item, limit.name, *map(counted_as, key)).remaining)
    except (RedisError, OSError):
        return int(limit.item.amount)


def forget(limit: Limit, *key: str) -> None:
    """Clear the count, after a success. A store that does not answer is left alone: the count ends by itself."""
    try:
        _limiter().clear(limit.item, limit.name, *map(counted_as, key))
    except (RedisError, OSError):
        logger.warning("The store of limits does not answer; the count of %s stays.", limit.name)


def _ask(limit: Limit, key: tuple[str, ...], *, count: bool, cost: int = 1) -> None:
    key = tuple(map(counted_as, key))
    try:
        ask = _limiter().hit if count else _limiter().test
        allowed = ask(limit.item, limit.name, *key, cost=cost)
        reset = 0.0 if allowed else _limiter().get_window_stats(limit.item, limit.name, *key).reset_time
    except (RedisError, OSError) as error:
        if limit.when_store_fails is FailMode.CLOSED:
            raise Unavailable from error
        logger.warning("The store of limits does not answer; %s was not counted.", limit.name)
        return
    if not allowed:
        raise TooMany(retry_after=int(reset - time.time()) + 1)


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    timeout = settings.REDIS_TIMEOUT_SECONDS
    storage = storage_from_string(
        settings.REDIS_URL,
        key_prefix="throttle",
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
    )
    return SlidingWindowCounterRateLimiter(storage)
