"""What every test stands on: real services, empty at the start of each test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import redis
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.signals import post_migrate
from django.test import Client
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from accounts.hashers import Argon2id
from accounts.models import Notice, User, UserState
from accounts.services.factors import recovery_codes
from mag_portal.local.object_store import ObjectStore
from tests import secrets_watch
from tests.chromium import browser, everybodys, playwright
from tests.stack import stack

__all__ = ["browser", "everybodys", "playwright", "stack"]

# The files whose tests use the fixture ``stack``.
ON_THE_STACK = ("tests/e2e/", "tests/local/test_stack.py")
SHARED_WORKERS: dict[str, str | tuple[str, ...]] = {"stack": ON_THE_STACK, "sweeps": "tests/portal/sweeps/"}
# The same after every migrate; what it would only make anew.
MADE_BY_MIGRATE = {"auth_permission", "django_content_type"}
RIGHTS = "django.contrib.auth.management.create_permissions"
# The locks wait, as those of TRUNCATE do, for whoever is still writing. Triggers are kept from refusing it, as they do on the
# audit trail; foreign keys are asked at the end.
EMPTY = """
DO $$
DECLARE
    name text;
    guarded text[] := '{{}}';
    has_rows boolean;
BEGIN
    LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
    FOREACH name IN ARRAY ARRAY[{names}] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
        CONTINUE WHEN NOT has_rows;
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal) THEN
            EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', name);
            guarded := guarded || name;
        END IF;
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    SET CONSTRAINTS ALL IMMEDIATE;
    FOREACH name IN ARRAY guarded LOOP
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', name);
    END LOOP;
END $$
"""


class OneStackOneWorker(LoadFileScheduling):  # type: ignore[misc]
    """Tests of one file share a worker. So do all tests on the running stack, as there is one in a test run, and all sweeps,
    as one asks what another has asked.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        # Files go out in the order of collection, the long ones first (see below), not by their number of tests.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        shared = next((name for name, files in SHARED_WORKERS.items() if nodeid.startswith(files)), "")
        return shared or str(super()._split_scope(nodeid))


def pytest_collection_finish() -> None:
    """What has been imported stays: the collector need not look at it again and again, which took a sixteenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStackOneWorker:
    return OneStackOneWorker(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the running stack are marked as such, lie where the scheduler looks for them, and begin first."""
    for item in items:
        if isinstance(item, pytest.Function) and "stack" in item.fixturenames:
            assert item.nodeid.startswith(ON_THE_STACK), f"{item.nodeid} uses the stack: add its file to ON_THE_STACK."
            item.add_marker(pytest.mark.stack)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.nodeid.startswith(ON_THE_STACK):
        return 0
    is_long = item.get_closest_marker("stack") or item.get_closest_marker("browser")
    return 1 if is_long or item.nodeid.startswith(SHARED_WORKERS["sweeps"]) else 2


@pytest.fixture(autouse=True, scope="session")
def _secrets_are_watched() -> Iterator[None]:
    yield from secrets_watch.watch()


class QuickArgon2id(Argon2id):
    """For recovery codes what MD5 is for the passwords of tests: ten of them otherwise take a third of a second."""

    memory_cost = 8
    time_cost = 1


@pytest.fixture(autouse=True, scope="session")
def _recovery_codes_are_quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recovery_codes, "Argon2id", QuickArgon2id)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    secrets_watch.planted.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """After each test: none of its secrets stands in what it has written down, before that is emptied again."""
    yield
    found = secrets_watch.look_through(secrets_watch.written(rows=secrets_watch.has_database(item)))
    assert not found, f"{len(found)} secret(s) leaked. {found[0]}"


@pytest.fixture(autouse=True, scope="session")
def _flush_deletes() -> Iterator[None]:
    """Empty the few tables that hold rows: TRUNCATE makes new files for every table and index that there is."""

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        names = sorted(set(tables) - MADE_BY_MIGRATE)
        return [
            EMPTY.format(tables=", ".join(map(self.quote_name, names)), names=", ".join(f"'{name}'" for name in names))
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def _flush_asks_for_no_rights() -> Iterator[None]:
    """What EMPTY leaves is not made again: looking for the rights of every model takes longer than all the rest."""

    def emit(*args: Any) -> None:
        post_migrate.disconnect(create_contenttypes)
        post_migrate.disconnect(dispatch_uid=RIGHTS)
        emit_post_migrate_signal(*args)
        post_migrate.connect(create_contenttypes)
        post_migrate.connect(create_permissions, dispatch_uid=RIGHTS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", emit)
        yield


@pytest.fixture(autouse=True, scope="session")
def _flush_leaves_the_notices() -> Iterator[None]:
    """Put back what the migrations published whenever the tables are emptied: without it nobody has to accept anything."""
    first_notices = import_module("accounts.migrations.0004_first_notices")

    def publish_again(**_: Any) -> None:
        if not Notice.objects.exists():
            first_notices.publish(apps, None)

    accounts = apps.get_app_config("accounts")
    post_migrate.connect(publish_again, sender=accounts)
    yield
    post_migrate.disconnect(publish_again, sender=accounts)


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
    for folder in (django_settings.STAGING_DIR, django_settings.STATIC_ROOT):
        folder.mkdir(parents=True, exist_ok=True)


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


@pytest.fixture
def clerk(client: Client) -> User:
    """One of the operator's staff, signed in with ``client``."""
    staff = User.objects.create(
        user_id="bakers_1234",
        email="sam@operator.example",
        first_name="Sam",
        last_name="Baker",
        state=UserState.ACTIVE,
        is_staff=True,
    )
    client.force_login(staff)
    return staff
