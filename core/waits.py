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

MILLISECOND = timedelta(milliseconds=1)
# KEYS: the hash of one key. ARGV: place, free tries, and in milliseconds now, the first wait, the longest, after what a
# place is forgotten. Answers {tries so far, how long the next one waits}, or {-1, how long it is still to wait}.
_TRY = """
local tries_of, until_of = ARGV[1] .. '|tries', ARGV[1] .. '|until'
local free, now, first, longest, forgotten = unpack(ARGV, 2)
free, now = tonumber(free), tonumber(now)
local open_at = tonumber(redis.call('HGET', KEYS[1], until_of) or '0')
if open_at > now then return {-1, open_at - now} end
if open_at + forgotten < now then redis.call('HDEL', KEYS[1], tries_of) end
local tries = redis.call('HINCRBY', KEYS[1], tries_of, 1)
local wait = 0
if tries >= free then wait = math.min(tonumber(longest), tonumber(first) * 2 ^ (tries - free)) end
redis.call('HSET', KEYS[1], until_of, string.format('%.0f', now + wait))
redis.call('PEXPIRE', KEYS[1], longest + forgotten)
return {tries, wait}
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
    spans = [span // MILLISECOND for span in (wait.first, wait.longest, wait.forgotten)]
    arguments = (counted_as(place), wait.free, _now(), *spans)
    tries, milliseconds = _asked(lambda: _script()(keys=[_name(wait, key)], args=arguments))
    seconds = math.ceil(milliseconds / 1000)
    if tries < 0:
        raise TooMany(retry_after=seconds)
    return Counted(tries=tries, wait=seconds)


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
    ends = (int(value) for name, value in fields.items() if name.endswith(b"|until"))
    return MILLISECOND * max(0, max(ends, default=0) - _now())


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (RedisError, OSError) as error:
        raise Unavailable from error


def _now() -> int:
    return int(time.time() * 1000)


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
