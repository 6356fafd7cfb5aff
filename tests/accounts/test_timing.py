"""A wrong password costs the same for a name that is known and for one that is not: the same work, and the same time."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.limits import SIGN_IN
from benchmarks.timing import Ask, by_turns, compare
from core.models import AuditEvent, Mail, Outcome
from tests.accounts.stages import activate, invite, notice_seen

logger = logging.getLogger(__name__)
WRONG = "wrong wrong wrong"
UNKNOWN = "nobodyn_0000"
TRIES = 100
VALUES = re.compile(r"'(?:[^']|'')*'(?:::\w+)?|\b\d[\d.]*\b|NULL|\"s\d+_x\d+\"")
ARGON2ID = ["accounts.hashers.Argon2id"]


@pytest.fixture
def known(settings: LazySettings, db: None) -> User:
    """Somebody whose password is hashed as in production."""
    settings.PASSWORD_HASHERS = ARGON2ID
    return activate(invite())


def addresses() -> Iterator[str]:
    return (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in count(1))


def rows() -> tuple[int, int]:
    return AuditEvent.objects.count(), Mail.objects.count()


def statements(identifier: str) -> list[str]:
    """What a try asks of the database, without its values."""
    client = Client()
    client.post("/sign-in/", {"identifier": identifier, **notice_seen()})
    with CaptureQueriesContext(connection) as captured:
        client.post("/sign-in/password/", {"identifier": identifier, "password": WRONG})
    return [VALUES.sub("?", query["sql"]) for query in captured]


@pytest.mark.parametrize("identifier", [UNKNOWN, "nobody@hawker.example"])
def test_the_same_statements_at_every_try_also_when_waits_begin(known: User, identifier: str) -> None:
    twin = known.email if "@" in identifier else known.user_id
    for number in range(SIGN_IN.here.free):
        before = rows()
        of_known = statements(twin)
        between = rows()
        of_unknown = statements(identifier)
        after = rows()
        assert of_known == of_unknown, number
        assert [b - a for a, b in zip(before, between, strict=True)] == [
            b - a for a, b in zip(between, after, strict=True)
        ], number


def test_the_try_that_is_one_too_many_costs_the_same_too(known: User, settings: LazySettings) -> None:
    User.objects.filter(pk=known.pk).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW - 1)
    assert statements(known.user_id) == statements(UNKNOWN)
    known.refresh_from_db()
    assert known.password_is_off
    assert not Mail.objects.filter(template="accounts/mail/password_off").exists()


def test_a_password_that_is_off_costs_a_run_of_the_hasher_too(known: User, settings: LazySettings) -> None:
    User.objects.filter(pk=known.pk).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW)
    assert statements(known.user_id) == statements(UNKNOWN)


@pytest.mark.django_db(transaction=True)
def test_known_and_unknown_differ_by_less_than_the_noise(known: User, record_property: Callable[..., None]) -> None:
    """200 tries by turns, commits and all, each from an address of its own, so that no wait comes between."""
    origin = addresses()

    def prepare(identifier: str) -> Ask:
        SIGN_IN.unlock(identifier)
        client = Client(REMOTE_ADDR=next(origin))
        client.post("/sign-in/", {"identifier": identifier, **notice_seen()})
        return partial(client.post, "/sign-in/password/", {"identifier": identifier, "password": WRONG})

    found = by_turns(partial(prepare, known.user_id), partial(prepare, UNKNOWN), times=TRIES)
    record_property("timing", str(found))
    logger.info("A wrong password for a known and for an unknown name: %s", found)
    refused = AuditEvent.objects.filter(action="accounts.session.begin", outcome=Outcome.REFUSED).count()
    assert refused >= 2 * TRIES
    assert abs(found.first - found.second) < found.noise, found


def test_the_statistic_sees_a_difference_and_none_where_there_is_none() -> None:
    draw = random.Random(7)
    base = [draw.gauss(40, 3) for _ in range(TRIES)]
    alike = compare(base, [draw.gauss(40, 3) for _ in range(TRIES)])
    slower = compare([draw.gauss(43, 3) for _ in range(TRIES)], base)
    assert alike.low < 0 < alike.high
    assert alike.p > 0.001
    assert slower.low > 0
    assert slower.p < 0.001
