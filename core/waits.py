"""Waits that grow: after a few wrong tries each further one has to wait longer, up to a longest wait.

Counted in Redis for a key at a place (an account from an address): another place does not wait. A try is counted before its
outcome is known, in one step, so parallel tries do not outrun the wait; a success starts over. Refuses when Redis does not
answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from core.addresses import counted_as
from core.errors import TooMany, Unavailable

# KEYS: the hash of one key. ARGV: place, now, free tries, first wait, longest wait, when a place is forgotten (seconds).
# Answers {tries so far, seconds that the next one waits}, or {-1, seconds still to wait}.
_TRY = """
local tries_of, until_of = ARGV[1] .. '|tries', ARGV[1] .. '|until'
local now, free, first, longest, forgotten = unpack(ARGV, 2)
now, free = tonumber(now), tonumber(free)
local open_at = tonumber(redis.call('HGET', KEYS[1], until_of) or '0')
if open_at > now then return {-1, tostring(open_at - now)} end
if open_at + forgotten < now then redis.call('HDEL', KEYS[1], tries_of) end
local tries = redis.call('HINCRBY', KEYS[1], tries_of, 1)
local wait = 0
if tries >= free then wait = math.min(tonumber(longest), tonumber(first) * 2 ^ (tries - free)) end
redis.call('HSET', KEYS[1], until_of, tostring(now + wait))
redis.call('EXPIRE', KEYS[1], forgotten)
return {tries, tostring(wait)}
"""


@dataclass(frozen=True, slots=True)
class GrowingWait:
    """``free`` tries in a row are answered at once; the next waits ``first``, each one after it twice as long as the one
    before, none longer than ``longest``. A place that was quiet for ``forgotten`` starts from the beginning.
    """

    name: str
    free: int
    first: timedelta
    longest: timedelta
    forgotten: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A try that was let through: the how-manieth in a row it is, and the seconds that the next one waits if it fails."""

    tries: int
    wait: int


def count(wait: GrowingWait, key: str, place: str) -> Counted:
    """Count one try. Raises ``TooMany`` with the seconds still to wait, and ``Unavailable`` when Redis does not answer."""
    seconds = (wait.free, wait.first.total_seconds(), wait.longest.total_seconds(), wait.forgotten.total_seconds())
    arguments = (counted_as(place), repr(time.time()), *map(int, seconds))
    tries, left = _asked(lambda: _script()(keys=[_name(wait, key)], args=arguments))
    if int(tries) < 0:
        raise TooMany(retry_after=math.ceil(float(left)))
    return Counted(tries=int(tries), wait=math.ceil(float(left)))


def start_over(wait: GrowingWait, key: str, place: str = "") -> None:
    """Forget the tries on ``key`` from ``place``, or from everywhere. Raises ``Unavailable`` when Redis does not answer."""
    name = _name(wait, key)
    if place:
        counted = counted_as(place)
        _asked(lambda: _store(settings.REDIS_URL).hdel(name, f"{counted}|tries", f"{counted}|until"))
    else:
        _asked(lambda: _store(settings.REDIS_URL).delete(name))


def left(wait: GrowingWait, key: str) -> timedelta:
    """How long the place that waits longest still has to. Raises ``Unavailable`` when Redis does not answer."""
    fields = cast("dict[bytes, bytes]", _asked(lambda: _store(settings.REDIS_URL).hgetall(_name(wait, key))))
    ends = (float(value) for name, value in fields.items() if name.endswith(b"|until"))
    return timedelta(seconds=max(0.0, max(ends, default=0.0) - time.time()))


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (RedisError, OSError) as error:
        raise Unavailable from error


def _name(wait: GrowingWait, key: str) -> str:
    return f"wait:{wait.name}:{key}"


@cache
def _store(url: str) -> Redis:
    timeout = settings.REDIS_TIMEOUT_SECONDS
    return Redis.from_url(url, socket_connect_timeout=timeout, socket_timeout=timeout)


def _script() -> Callable[..., Any]:
    return cast("Callable[..., Any]", _registered(settings.REDIS_URL))


@cache
def _registered(url: str) -> Any:
    return _store(url).register_script(_TRY)
