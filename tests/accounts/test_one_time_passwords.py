"""One-Time Passwords: what they are, and every way in which they end."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import hashers
from django.db import connection

from accounts.models import OneTimePassword, User, UserState
from accounts.services import one_time_passwords, people
from accounts.tasks import expire_one_time_passwords
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed
from tests.accounts.stages import ADMINISTRATOR, Invited, events

ONE_SECOND = timedelta(seconds=1)


def verifies(actor: Actor, invited: Invited, secret: str | None = None) -> bool:
    try:
        one_time_passwords.verify(actor, user=invited.user, secret=secret or invited.secret)
    except Invalid:
        return False
    return True


def newest(user: User) -> OneTimePassword:
    return OneTimePassword.objects.filter(user=user).latest("created_at")


def test_a_generated_one_is_four_groups_of_four_and_never_the_same() -> None:
    made = {one_time_passwords.generate() for _ in range(200)}
    assert len(made) == 200
    for secret in made:
        assert re.fullmatch(r"([A-HJKMNP-Z2-9]{4}-){3}[A-HJKMNP-Z2-9]{4}", secret)
        one_time_passwords.check(secret, first_name="Jordan", last_name="Smith", email="jordan.smith@hawker.example")


def test_one_that_somebody_thought_of_is_held_to_the_password_policy() -> None:
    one_time_passwords.check("seven small boats", first_name="Jordan", last_name="Smith")
    for weak in ("fourteen chars", "passwordpassword", "jordan smith 1234", "x" * 257):
        with pytest.raises(Invalid) as refusal:
            one_time_passwords.check(weak, first_name="Jordan", last_name="Smith")
        assert list(refusal.value.fields) == ["one_time_password"]


def test_only_a_hash_is_kept(invited: Invited) -> None:
    row = newest(invited.user)
    assert invited.secret not in str(vars(row))
    assert row.secret_hash != one_time_passwords.hash_of(invited.secret)
    for event in (*events("accounts.one_time_password.issue"), *events("accounts.user.create")):
        assert invited.secret not in str(vars(event))


def test_case_and_hyphens_of_a_generated_one_do_not_matter(visitor: Actor, invited: Invited) -> None:
    for typed in (invited.secret.lower(), invited.secret.replace("-", ""), f" {invited.secret.replace('-', ' ')} "):
        assert verifies(visitor, invited, typed)


def test_case_matters_in_one_that_somebody_thought_of(visitor: Actor, invited: Invited) -> None:
    secret_hash = one_time_passwords.hash_of("Seven small boats")
    one_time_passwords.issue(ADMINISTRATOR, user=invited.user, secret_hash=secret_hash)
    assert verifies(visitor, invited, "Seven small boats")
    assert not verifies(visitor, invited, "seven small boats")


@pytest.mark.parametrize(("late_by", "expected"), [(-ONE_SECOND, True), (ONE_SECOND, False)])
def test_it_ends_by_time(visitor: Actor, invited: Invited, late_by: timedelta, expected: bool) -> None:
    end = newest(invited.user).expires_at
    assert end - newest(invited.user).created_at == pytest.approx(settings.ONE_TIME_PASSWORD_LIFETIME, abs=ONE_SECOND)
    with time_machine.travel(end + late_by, tick=False):
        assert verifies(visitor, invited) is expected


def test_its_end_by_time_is_recorded_once(invited: Invited) -> None:
    end = newest(invited.user).expires_at
    with time_machine.travel(end - ONE_SECOND, tick=False):
        expire_one_time_passwords()
        assert events("accounts.one_time_password.expire") == []
    with time_machine.travel(end + ONE_SECOND, tick=False):
        expire_one_time_passwords()
        expire_one_time_passwords()
    (event,) = events("accounts.one_time_password.expire")
    assert event.target_id == str(invited.user.id)


def test_five_wrong_tries_kill_it(visitor: Actor, invited: Invited) -> None:
    for _ in range(4):
        assert not verifies(visitor, invited, "wrong wrong wrong")
    assert verifies(visitor, invited)
    assert not verifies(visitor, invited, "wrong wrong wrong")
    assert not verifies(visitor, invited)
    assert len(events("accounts.one_time_password.exhaust")) == 1
    assert len(events("accounts.one_time_password.try")) == 6


def test_right_tries_are_not_counted(visitor: Actor, invited: Invited) -> None:
    for _ in range(8):
        assert verifies(visitor, invited)
    assert newest(invited.user).wrong_tries == 0


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_do_not_outrun_the_limit(
    visitor: Actor, invited: Invited, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    def counting(secret: str, encoded: str) -> bool:
        if encoded == newest_hash:
            compared.append(secret)
        return hashers.check_password(secret, encoded)

    newest_hash = newest(invited.user).secret_hash
    monkeypatch.setattr(one_time_passwords, "check_password", counting)

    def guess(number: int) -> bool:
        try:
            return verifies(visitor, invited, f"wrong guess number {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(guess, range(40)))
    assert len(compared) == settings.ONE_TIME_PASSWORD_TRIES
    assert not verifies(visitor, invited)
    assert len(events("accounts.one_time_password.exhaust")) == 1


def test_another_one_ends_the_one_before(visitor: Actor, invited: Invited) -> None:
    second = one_time_passwords.generate()
    one_time_passwords.issue(ADMINISTRATOR, user=invited.user, secret_hash=one_time_passwords.hash_of(second))
    assert not verifies(visitor, invited)
    assert verifies(visitor, invited, second)
    assert [event.data["replaced"] for event in events("accounts.one_time_password.issue")] == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_two_issued_at_once_leave_one_alive(invited: Invited) -> None:
    def issue(_: int) -> None:
        try:
            secret_hash = one_time_passwords.hash_of(one_time_passwords.generate())
            one_time_passwords.issue(ADMINISTRATOR, user=invited.user, secret_hash=secret_hash)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(issue, range(8)))
    assert OneTimePassword.objects.filter(user=invited.user, revoked_at=None, used_at=None).count() == 1


def test_it_is_used_once(visitor: Actor, invited: Invited) -> None:
    found = one_time_passwords.verify(visitor, user=invited.user, secret=invited.secret)
    one_time_passwords.use_up(visitor, found)
    with pytest.raises(Conflict):
        one_time_passwords.use_up(visitor, found)
    assert not verifies(visitor, invited)
    assert len(events("accounts.one_time_password.use")) == 1


def test_it_opens_nothing_while_its_owner_is_suspended(visitor: Actor, invited: Invited) -> None:
    people.suspend(ADMINISTRATOR, user=invited.user, reason="Wrong person.")
    assert not verifies(visitor, invited)
    people.unsuspend(ADMINISTRATOR, user=invited.user)
    assert verifies(visitor, invited)


def test_for_somebody_active_it_takes_the_password_away(person: User) -> None:
    epoch = person.session_epoch
    secret_hash = one_time_passwords.hash_of(one_time_passwords.generate())
    one_time_passwords.issue(ADMINISTRATOR, user=person, secret_hash=secret_hash)
    assert person.state == UserState.INVITED
    assert not person.has_usable_password()
    assert person.session_epoch == epoch + 1


def test_nobody_takes_their_own_password_away(person: User, visitor: Actor) -> None:
    with pytest.raises(NotAllowed):
        one_time_passwords.issue(people.acting(person, seen=visitor), user=person, secret_hash="x")
    person.refresh_from_db()
    assert person.state == UserState.ACTIVE


def test_a_closed_account_gets_none(person: User) -> None:
    people.close(ADMINISTRATOR, user=person, reason="Left the company.")
    with pytest.raises(Conflict):
        one_time_passwords.issue(ADMINISTRATOR, user=person, secret_hash="x")


def test_a_text_that_contains_the_secret_is_recognised_without_keeping_it() -> None:
    kept = one_time_passwords.fingerprint("K7QM-2WXR-9HTD-VB4E")
    assert "K7QM" not in kept
    for text in ("K7QM-2WXR-9HTD-VB4E", "my k7qm2wxr9htdvb4e!", "K7QM 2WXR 9HTD VB4E and more"):
        assert one_time_passwords.is_within(text, kept)
    for text in ("", "K7QM-2WXR-9HTD-VB4", "violet anchors drift at noon"):
        assert not one_time_passwords.is_within(text, kept)
