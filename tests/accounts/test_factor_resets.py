"""Lost second factors: asked for with the password, agreed to by two persons, never by a mail alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AuthenticatorApp, FactorReset, FactorResetState, RecoveryCode, Session, User, UserState
from accounts.ports import Contact
from accounts.services import factor_resets, one_time_passwords, people
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed, TooMany
from core.models import Mail
from core.outbox import render
from tests.accounts.factors import code_of, with_app
from tests.accounts.stages import ADMINISTRATOR, Invited, Upstairs, activate, enter, events, is_signed_in, mails

LOST = "/sign-in/second-factor/lost/"
ONE_SECOND = timedelta(seconds=1)
WHY = "The telephone fell into the harbour."
Act = Callable[[Actor, FactorReset], object]


def acting(user: User) -> Actor:
    return people.acting(user, seen=Actor.anonymous(ip="203.0.113.9", request_id="request-0009"))


def colleague(first_name: str, last_name: str) -> User:
    user = people.create_staff(
        ADMINISTRATOR, first_name=first_name, last_name=last_name, email=f"{last_name}@operator.example".lower()
    )
    secret = one_time_passwords.generate()
    one_time_passwords.issue(ADMINISTRATOR, user=user, secret_hash=one_time_passwords.hash_of(secret))
    return activate(Invited(user, secret))


@pytest.fixture
def second_staff(db: None) -> User:
    return colleague("Alex", "Berg")


@pytest.fixture
def loser(person: User) -> User:
    """Somebody with an authenticator app and recovery codes, who has neither at hand."""
    with_app(person)
    return person


@pytest.fixture
def reset(loser: User, visitor: Actor) -> FactorReset:
    return factor_resets.ask(visitor, user=loser, message=WHY)


@pytest.fixture
def vouched(reset: FactorReset, staff: User) -> FactorReset:
    return factor_resets.vouch(acting(staff), reset=reset, how="Met at the front desk.")


def stands(reset: FactorReset) -> str:
    reset.refresh_from_db()
    return reset.state


def ask(client: Client, loser: User, message: str = WHY) -> Any:
    assert enter(client, loser.user_id)["Location"] == "/sign-in/second-factor/"
    return client.post(LOST, {"message": message})


# --- Asking -------------------------------------------------------------------------------------------------------
def test_who_has_proved_the_password_asks_and_is_told_how_it_stands(
    client: Client, loser: User, upstairs: Upstairs
) -> None:
    keeper = colleague("Olivia", "Ortiz")
    upstairs.contacts[loser.user_id] = [Contact("Olivia Ortiz", "olivia@hawker.example", "Hawker", keeper)]
    assert ask(client, loser)["Location"] == LOST
    assert "olivia@hawker.example" in client.get(LOST).content.decode()
    assert not is_signed_in(client)
    (reset,) = FactorReset.objects.all()
    assert (reset.user, reset.state, reset.message) == (loser, FactorResetState.REQUESTED, WHY)
    assert upstairs.told == [f"asked: {loser.user_id}"]
    (mail,) = mails("factor_reset_asked")
    assert mail.to == loser.email
    assert "Olivia Ortiz" in render(mail).text
    (event,) = events("accounts.factorreset.ask")
    assert event.actor_id == loser.id


def test_a_stranger_does_not_get_as_far(client: Client, loser: User) -> None:
    assert client.get(LOST)["Location"] == "/sign-in/"
    assert client.post(LOST, {"message": WHY})["Location"] == "/sign-in/"
    enter(client, loser.user_id, "violet anchors drift at night")
    assert client.post(LOST, {"message": WHY})["Location"] == "/sign-in/"
    assert not FactorReset.objects.exists()


def test_asking_says_what_happened(client: Client, loser: User) -> None:
    answer = ask(client, loser, " ")
    assert answer.status_code == 422
    assert "Say in a sentence what happened" in answer.content.decode()
    assert not FactorReset.objects.exists()


def test_asking_twice_makes_one_request(client: Client, loser: User) -> None:
    ask(client, loser)
    assert client.post(LOST, {"message": "Again."})["Location"] == LOST
    assert FactorReset.objects.count() == len(mails("factor_reset_asked")) == 1


def test_looking_asks_for_nothing(client: Client, loser: User) -> None:
    enter(client, loser.user_id)
    assert client.get(LOST, {"message": WHY}).status_code == 200
    assert not FactorReset.objects.exists()


def test_asking_again_and_again_is_stopped(loser: User, visitor: Actor) -> None:
    for _ in range(5):
        factor_resets.ask(visitor, user=loser, message=WHY)
        factor_resets.withdraw(acting(loser), user=loser)
    with pytest.raises(TooMany):
        factor_resets.ask(visitor, user=loser, message=WHY)


def test_a_request_alone_opens_nothing(client: Client, reset: FactorReset) -> None:
    assert enter(client, reset.user.user_id)["Location"] == "/sign-in/second-factor/"
    assert AuthenticatorApp.objects.filter(user=reset.user, confirmed=True).exists()
    for mail in Mail.objects.filter(to=reset.user.email):
        assert "/first-time-login/" not in render(mail).text


def test_who_comes_in_with_a_second_factor_has_not_lost_it(client: Client, reset: FactorReset) -> None:
    enter(client, reset.user.user_id)
    app = AuthenticatorApp.objects.get(user=reset.user)
    client.post("/sign-in/second-factor/", {"code": code_of(app)})
    assert is_signed_in(client)
    assert stands(reset) == FactorResetState.WITHDRAWN


# --- Two persons --------------------------------------------------------------------------------------------------
def test_two_persons_lead_back_to_first_time_login(
    client: Client, loser: User, vouched: FactorReset, second_staff: User, upstairs: Upstairs
) -> None:
    client.force_login(loser)
    assert is_signed_in(client)
    half_in = Client()
    enter(half_in, loser.user_id)
    factor_resets.complete(acting(second_staff), reset=vouched, reason="Vouched for by a colleague.")
    loser.refresh_from_db()
    assert (stands(vouched), vouched.decided_by, loser.state) == (
        FactorResetState.DONE,
        second_staff,
        UserState.INVITED,
    )
    assert not AuthenticatorApp.objects.filter(user=loser).exists()
    assert not RecoveryCode.objects.filter(user=loser).exists()
    assert not is_signed_in(client)
    assert not Session.objects.filter(user=loser).exists()
    assert half_in.get("/sign-in/second-factor/")["Location"] == "/sign-in/"
    assert enter(Client(), loser.user_id).status_code == 422
    assert [mail.to for mail in mails("factor_reset_done")] == [loser.email]
    assert upstairs.told[-1] == f"done: {loser.user_id}"
    for action in ("vouch", "complete"):
        assert len(events(f"accounts.factorreset.{action}")) == 1


def test_nobody_does_both(vouched: FactorReset, staff: User, second_staff: User) -> None:
    with pytest.raises(NotAllowed, match="somebody else"):
        factor_resets.complete(acting(staff), reset=vouched, reason=WHY)
    assert stands(vouched) == FactorResetState.VOUCHED
    factor_resets.complete(acting(second_staff), reset=vouched, reason=WHY)


def test_the_database_knows_two_persons_too(vouched: FactorReset, staff: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.filter(pk=vouched.pk).update(decided_by=staff)


def test_nothing_is_removed_before_somebody_has_vouched(reset: FactorReset, second_staff: User) -> None:
    with pytest.raises(Conflict):
        factor_resets.complete(acting(second_staff), reset=reset, reason=WHY)
    assert AuthenticatorApp.objects.filter(user=reset.user).exists()


def test_staff_vouch_only_where_nobody_else_can(reset: FactorReset, staff: User, upstairs: Upstairs) -> None:
    upstairs.contacts[reset.user.user_id] = [Contact("Olivia Ortiz", "olivia@hawker.example", "Hawker", staff)]
    with pytest.raises(NotAllowed, match="Organization Administrator"):
        factor_resets.vouch(acting(staff), reset=reset, how="Met at the front desk.")
    upstairs.contacts.clear()
    factor_resets.vouch(acting(staff), reset=reset, how="Met at the front desk.")


@pytest.mark.parametrize(
    "act",
    [
        lambda actor, reset: factor_resets.vouch(actor, reset=reset, how=WHY),
        lambda actor, reset: factor_resets.deny(actor, reset=reset, reason=WHY),
    ],
)
def test_somebody_else_s_people_have_no_say(reset: FactorReset, invited_other: Invited, staff: User, act: Act) -> None:
    for nobody in (acting(activate(invited_other)), acting(reset.user)):
        with pytest.raises(NotAllowed):
            act(nobody, reset)
    act(acting(staff), reset)


def test_staff_lose_theirs_before_two_other_staff(staff: User, second_staff: User, visitor: Actor) -> None:
    with_app(staff)
    reset = factor_resets.ask(visitor, user=staff, message=WHY)
    third = colleague("Kim", "Third")
    factor_resets.vouch(acting(second_staff), reset=reset, how="Sits beside me.")
    for wrong in (staff, second_staff):
        with pytest.raises(NotAllowed):
            factor_resets.complete(acting(wrong), reset=reset, reason=WHY)
    factor_resets.complete(acting(third), reset=reset, reason=WHY)
    staff.refresh_from_db()
    assert staff.state == UserState.INVITED


@pytest.mark.parametrize("said", ["", "  \n "])
def test_each_says_why(reset: FactorReset, staff: User, second_staff: User, said: str) -> None:
    with pytest.raises(Invalid):
        factor_resets.vouch(acting(staff), reset=reset, how=said)
    factor_resets.vouch(acting(staff), reset=reset, how="Met at the front desk.")
    with pytest.raises(Invalid):
        factor_resets.complete(acting(second_staff), reset=reset, reason=said)
    with pytest.raises(Invalid):
        factor_resets.deny(acting(second_staff), reset=reset, reason=said)
    assert stands(reset) == FactorResetState.VOUCHED


def test_a_suspended_account_is_not_led_in_by_the_back_door(vouched: FactorReset, second_staff: User) -> None:
    people.suspend(ADMINISTRATOR, user=vouched.user, reason="Left the project.")
    with pytest.raises(Conflict):
        factor_resets.complete(acting(second_staff), reset=vouched, reason=WHY)
    assert stands(vouched) == FactorResetState.VOUCHED
    assert AuthenticatorApp.objects.filter(user=vouched.user).exists()


def test_a_denial_tells_why_and_changes_nothing(vouched: FactorReset, staff: User) -> None:
    factor_resets.deny(acting(staff), reset=vouched, reason="I called: nobody there had asked.")
    assert stands(vouched) == FactorResetState.DENIED
    (mail,) = mails("factor_reset_ended")
    assert "I called: nobody there had asked." in render(mail).text
    assert AuthenticatorApp.objects.filter(user=vouched.user).exists()


@pytest.mark.parametrize(("late_by", "ended"), [(-ONE_SECOND, 0), (ONE_SECOND, 1)])
def test_it_ends_by_itself(loser: User, visitor: Actor, settings: LazySettings, late_by: timedelta, ended: int) -> None:
    asked = timezone.now()
    with time_machine.travel(asked, tick=False):
        factor_resets.ask(visitor, user=loser, message=WHY)
    with time_machine.travel(asked + settings.FACTOR_RESET_LIFETIME + late_by, tick=False):
        assert factor_resets.expire_due() == ended
        assert factor_resets.expire_due() == 0
    assert len(mails("factor_reset_ended")) == ended


# --- The operator's pages -----------------------------------------------------------------------------------------
def desk(reset: FactorReset, verb: str = "") -> str:
    return f"/admin/accounts/factorreset/{reset.pk}/{verb or 'change'}/"


def signed_in(user: User) -> Client:
    """Somebody in whose session the password was just shown."""
    client = Client()
    enter(client, user.user_id)
    return client


def test_two_of_the_staff_do_it_on_the_pages(reset: FactorReset, staff: User, second_staff: User) -> None:
    one, other = signed_in(staff), signed_in(second_staff)
    assert reset.user.user_id in one.get("/admin/accounts/factorreset/").content.decode()
    assert WHY in one.get(desk(reset)).content.decode()
    assert one.post(desk(reset, "vouch"), {"how": "Met."})["Location"] == desk(reset)
    assert "somebody else has to remove" in one.get(desk(reset)).content.decode()
    assert one.post(desk(reset, "complete"), {"reason": WHY}).status_code == 403
    assert other.post(desk(reset, "complete"), {"reason": ""}).status_code == 422
    assert other.post(desk(reset, "complete"), {"reason": WHY})["Location"] == desk(reset)
    assert other.post(desk(reset, "deny"), {"reason": WHY}).status_code == 409
    assert other.get(desk(reset)).status_code == 200
    assert stands(reset) == FactorResetState.DONE


def test_the_pages_ask_for_a_fresh_proof(reset: FactorReset, staff: User) -> None:
    client = Client()
    client.force_login(staff)
    assert client.get(desk(reset))["Location"].startswith("/account/confirm/?next=")
    assert client.post(desk(reset, "vouch"), {"how": "Met."})["Location"].startswith("/account/confirm/?next=")
    assert stands(reset) == FactorResetState.REQUESTED
    assert signed_in(staff).post(desk(reset, "vouch"), {"how": "Met."})["Location"] == desk(reset)


def test_the_pages_are_for_staff(reset: FactorReset, invited_other: Invited) -> None:
    client = signed_in(activate(invited_other))
    for verb in ("change", "vouch", "complete", "deny"):
        answer = client.post(desk(reset, verb), {"how": "Met.", "reason": WHY})
        assert answer.status_code in {302, 403}, verb
    assert stands(reset) == FactorResetState.REQUESTED
