"""Doing several things at the same moment, each on a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def at_once(actions: Sequence[Callable[[], object]]) -> list[Exception | None]:
    """Run all of them together; what each raised, or nothing."""
    together = Barrier(len(actions))

    def run(action: Callable[[], object]) -> Exception | None:
        try:
            together.wait(timeout=10)
            action()
        except Exception as error:  # noqa: BLE001 - handed to the test, whatever it is
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return list(pool.map(run, actions))
