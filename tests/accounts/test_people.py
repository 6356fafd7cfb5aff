"""People: their User IDs, their addresses, and how they are kept out and let in again."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts import queries
from accounts.models import User, UserState
from accounts.services import first_login, one_time_passwords, passwords, people, sign_in, user_ids
from core import tokens
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed
from core.models import Outcome
from tests.accounts.stages import ADMINISTRATOR, PASSWORD, Invited, activate, events, invite, mails

SECRET = "K7QM-2WXR-9HTD-VB4E"


@pytest.mark.parametrize(
    ("first_name", "last_name", "stem"),
    [
        ("Jordan", "Smith", "smithj"),
        ("Łukasz", "Żółć", "zolcl"),
        ("小龙", "李", "lix"),
        ("Pat", "O'Brien", "obrienp"),
        ("Anna-Lena", "Müller-Lüdenscheidt", "mullerludenscheidta"),
        ("Дмитрий", "Жуков", "zhukovd"),
        ("Q", "X", "xq"),
        ("Mononym", "–", "mononym"),
        ("123", "456", "user"),
    ],
)
def test_a_user_id_is_made_of_the_name_in_any_script(db: None, first_name: str, last_name: str, stem: str) -> None:
    user = people.create(ADMINISTRATOR, first_name=first_name, last_name=last_name, email="a@hawker.example")
    assert re.fullmatch(rf"{stem}_\d{{4}}", user.user_id)
    assert user.full_name == f"{first_name} {last_name}"


def test_a_very_long_name_makes_a_user_id_that_fits(db: None) -> None:
    user = people.create(ADMINISTRATOR, first_name="A" * 80, last_name="B" * 80, email="a@hawker.example")
    assert user.user_id.startswith("b" * 40 + "a_")


def test_user_ids_of_one_name_differ(db: None) -> None:
    made = {invite(email=f"jordan{number}@hawker.example").user.user_id for number in range(30)}
    assert len(made) == 30


def test_when_four_digits_run_out_it_goes_on_with_five(db: None) -> None:
    everybody = [f"smithj_{number:04}" for number in range(10_000)]
    last_free = everybody.pop(4821)
    User.objects.bulk_create(User(user_id=user_id, email=f"{user_id}@x.example") for user_id in everybody)
    assert user_ids.free_user_id("Jordan", "Smith") == last_free
    User.objects.create(user_id=last_free, email=f"{last_free}@x.example")
    assert re.fullmatch(r"smithj_\d{5}", user_ids.free_user_id("Jordan", "Smith"))


def test_somebody_faster_with_the_same_user_id_costs_another_draw_only(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = invite().user.user_id
    drawn = iter([taken, taken, "smithj_0001x"])
    monkeypatch.setattr(user_ids, "free_user_id", lambda *_: next(drawn))
    assert invite(email="another@hawker.example").user.user_id == "smithj_0001x"


@pytest.mark.django_db(transaction=True)
def test_many_namesakes_at_once_get_a_user_id_each() -> None:
    def make(number: int) -> str:
        try:
            return invite(email=f"jordan{number}@hawker.example").user.user_id
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(make, range(24)))
    assert len(set(made)) == 24


def test_an_address_belongs_to_one_account_in_any_case(invited: Invited) -> None:
    with pytest.raises(Invalid) as refusal:
        invite(email="  Jordan.SMITH@Hawker.example ")
    assert refusal.value.fields == {"email": people.ADDRESS_TAKEN}
    assert User.objects.count() == 1


def test_an_address_is_found_in_any_case(invited: Invited) -> None:
    assert queries.user_by_email(" Jordan.Smith@HAWKER.example") == invited.user
    assert queries.user_by_identifier(invited.user.user_id.upper()) == invited.user
    assert queries.user_by_email("jordan.smith@hawker.exampl") is None


@pytest.mark.parametrize(
    ("field", "value"), [("email", "no address"), ("first_name", " "), ("last_name", "x" * 81), ("phone", "1" * 33)]
)
def test_a_field_that_is_not_right_is_named(db: None, field: str, value: str) -> None:
    given = {"first_name": "Jordan", "last_name": "Smith", "email": "a@hawker.example", "phone": ""}
    with pytest.raises(Invalid) as refusal:
        people.create(ADMINISTRATOR, **{**given, field: value})
    assert list(refusal.value.fields) == [field]
    people.create(ADMINISTRATOR, **given)


def test_making_somebody_is_recorded_once_and_gives_no_password(invited: Invited) -> None:
    (event,) = events("accounts.user.create")
    assert event.target_id == str(invited.user.id)
    assert not invited.user.has_usable_password()
    assert invited.user.state == UserState.INVITED


def test_suspending_ends_tokens_and_is_recorded_with_its_reason(person: User) -> None:
    token = tokens.issue("anything", person.id, lifetime=timedelta(hours=1), owner_id=person.id)
    people.suspend(ADMINISTRATOR, user=person, reason="Left the project.")
    person.refresh_from_db()
    assert person.state == UserState.SUSPENDED
    assert tokens.ended_because(tokens.peek("anything", tokens.secret_of(token))) == "revoked"
    (event,) = events("accounts.user.suspend")
    assert (event.reason, event.outcome) == ("Left the project.", Outcome.DONE)


def test_suspending_needs_a_reason(person: User) -> None:
    with pytest.raises(Invalid) as refusal:
        people.suspend(ADMINISTRATOR, user=person, reason="  ")
    assert "reason" in refusal.value.fields
    person.refresh_from_db()
    assert person.state == UserState.ACTIVE


@pytest.mark.parametrize("shut_out", [people.suspend, people.close])
def test_nobody_shuts_out_themselves(person: User, visitor: Actor, shut_out: Callable[..., User]) -> None:
    with pytest.raises(NotAllowed):
        shut_out(people.acting(person, seen=visitor), user=person, reason="Holiday.")
    person.refresh_from_db()
    assert person.state == UserState.ACTIVE


def test_letting_in_again_restores_the_account_with_its_password(person: User) -> None:
    people.suspend(ADMINISTRATOR, user=person, reason="Left the project.")
    people.unsuspend(ADMINISTRATOR, user=person)
    person.refresh_from_db()
    assert person.state == UserState.ACTIVE


def test_somebody_suspended_before_their_first_login_still_has_it_before_them(invited: Invited) -> None:
    people.suspend(ADMINISTRATOR, user=invited.user, reason="Wrong person.")
    people.unsuspend(ADMINISTRATOR, user=invited.user)
    assert invited.user.state == UserState.INVITED
    assert activate(invited).state == UserState.ACTIVE


def test_who_was_led_back_to_first_time_login_is_still_there_after_a_suspension(person: User) -> None:
    one_time_passwords.issue(ADMINISTRATOR, user=person, secret_hash=one_time_passwords.hash_of(SECRET))
    people.suspend(ADMINISTRATOR, user=person, reason="Under investigation.")
    people.unsuspend(ADMINISTRATOR, user=person)
    assert person.state == UserState.INVITED
    visitor = Actor.anonymous(ip="203.0.113.5")
    passwords.request_reset(visitor, identifier=person.user_id)
    assert not mails("password_reset")


def test_a_password_chosen_before_a_suspension_opens_nothing_on_the_second_way_in(invited: Invited) -> None:
    visitor = Actor.anonymous(ip="203.0.113.5")
    begun = first_login.begin(visitor, user_id=invited.user.user_id, secret=invited.secret)
    first_login.choose_password(visitor, sign_in=begun, password=PASSWORD)
    invited.user.refresh_from_db()
    people.suspend(ADMINISTRATOR, user=invited.user, reason="Under investigation.")
    people.unsuspend(ADMINISTRATOR, user=invited.user)
    one_time_passwords.issue(ADMINISTRATOR, user=invited.user, secret_hash=one_time_passwords.hash_of(SECRET))
    first_login.begin(visitor, user_id=invited.user.user_id, secret=SECRET)
    with pytest.raises(Invalid):
        sign_in.begin(visitor, identifier=invited.user.user_id, password=PASSWORD)


def test_a_closed_account_stays_closed_and_keeps_its_names(person: User) -> None:
    people.close(ADMINISTRATOR, user=person, reason="Left the company.")
    with pytest.raises(Conflict):
        people.unsuspend(ADMINISTRATOR, user=person)
    with pytest.raises(Invalid):
        invite()
