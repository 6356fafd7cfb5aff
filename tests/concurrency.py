"""Doing several things at the same moment, each on a database connection of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(actions: Sequence[Callable[[], object]]) -> list[Exception | None]:
    """Run all of them together; what each raised, or nothing."""
    together = Barrier(len(actions))

    def run(action: Callable[[], object]) -> Exception | None:
        try:
            together.wait(timeout=60)
            action()
        except Exception as error:  # noqa: BLE001 - handed to the test, whatever it is
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return list(pool.map(run, actions))


def behind_us(pool: ThreadPoolExecutor, action: Callable[[], T]) -> Future[T]:
    """Begin ``action`` beside the current transaction; returns once it waits for a row that this transaction holds."""

    def run() -> T:
        try:
            return action()
        finally:
            connection.close()

    begun = pool.submit(run)
    end = time.monotonic() + 10
    while not _somebody_waits_for_us():
        assert time.monotonic() < end, "It waits for nothing of ours."
        time.sleep(0.01)
    return begun


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone() is not None
