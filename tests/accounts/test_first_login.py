"""First-Time Login: two pages, and nothing else in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import OneTimePassword, User, UserState
from accounts.services import one_time_passwords, people
from accounts.services.limits import FIRST_LOGIN
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    Upstairs,
    activate,
    comparable,
    enter,
    events,
    invite,
    is_signed_in,
)

BEGIN = "/first-time-login/"
CHOOSE = "/first-time-login/password/"
ONE_SECOND = timedelta(seconds=1)


def begin(client: Client, identifier: str, secret: str) -> Any:
    return client.post(BEGIN, {"user_id": identifier, "one_time_password": secret})


def choose(client: Client, password: str = PASSWORD, repeated: str | None = None) -> Any:
    return client.post(CHOOSE, {"password": password, "repeated": password if repeated is None else repeated})


def test_from_the_one_time_password_to_home(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    response = begin(client, invited.user.user_id, invited.secret)
    assert response["Location"] == CHOOSE
    page = client.get(CHOOSE).content.decode()
    assert "Choose your own password" in page
    assert invited.user.user_id in page
    assert choose(client)["Location"] == "/home/"
    assert is_signed_in(client)
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.ACTIVE
    assert upstairs.completed == [invited.user.user_id]
    assert enter(Client(), invited.user.user_id).status_code == 302


def test_each_step_is_recorded_once_and_no_secret_with_it(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    choose(client)
    for action in (
        "accounts.user.start_first_login", "accounts.one_time_password.use", "accounts.user.complete_first_login",
        "accounts.session.begin",
    ):  # fmt: skip
        (event,) = events(action)
        assert event.actor_label == invited.user.user_id
        assert invited.secret not in str(vars(event))
        assert PASSWORD not in str(vars(event))


def test_the_one_time_password_is_spent(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    choose(client)
    assert begin(Client(), invited.user.user_id, invited.secret).status_code == 422
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
        response = begin(client, identifier, secret)
        assert response.status_code == 422, what
        assert secret not in response.content.decode(), what
        pages.add(comparable(response.content, identifier))
    (page,) = pages
    assert one_time_passwords.REFUSED in page
    assert client.get(CHOOSE)["Location"] == BEGIN


def test_between_the_pages_nobody_is_signed_in(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    for path in ("/account/", "/account/password/", "/home/", "/admin/"):
        assert client.get(path)["Location"].startswith(("/sign-in/", "/admin/login/")), path
    assert client.get(CHOOSE).status_code == 200


def test_the_second_page_needs_the_first(client: Client, invited: Invited) -> None:
    assert client.get(CHOOSE)["Location"] == BEGIN
    assert choose(client)["Location"] == BEGIN
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.INVITED


@pytest.mark.parametrize("spelling", [str, str.lower, lambda secret: f"Mine: {secret.replace('-', '')} !"])
def test_the_one_time_password_is_no_password_of_ones_own(client: Client, invited: Invited, spelling: Any) -> None:
    begin(client, invited.user.user_id, invited.secret)
    response = choose(client, spelling(invited.secret))
    assert response.status_code == 422
    assert "must not be or contain the One-Time Password" in response.content.decode()
    assert choose(client)["Location"] == "/home/"


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
    begin(client, invited.user.user_id, invited.secret)
    response = choose(client, password, repeated)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert choose(client)["Location"] == "/home/"


def test_interrupted_it_can_be_begun_again_elsewhere(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    other = Client()
    assert begin(other, invited.user.email.upper(), invited.secret.lower())["Location"] == CHOOSE
    assert choose(other)["Location"] == "/home/"
    assert choose(client)["Location"] == BEGIN
    assert not is_signed_in(client)


@pytest.mark.parametrize(("late_by", "status"), [(-ONE_SECOND, 200), (ONE_SECOND, 302)])
def test_the_second_page_closes_after_a_while(
    client: Client, invited: Invited, late_by: timedelta, status: int
) -> None:
    began = timezone.now()
    with time_machine.travel(began, tick=False):
        begin(client, invited.user.user_id, invited.secret)
    with time_machine.travel(began + settings.FIRST_LOGIN_WINDOW + late_by, tick=False):
        assert client.get(CHOOSE).status_code == status
        begin(client, invited.user.user_id, invited.secret)
        assert choose(client)["Location"] == "/home/"


def test_another_one_issued_meanwhile_ends_it(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    secret_hash = one_time_passwords.hash_of(one_time_passwords.generate())
    one_time_passwords.issue(ADMINISTRATOR, user=invited.user, secret_hash=secret_hash)
    response = choose(client)
    assert response["Location"] == BEGIN
    assert one_time_passwords.ENDED in client.get(BEGIN).content.decode()
    invited.user.refresh_from_db()
    assert invited.user.state == UserState.INVITED


def test_suspended_meanwhile_it_ends(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    people.suspend(ADMINISTRATOR, user=User.objects.get(pk=invited.user.pk), reason="Wrong person.")
    assert choose(client)["Location"] == BEGIN
    assert not is_signed_in(client)


def test_looking_uses_nothing_up(client: Client, invited: Invited) -> None:
    for _ in range(6):
        client.get(BEGIN, {"user_id": invited.user.user_id, "one_time_password": invited.secret})
    begin(client, invited.user.user_id, invited.secret)
    for _ in range(3):
        client.get(CHOOSE, {"password": PASSWORD, "repeated": PASSWORD})
    row = OneTimePassword.objects.get(user=invited.user)
    assert (row.used_at, row.revoked_at, row.wrong_tries) == (None, None, 0)


def test_five_wrong_tries_from_anywhere_kill_it(invited: Invited) -> None:
    for number in range(5):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        assert begin(client, invited.user.user_id, "wrong wrong wrong").status_code == 422
    assert begin(Client(), invited.user.user_id, invited.secret).status_code == 422


def test_the_session_gets_another_key_at_both_steps(client: Client, invited: Invited) -> None:
    session = client.session
    session["draft"] = "kept"
    session.save()
    keys = [client.session.session_key]
    begin(client, invited.user.user_id, invited.secret)
    keys.append(client.session.session_key)
    choose(client)
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3
    assert client.session["draft"] == "kept"
    assert "first_login" not in client.session


def test_the_session_holds_no_secret(client: Client, invited: Invited) -> None:
    begin(client, invited.user.user_id, invited.secret)
    assert invited.secret not in str(dict(client.session))
    assert invited.secret.replace("-", "").lower() not in str(dict(client.session)).lower()


def test_when_the_listener_breaks_nothing_is_spent(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    begin(client, invited.user.user_id, invited.secret)
    upstairs.fails = True
    with pytest.raises(RuntimeError):
        choose(client)
    assert OneTimePassword.objects.get(user=invited.user).used_at is None
    assert not is_signed_in(client)
    upstairs.fails = False
    assert choose(client)["Location"] == "/home/"


def test_sent_twice_it_is_done_once(client: Client, invited: Invited, upstairs: Upstairs) -> None:
    begin(client, invited.user.user_id, invited.secret)
    assert choose(client)["Location"] == "/home/"
    assert choose(client, "another password altogether")["Location"] == "/home/"
    assert upstairs.completed == [invited.user.user_id]
    assert enter(Client(), invited.user.user_id).status_code == 302


def test_too_many_tries_are_told_to_wait(client: Client, db: None) -> None:
    for _ in range(FIRST_LOGIN.account_here.item.amount):
        assert begin(client, "nobodyn_0000", "wrong wrong wrong").status_code == 422
    response = begin(client, "nobodyn_0000", "wrong wrong wrong")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_without_redis_it_stays_closed(client: Client, invited: Invited, no_redis: None) -> None:
    assert begin(client, invited.user.user_id, invited.secret).status_code == 503
    assert client.get(CHOOSE)["Location"] == BEGIN
