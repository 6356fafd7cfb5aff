"""The ground the tests stand on."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction

from core import audit
from core.actor import Actor
from core.models import AuditEvent


def test_settings_are_this_workers_own() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    assert settings.S3_BUCKET.removeprefix("mag-test-") == worker
    assert worker in settings.STAGING_DIR.parts


@pytest.mark.parametrize("run", [1, 2])
def test_redis_is_empty_at_the_start_of_each_test(run: int) -> None:
    assert cache.get("left-behind") is None
    cache.set("left-behind", run)
    assert cache.get("left-behind") == run


@pytest.mark.parametrize("run", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_transactional_tests_start_without_the_audit_trail_of_the_one_before(run: int) -> None:
    assert not AuditEvent.objects.exists()
    with transaction.atomic():
        audit.record(Actor.system("test"), "test.test.run", data={"run": run})
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_audit_trail_refuses_truncation_within_a_test() -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
        cursor.execute("TRUNCATE core_auditevent CASCADE")
