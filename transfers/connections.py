from __future__ import annotations

from django.db import connection


def release() -> None:
    """Give this thread's database connection back to the pool: what follows waits for a line or a store, not for rows.

    Inside a transaction there is nothing to give back, and nothing is done.
    """
    if not connection.in_atomic_block:
        connection.close()
