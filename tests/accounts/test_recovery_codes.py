"""Recovery codes: each stands in for a second factor, once."""

from __future__ import annotations

import math
import re
from base64 import b64decode

import pytest
from argon2.low_level import Type, hash_secret
from django.db import connection
from django.test import Client

from accounts import readable_codes
from accounts.hashers import Argon2id
from accounts.models import RecoveryCode, User
from accounts.services.factors import recovery_codes
from core.actor import Actor
from core.errors import Invalid, TooMany, Unavailable
from tests.accounts.factors import with_app
from tests.accounts.stages import enter, events, is_signed_in, mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen() -> Actor:
    return Actor.anonymous(ip="203.0.113.5", request_id="request-0001")


@pytest.fixture
def codes(person: User, seen: Actor) -> list[str]:
    with_app(person, codes=False)
    return recovery_codes.issue(seen, user=person)


def test_code_opens_the_door_once(client: Client, person: User, codes: list[str]) -> None:
    for code, opens in ((codes[0], True), (codes[0], False), (codes[1], True)):
        visitor = Client()
        assert enter(visitor, person.user_id)["Location"] == "/sign-in/second-factor/"
        answer = visitor.post("/sign-in/second-factor/recovery-code/", {"code": code})
        assert answer.status_code == (302 if opens else 422)
        assert is_signed_in(visitor) is opens
    assert recovery_codes.left(person) == 8


def test_code_has_eighty_random_bits() -> None:
    drawn = recovery_codes.draw()
    assert all(re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code) for code in drawn)
    assert readable_codes.LENGTH * math.log2(len(recovery_codes.ALPHABET)) >= 80


def test_codes_lie_hashed(person: User, codes: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(to_jsonb(accounts_recoverycode)::text, ' ') FROM accounts_recoverycode")
        (rows,) = cursor.fetchone()
    assert not any(code in rows or code.replace("-", "") in rows for code in codes)


def test_codes_are_digested_as_passwords_are(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_codes, "Argon2id", Argon2id)
    (digest,) = recovery_codes.digests(person, ["K7QM-2WXR-9HTD-VB4E"])
    password = Argon2id()
    made = hash_secret(
        b"K7QM2WXR9HTDVB4E",
        person.pk.bytes,
        password.time_cost,
        password.memory_cost,
        password.parallelism,
        32,
        Type.ID,
    )
    assert b64decode(made.split(b"$")[-1] + b"=") == bytes.fromhex(digest)


def test_same_code_of_two_people_has_two_digests(person: User, staff: User) -> None:
    assert recovery_codes.digests(person, ["AAAA-AAAA-AAAA-AAAA"]) != recovery_codes.digests(
        staff, ["AAAA-AAAA-AAAA-AAAA"]
    )


@pytest.mark.parametrize("spelling", [str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code} "])
def test_capitals_and_hyphens_do_not_matter(person: User, seen: Actor, codes: list[str], spelling: object) -> None:
    assert callable(spelling)
    recovery_codes.prove(seen, user=person, code=spelling(codes[0]))


def test_new_codes_end_the_old_ones(person: User, seen: Actor, codes: list[str]) -> None:
    newer = recovery_codes.issue(seen, user=person)
    with pytest.raises(Invalid):
        recovery_codes.prove(seen, user=person, code=codes[0])
    recovery_codes.prove(seen, user=person, code=newer[0])
    assert RecoveryCode.objects.filter(user=person).count() == 10


def test_code_of_somebody_else_opens_nothing(person: User, staff: User, seen: Actor, codes: list[str]) -> None:
    theirs = recovery_codes.issue(seen, user=staff)
    with pytest.raises(Invalid):
        recovery_codes.prove(seen, user=person, code=theirs[0])
    assert recovery_codes.left(staff) == 10


def test_owner_is_told_how_many_are_left(person: User, seen: Actor, codes: list[str]) -> None:
    recovery_codes.prove(seen, user=person, code=codes[0])
    (mail,) = mails("recovery_code_used")
    assert (mail.to, mail.context["left"]) == (person.email, 9)
    (event,) = events("accounts.recovery_code.use")
    assert event.data == {"left": 9}
    assert not events("accounts.factor.try")


def test_wrong_codes_are_few(person: User, seen: Actor, codes: list[str]) -> None:
    for _ in range(10):
        with pytest.raises(Invalid):
            recovery_codes.prove(seen, user=person, code="AAAA-AAAA-AAAA-AAAA")
    with pytest.raises(TooMany):
        recovery_codes.prove(seen, user=person, code=codes[0])
    assert len(events("accounts.factor.try")) == 10


def test_without_the_store_of_limits_no_code_is_taken(
    person: User, seen: Actor, codes: list[str], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("no_redis")
    with pytest.raises(Unavailable):
        recovery_codes.prove(seen, user=person, code=codes[0])
    assert recovery_codes.left(person) == 10
