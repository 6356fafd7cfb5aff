"""What ends the access tokens of somebody, and what leaves them: programs run on when a browser is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import access
from accounts.models import User
from accounts.services import access_tokens, devices, factor_resets, one_time_passwords, passwords, people, sessions
from accounts.services.factors import upkeep
from accounts.services.factors.overview import overview
from tests.accounts.factors import with_app
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    activate,
    enter,
    events,
    is_signed_in,
    link_in,
    mails,
)
from tests.accounts.test_access_tokens import acting, make, refused_with, token_of, use

ANOTHER_PASSWORD = "nine kettles under glass"


def suspend(user: User) -> None:
    people.suspend(ADMINISTRATOR, user=user, reason="On leave")


def close(user: User) -> None:
    people.close(ADMINISTRATOR, user=user, reason="Left")


def reissue(user: User) -> None:
    digest = one_time_passwords.hash_of(one_time_passwords.generate())
    one_time_passwords.issue(ADMINISTRATOR, user=user, secret_hash=digest)


def change_password(user: User) -> None:
    passwords.change(acting(user), user=user, current_password=PASSWORD, password=ANOTHER_PASSWORD)


def reset_password(user: User) -> None:
    visitor = Client()
    visitor.post("/forgot-password/", {"identifier": user.user_id})
    address = link_in(mails("password_reset")[-1], "/forgot-password/")
    typed = {"password": ANOTHER_PASSWORD, "repeated": ANOTHER_PASSWORD}
    assert visitor.post(address, typed).status_code == 302


def add_factor(user: User) -> None:
    with_app(user, name="Another")


def remove_factor(user: User) -> None:
    (factor, *_) = overview(user)
    upkeep.remove(acting(user), user=user, factor_id=factor.id)


def lose_factors(user: User) -> None:
    reset = factor_resets.ask(acting(user), user=user)
    staff = people.create_staff(ADMINISTRATOR, first_name="Pat", last_name="Quinn", email="pat@operator.example")
    second = people.create_staff(ADMINISTRATOR, first_name="Uma", last_name="Reed", email="uma@operator.example")
    factor_resets.vouch(people.acting(staff, seen=ADMINISTRATOR), reset=reset, how="Called back")
    factor_resets.complete(people.acting(second, seen=ADMINISTRATOR), reset=reset, reason="Telephone lost")


def disown(user: User) -> None:
    devices.recognise(ADMINISTRATOR, user=user, secret="", label="Firefox", is_first_time=False)
    Client().post(link_in(mails("new_device")[-1], "/not-me/"))


def sign_out_everywhere(user: User) -> None:
    sessions.end_for(acting(user), user=user)


def lose_a_role(user: User) -> None:
    """What the rooms above do when they take away a role, a membership or an organisation."""
    sessions.end_all(ADMINISTRATOR, user=user, reason="No longer Organization Administrator")


SAID: dict[Callable[[User], None], str] = {
    suspend: "Account suspended",
    close: "Account closed",
    reissue: "Back to First-Time Login",
    change_password: "New password",
    reset_password: "New password",
    add_factor: "second factor added",
    remove_factor: "second factor removed",
    lose_factors: "Back to First-Time Login",
    disown: "Sign-in disowned",
    sign_out_everywhere: "Signed out everywhere",
    lose_a_role: "No longer Organization Administrator",
}


@pytest.fixture
def secret(person: User) -> str:
    """Of an access token of ``person``, who has a second factor."""
    with_app(person)
    made = make(person)
    use(made)
    return made


@pytest.mark.parametrize("act", SAID, ids=lambda act: act.__name__)
def test_what_shuts_its_owner_out_or_renews_their_secrets_ends_it(
    person: User, secret: str, act: Callable[[User], None]
) -> None:
    act(person)
    assert refused_with(secret) == (401, "token_revoked")
    assert token_of(secret).ended_reason == SAID[act]
    (event,) = events("accounts.access_token.revoke_all")
    assert (event.target_id, event.data) == (str(person.pk), {"tokens": 1})


def test_those_of_others_go_on_and_ended_ones_keep_their_reason(
    person: User, secret: str, invited_other: Invited
) -> None:
    ended, of_other = token_of(make(person, name="Old")), make(activate(invited_other))
    access_tokens.revoke(acting(person), token=ended)
    suspend(person)
    ended.refresh_from_db()
    assert ended.ended_reason == access_tokens.BY_OWNER
    use(of_other)


def test_a_session_that_runs_out_leaves_it(person: User) -> None:
    secret, client = make(person), Client()
    enter(client, person.user_id)
    assert is_signed_in(client)
    later = timezone.now() + settings.SESSION_ABSOLUTE + timedelta(minutes=1)
    with time_machine.travel(later):
        assert not is_signed_in(client)
        sessions.sweep()
        use(secret)


def test_signing_out_and_ending_one_session_leave_it(person: User) -> None:
    secret, here, there = make(person), Client(), Client()
    for client in (here, there):
        enter(client, person.user_id)
    here.post("/sign-out/")
    (session,) = access.sessions_of(person)
    sessions.end_one(acting(person), session=session)
    assert [is_signed_in(client) for client in (here, there)] == [False, False]
    use(secret)


def test_nothing_is_recorded_where_there_was_none(person: User) -> None:
    sign_out_everywhere(person)
    assert events("accounts.access_token.revoke_all") == []


def test_an_account_that_is_let_in_again_gets_none_of_them_back(person: User, secret: str) -> None:
    suspend(person)
    people.unsuspend(ADMINISTRATOR, user=person)
    person.refresh_from_db()
    assert person.is_active
    assert refused_with(secret) == (401, "token_revoked")
    make(person)
