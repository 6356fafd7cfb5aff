"""What every test stands on: real services, empty at the start of each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from mag_portal.local.object_store import ObjectStore

# Django empties the tables after a transactional test with TRUNCATE, which the audit trail refuses to everybody.
NO_TRUNCATE = {
    "core_auditevent": "core_auditevent_no_truncate",
    "core_auditseal": "core_auditseal_no_truncate",
}


@pytest.fixture(autouse=True, scope="session")
def _flush_may_truncate_the_audit_trail() -> Iterator[None]:
    """Switch exactly these triggers off within the transaction that empties the tables."""
    original = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = original(self, style, tables, **options)
        guarded = {table: trigger for table, trigger in NO_TRUNCATE.items() if table in tables}
        return [
            *(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}" for table, trigger in guarded.items()),
            *statements,
            *(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}" for table, trigger in guarded.items()),
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def _own_bucket() -> None:
    store = ObjectStore(
        endpoint=django_settings.S3_ENDPOINT_URL,
        access_key=django_settings.S3_ACCESS_KEY_ID,
        secret_key=django_settings.S3_SECRET_ACCESS_KEY,
        bucket=django_settings.S3_BUCKET,
        region=django_settings.S3_REGION,
    )
    assert store.has_bucket(), f"The S3 store at {store.endpoint} does not take objects."


@pytest.fixture(autouse=True, scope="session")
def _own_folders() -> None:
    django_settings.STAGING_DIR.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def _redis() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_redis(_redis: redis.Redis) -> None:
    """Throttles, cache and queues start empty. Only this worker's own Redis database is emptied."""
    _redis.flushdb()


@pytest.fixture
def worker_environment(transactional_db: None) -> dict[str, str]:
    """The environment for a process that a test starts: it works on the same test database and services as the test."""
    database = connection.settings_dict
    host = f"{database['HOST']}:{database['PORT']}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{database['USER']}:{database['PASSWORD']}@{host}/{database['NAME']}",
    }
