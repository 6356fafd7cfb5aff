"""First-Time Login: from the One-Time Password over the own one and the terms to Home, and nothing else in between."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import queries
from accounts.models import NoticeKind, OneTimePassword, User, UserState
from accounts.services import first_login, notices, one_time_passwords, people, sign_in, under_way
from accounts.services.limits import FIRST_LOGIN
from accounts.session_store import UNDER_WAY
from accounts.views.under_way import STEP_ENDED
from core.actor import Actor
from core.errors import Gone
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    Upstairs,
    activate,
    begin_first,
    choose_password,
    come_through,
    comparable,
    enter,
    events,
    invite,
    is_signed_in,
    notice_seen,
    terms_accepted,
)
from tests.concurrency import at_once

BEGIN = "/first-time-login/"
CHOOSE = "/first-time-login/password/"
SET_UP = "/sign-in/set-up/"
TERMS = "/sign-in/terms/"
COME_IN = "/sign-in/continue/"
ONE_SECOND = timedelta(seconds=1)


def test_from_the_one_time_password_to_home(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    response = begin_first(client, invited.user.user_id, invited.secret)
    assert response["Location"] == CHOOSE
    page = client.get(CHOOSE).content.decode()
    assert "Choose your own password" in page
    assert invited.user.user_id in page
    assert choose_password(client)["Location"] == SET_UP
    assert not is_signed_in(client)
    assert come_through(client)["Location"] == "/home/"
    assert f"Welcome, {invited.user.first_name}" in client.get("/account/").content.decode()
    assert is_signed_in(client)
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.ACTIVE
    assert upstairs.completed == [invited.user.user_id]
    assert enter(Client(), invited.user.user_id).status_code == 302


def test_each_step_is_recorded_once_and_no_secret_with_it(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    choose_password(client)
    come_through(client)
    for action in (
        "accounts.user.start_first_login", "accounts.one_time_password.use", "accounts.password.set",
        "accounts.user.complete_first_login", "accounts.session.begin",
    ):  # fmt: skip
        (event,) = events(action)
        assert event.actor_label == invited.user.user_id
        assert invited.secret not in str(vars(event))
        assert PASSWORD not in str(vars(event))


def test_the_one_time_password_is_spent(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    choose_password(client)
    assert begin_first(Client(), invited.user.user_id, invited.secret).status_code == 422
    assert enter(Client(), invited.user.user_id, invited.secret).status_code == 422


def test_every_refusal_is_one_page(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    active = activate(invite("Ada", "Here", "ada@hawker.example"))
    suspended = invite("Kim", "Stopped", "kim@hawker.example")
    people.suspend(ADMINISTRATOR, user=suspended.user, reason="Wrong person.")
    pending = invite("Max", "Early", "max@hawker.example")
    upstairs.shut_out.add(pending.user.user_id)
    late = invite("Lee", "Late", "lee@hawker.example")
    OneTimePassword.objects.filter(user=late.user).update(expires_at=timezone.now() - ONE_SECOND)
    attempts = {
        "wrong secret": (invited.user.user_id, one_time_passwords.generate()),
        "unknown": ("nobodyn_0000", invited.secret),
        "active, own password": (active.user_id, PASSWORD),
        "suspended": (suspended.user.user_id, suspended.secret),
        "organisation not active": (pending.user.user_id, pending.secret),
        "expired": (late.user.user_id, late.secret),
    }
    pages = set()
    for what, (identifier, secret) in attempts.items():
        response = begin_first(client, identifier, secret)
        assert response.status_code == 422, what
        assert secret not in response.content.decode(), what
        pages.add(comparable(response.content, identifier))
    (page,) = pages
    assert one_time_passwords.REFUSED in page
    assert client.get(CHOOSE)["Location"] == BEGIN


def test_between_the_pages_nobody_is_signed_in(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    for path in ("/account/", "/account/password/", "/home/", "/admin/"):
        assert client.get(path)["Location"].startswith(("/sign-in/", "/admin/login/")), path
    assert client.get(CHOOSE).status_code == 200


def test_the_second_page_needs_the_first(client: Client, invited: Invited) -> None:
    assert client.get(CHOOSE)["Location"] == BEGIN
    assert choose_password(client)["Location"] == BEGIN
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.INVITED


@pytest.mark.parametrize("spelling", [str, str.lower, lambda secret: f"Mine: {secret.replace('-', '')} !"])
def test_the_one_time_password_is_no_password_of_ones_own(client: Client, invited: Invited, spelling: Any) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    response = choose_password(client, spelling(invited.secret))
    assert response.status_code == 422
    assert "must not be or contain the One-Time Password" in response.content.decode()
    assert choose_password(client)["Location"] == SET_UP


@pytest.mark.parametrize(
    ("password", "repeated", "sentence"),
    [
        ("", "", "Choose a password"),
        ("fourteen chars", "fourteen chars", "at least 15 characters"),
        ("passwordpassword", "passwordpassword", "well-known"),
        (PASSWORD, f"{PASSWORD}!", "The two entries differ"),
        ("x" * 300, "x" * 300, "at most 256 characters"),
        ("jordan.smith@hawker", "jordan.smith@hawker", "your own name"),
    ],
)
def test_a_password_that_is_refused_says_why(
    client: Client, invited: Invited, password: str, repeated: str, sentence: str
) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    response = choose_password(client, password, repeated)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert choose_password(client)["Location"] == SET_UP


def test_interrupted_it_can_be_begun_again_elsewhere(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    other = Client()
    assert begin_first(other, invited.user.email.upper(), invited.secret.lower())["Location"] == CHOOSE
    assert choose_password(other)["Location"] == SET_UP
    assert choose_password(client, "another password altogether")["Location"] == BEGIN
    assert come_through(other)["Location"] == "/home/"
    assert is_signed_in(other)
    assert not is_signed_in(client)
    assert enter(Client(), invited.user.user_id, "another password altogether").status_code == 422


@pytest.mark.parametrize(("late_by", "status"), [(-ONE_SECOND, 200), (ONE_SECOND, 302)])
def test_the_second_page_closes_after_a_while(
    client: Client, invited: Invited, late_by: timedelta, status: int
) -> None:
    began = timezone.now()
    with time_machine.travel(began, tick=False):
        begin_first(client, invited.user.user_id, invited.secret)
    with time_machine.travel(began + settings.SIGN_IN_WINDOW + late_by, tick=False):
        assert client.get(CHOOSE).status_code == status
        begin_first(client, invited.user.user_id, invited.secret)
        assert choose_password(client)["Location"] == SET_UP


def test_another_one_issued_meanwhile_ends_it(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    secret_hash = one_time_passwords.hash_of(one_time_passwords.generate())
    one_time_passwords.issue(ADMINISTRATOR, user=invited.user, secret_hash=secret_hash)
    response = choose_password(client)
    assert response["Location"] == BEGIN
    assert str(STEP_ENDED) in client.get(BEGIN).content.decode()
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.INVITED


def test_suspended_meanwhile_it_ends(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    people.suspend(ADMINISTRATOR, user=User.objects.get(pk=invited.user.pk), reason="Wrong person.")
    assert choose_password(client)["Location"] == BEGIN
    assert not is_signed_in(client)


def test_looking_uses_nothing_up(client: Client, invited: Invited) -> None:
    for _ in range(6):
        client.get(BEGIN, {"user_id": invited.user.user_id, "one_time_password": invited.secret})
    begin_first(client, invited.user.user_id, invited.secret)
    for _ in range(3):
        client.get(CHOOSE, {"password": PASSWORD, "repeated": PASSWORD})
    row = OneTimePassword.objects.get(user=invited.user)
    assert (row.used_at, row.revoked_at, row.wrong_tries) == (None, None, 0)


def test_five_wrong_tries_from_anywhere_kill_it(invited: Invited) -> None:
    for number in range(5):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        assert begin_first(client, invited.user.user_id, "wrong wrong wrong").status_code == 422
    assert begin_first(Client(), invited.user.user_id, invited.secret).status_code == 422


def test_the_session_gets_another_key_at_every_proof(client: Client, invited: Invited) -> None:
    session = client.session
    session["draft"] = "kept"
    session.save()
    keys = [client.session.session_key]
    begin_first(client, invited.user.user_id, invited.secret)
    keys.append(client.session.session_key)
    choose_password(client)
    keys.append(client.session.session_key)
    come_through(client)
    keys.append(client.session.session_key)
    assert len(set(keys)) == 4
    assert client.session["draft"] == "kept"
    assert UNDER_WAY not in client.session


def test_the_session_holds_no_secret(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    assert invited.secret not in str(dict(client.session))
    assert invited.secret.replace("-", "").lower() not in str(dict(client.session)).lower()


def test_when_the_listener_breaks_the_last_step_waits(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    choose_password(client)
    upstairs.fails = True
    with pytest.raises(RuntimeError):
        come_through(client)
    invited.user.refresh_from_db()
    assert (invited.user.state, invited.user.first_login_at) == (UserState.FIRST_LOGIN, None)
    assert events("accounts.user.complete_first_login") == []
    assert not is_signed_in(client)
    upstairs.fails = False
    assert client.get(TERMS)["Location"] == COME_IN
    assert not is_signed_in(client), "a look finishes nothing"
    assert client.get(COME_IN).status_code == 200
    assert client.post(COME_IN)["Location"] == "/home/"
    assert is_signed_in(client)


def test_sent_twice_it_is_done_once(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    assert choose_password(client)["Location"] == SET_UP
    assert choose_password(client, "another password altogether")["Location"] == SET_UP
    assert come_through(client)["Location"] == "/home/"
    assert client.post(TERMS, terms_accepted())["Location"] == "/home/"
    assert upstairs.completed == [invited.user.user_id]
    assert enter(Client(), invited.user.user_id).status_code == 302


def test_too_many_tries_are_told_to_wait(client: Client, db: None) -> None:
    for _ in range(FIRST_LOGIN.here.free):
        assert begin_first(client, "nobodyn_0000", "wrong wrong wrong").status_code == 422
    response = begin_first(client, "nobodyn_0000", "wrong wrong wrong")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_without_redis_it_stays_closed(client: Client, invited: Invited, no_redis: None) -> None:
    assert begin_first(client, invited.user.user_id, invited.secret).status_code == 503
    assert client.get(CHOOSE)["Location"] == BEGIN


@pytest.mark.parametrize(
    "password",
    ["  violet anchors drift  ", "".join(chr(0x4E00 + step * 37) for step in range(128)), "Größe, Café und Ångström 7"],
)
def test_what_is_chosen_is_kept_to_the_last_character(client: Client, invited: Invited, password: str) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    assert choose_password(client, password)["Location"] == SET_UP
    assert enter(Client(), invited.user.user_id, password[:-1]).status_code == 422
    for spelling in ("NFC", "NFD"):
        assert enter(Client(), invited.user.user_id, unicodedata.normalize(spelling, password)).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        {"user_id": "a\x00b", "one_time_password": "x"},
        {"user_id": "x", "one_time_password": "a\x00b"},
        {"user_id": "x" * 300, "one_time_password": "y" * 300},
        {"user_id": "@", "one_time_password": "-"},
        {"user_id": "", "one_time_password": " "},
        {},
    ],
)
def test_bad_input_is_told_and_only_the_name_comes_back(client: Client, db: None, typed: dict[str, str]) -> None:
    response = client.post(BEGIN, {**typed, **notice_seen()})
    assert response.status_code == 422
    assert response.context["form"]["user_id"].value() == typed.get("user_id")
    (field,) = re.findall(r'<input[^>]*name="one_time_password"[^>]*>', response.content.decode())
    assert "value=" not in field


def test_a_nul_in_the_own_password_is_told(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    assert choose_password(client, f"{PASSWORD}\x00").status_code == 422
    assert choose_password(client)["Location"] == SET_UP


@pytest.mark.django_db(transaction=True)
def test_chosen_twice_in_one_moment_one_password_counts(visitor: Actor, upstairs: Upstairs) -> None:
    invited = invite()
    begun = first_login.begin(visitor, user_id=invited.user.user_id, secret=invited.secret)

    def choose(password: str) -> None:
        first_login.choose_password(visitor, sign_in=begun, password=password)

    outcomes = at_once([lambda: choose(PASSWORD), lambda: choose("another password altogether")])
    (refusal,) = [outcome for outcome in outcomes if outcome]
    assert isinstance(refusal, Gone)
    assert refusal.sentence in {first_login.CHOSEN_ALREADY, under_way.ENDED, one_time_passwords.ENDED}
    assert len(events("accounts.password.set")) == 1


@pytest.mark.django_db(transaction=True)
def test_come_in_twice_in_one_moment_the_account_is_completed_once(visitor: Actor, upstairs: Upstairs) -> None:
    invited = invite()
    begun = first_login.begin(visitor, user_id=invited.user.user_id, secret=invited.secret)
    chosen = first_login.choose_password(visitor, sign_in=begun, password=PASSWORD)
    terms = queries.current_notice(NoticeKind.TERMS)
    assert terms
    notices.accept(visitor, user=invited.user, notice=terms)
    ready = replace(chosen, postponed=True)

    assert at_once([lambda: sign_in.complete(visitor, sign_in=ready)] * 3) == [None] * 3

    assert upstairs.completed == [invited.user.user_id]
    assert len(events("accounts.user.complete_first_login")) == 1
    assert len(events("accounts.session.begin")) == 3
