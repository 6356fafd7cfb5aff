"""Tokens: looking never consumes, using consumes once, and the table opens nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from core import tokens
from core.errors import Gone, NotFound
from core.models import Token

SUBJECT = UUID(int=5)
HOUR = timedelta(hours=1)


@pytest.fixture
def token(db: None) -> Token:
    return tokens.issue("test", SUBJECT, lifetime=HOUR, owner_id=UUID(int=9))


def test_a_secret_finds_its_token_as_often_as_one_looks(token: Token) -> None:
    secret = tokens.secret_of(token)
    assert len(secret) == 43
    assert tokens.find("test", secret) == tokens.find("test", secret) == token


def test_neither_the_secret_nor_anything_that_makes_it_is_in_the_table(token: Token) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_token::text FROM core_token")
        assert tokens.secret_of(token) not in str(cursor.fetchall())


def test_a_secret_is_good_for_its_purpose_only(token: Token) -> None:
    with pytest.raises(NotFound):
        tokens.find("other", tokens.secret_of(token))


@pytest.mark.parametrize("secret", ["", "x", "ä" * 43, "A" * 43])
def test_an_invented_secret_is_not_found(token: Token, secret: str) -> None:
    with pytest.raises(NotFound):
        tokens.find("test", secret)


@pytest.mark.parametrize(("seconds", "alive"), [(-1, True), (0, False), (1, False)])
def test_it_ends_at_its_time_to_the_second(db: None, seconds: int, alive: bool) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        token = tokens.issue("test", SUBJECT, lifetime=HOUR)
    with time_machine.travel(start + HOUR + timedelta(seconds=seconds), tick=False):
        assert tokens.ended_because(token) == ("" if alive else "expired")


def test_a_used_token_says_used(token: Token) -> None:
    tokens.use_up(token)
    with pytest.raises(Gone) as refusal:
        tokens.find("test", tokens.secret_of(token))
    assert refusal.value.error_code == "used"


def test_a_revoked_token_says_revoked_and_others_live_on(token: Token) -> None:
    other = tokens.issue("other", SUBJECT, lifetime=HOUR)
    assert tokens.revoke("test", SUBJECT) == 1
    with pytest.raises(Gone) as refusal:
        tokens.find("test", tokens.secret_of(token))
    assert refusal.value.error_code == "revoked"
    assert tokens.find("other", tokens.secret_of(other)) == other


def test_all_that_a_person_holds_ends_at_once(token: Token) -> None:
    assert tokens.revoke_owned_by(UUID(int=9)) == 1
    with pytest.raises(Gone):
        tokens.find("test", tokens.secret_of(token))


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_uses_it() -> None:
    token = tokens.issue("test", SUBJECT, lifetime=HOUR)

    def use(_: int) -> bool:
        try:
            tokens.use_up(tokens.find("test", tokens.secret_of(token)))
        except Gone:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(16))) == 1


def test_extending_moves_the_end_forward_and_never_back(token: Token) -> None:
    tokens.extend(token, until_at_least=timedelta(minutes=1))
    assert token.expires_at > timezone.now() + timedelta(minutes=50)
    tokens.extend(token, until_at_least=timedelta(hours=3))
    assert Token.objects.get().expires_at > timezone.now() + timedelta(hours=2)


def test_long_ended_tokens_are_purged(token: Token) -> None:
    assert tokens.purge(ended_before=timedelta(days=1)) == 0
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert tokens.purge(ended_before=timedelta(days=1)) == 1
