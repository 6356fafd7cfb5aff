"""Codes of authenticator apps: one of now, once, and slower after wrong ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuthenticatorApp, User
from accounts.ports import FactorRule
from accounts.services.factors import authenticator_apps
from accounts.services.people import acting
from core.actor import Actor
from core.errors import Gone, Invalid, NotAllowed, TooMany
from core.secrets_at_rest import open_sealed
from tests.accounts.factors import STEP, code_of, with_app, wrong_code_of
from tests.accounts.stages import Upstairs, enter, events, is_signed_in, mails

pytestmark = pytest.mark.django_db

# The beginning of a time step of 30 seconds.
NOW = datetime(2026, 11, 22, 9, 0, 0, tzinfo=UTC)


@pytest.fixture
def seen() -> Actor:
    return Actor.anonymous(ip="203.0.113.5", request_id="request-0001")


@pytest.fixture
def app(person: User) -> AuthenticatorApp:
    return with_app(person)


def test_code_is_good_for_its_thirty_seconds(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    with time_machine.travel(NOW, tick=False):
        code = code_of(app)
    for late in (STEP, -timedelta(seconds=1)):
        with time_machine.travel(NOW + late, tick=False), pytest.raises(Invalid):
            authenticator_apps.prove(seen, user=person, code=code)
        AuthenticatorApp.objects.update(throttling_failure_count=0)
    with time_machine.travel(NOW + STEP - timedelta(seconds=1), tick=False):
        authenticator_apps.prove(seen, user=person, code=code)


def test_code_is_taken_once(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    with time_machine.travel(NOW, tick=False):
        authenticator_apps.prove(seen, user=person, code=code_of(app))
        with pytest.raises(Invalid) as refusal:
            authenticator_apps.prove(seen, user=person, code=code_of(app))
    assert refusal.value.fields == {"code": authenticator_apps.USED}
    with time_machine.travel(NOW + STEP, tick=False):
        authenticator_apps.prove(seen, user=person, code=code_of(app))


def test_code_that_set_the_app_up_opens_nothing_more(seen: Actor, person: User) -> None:
    with time_machine.travel(NOW, tick=False):
        pending = authenticator_apps.begin(seen, user=person)
        authenticator_apps.confirm(seen, app=pending, code=code_of(pending), name="Phone")
        with pytest.raises(Invalid):
            authenticator_apps.prove(seen, user=person, code=code_of(pending))


def test_code_may_be_typed_with_a_space(client: Client, person: User, app: AuthenticatorApp) -> None:
    with time_machine.travel(NOW, tick=False):
        enter(client, person.user_id)
        code = code_of(app)
        client.post("/sign-in/second-factor/", {"code": f" {code[:3]} {code[3:]} "})
        assert is_signed_in(client)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "१२३४५६", "12345\0"])
def test_what_is_no_code_counts_as_no_try(client: Client, person: User, app: AuthenticatorApp, typed: str) -> None:
    enter(client, person.user_id)
    assert client.post("/sign-in/second-factor/", {"code": typed}).status_code == 422
    app.refresh_from_db()
    assert app.throttling_failure_count == 0


def test_wait_doubles_with_every_wrong_code(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    now = NOW
    for seconds in (1, 2, 4):
        with time_machine.travel(now, tick=False), pytest.raises(Invalid):
            authenticator_apps.prove(seen, user=person, code=wrong_code_of(app))
        with time_machine.travel(now + timedelta(seconds=seconds - 1), tick=False):
            with pytest.raises(TooMany) as wait:
                authenticator_apps.prove(seen, user=person, code=code_of(app))
            assert wait.value.retry_after <= seconds + 1
        now += timedelta(seconds=seconds)
    with time_machine.travel(now, tick=False):
        authenticator_apps.prove(seen, user=person, code=code_of(app))
    app.refresh_from_db()
    assert app.throttling_failure_count == 0


def test_longest_wait_is_little_more_than_an_hour(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    AuthenticatorApp.objects.filter(pk=app.pk).update(
        throttling_failure_count=authenticator_apps.LONGEST_ROW_OF_FAILURES, throttling_failure_timestamp=NOW
    )
    with time_machine.travel(NOW + timedelta(seconds=4095), tick=False), pytest.raises(TooMany):
        authenticator_apps.prove(seen, user=person, code=code_of(app))
    with time_machine.travel(NOW + timedelta(seconds=4097), tick=False), pytest.raises(Invalid):
        authenticator_apps.prove(seen, user=person, code=wrong_code_of(app))
    app.refresh_from_db()
    assert app.throttling_failure_count == authenticator_apps.LONGEST_ROW_OF_FAILURES


def test_owner_is_told_once_of_a_row_of_wrong_codes(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    now = NOW
    for number in range(1, authenticator_apps.ALARMING + 2):
        with time_machine.travel(now, tick=False), pytest.raises(Invalid):
            authenticator_apps.prove(seen, user=person, code=wrong_code_of(app))
        assert len(mails("factor_tried")) == (number >= authenticator_apps.ALARMING)
        now += timedelta(seconds=2**number)


def test_refusal_is_one_event(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    with time_machine.travel(NOW, tick=False), pytest.raises(Invalid):
        authenticator_apps.prove(seen, user=person, code=wrong_code_of(app))
    (event,) = events("accounts.factor.try")
    assert (event.outcome, event.reason, event.target_id) == ("refused", "wrong code", str(person.pk))
    assert wrong_code_of(app) not in str(event.data)


def test_any_of_several_apps_will_do(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    other = with_app(person, name="Tablet", codes=False)
    for number, one in enumerate((app, other)):
        with time_machine.travel(NOW + number * STEP, tick=False):
            authenticator_apps.prove(seen, user=person, code=code_of(one))


def test_key_lies_encrypted(app: AuthenticatorApp) -> None:
    key = open_sealed(app.key_sealed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(accounts_authenticatorapp)::text FROM accounts_authenticatorapp")
        (row,) = cursor.fetchone()
    assert len(key) == 20
    assert app.key_text not in row
    assert key.hex() not in row


def test_app_that_is_being_set_up_opens_nothing(seen: Actor, person: User, app: AuthenticatorApp) -> None:
    pending = authenticator_apps.begin(seen, user=person)
    with time_machine.travel(NOW, tick=False), pytest.raises(Invalid):
        authenticator_apps.prove(seen, user=person, code=code_of(pending))


def test_wrong_first_code_adds_nothing(seen: Actor, person: User) -> None:
    pending = authenticator_apps.begin(seen, user=person)
    with time_machine.travel(NOW, tick=False), pytest.raises(Invalid) as refusal:
        authenticator_apps.confirm(seen, app=pending, code=wrong_code_of(pending), name="Phone")
    assert refusal.value.fields == {"code": authenticator_apps.WRONG}
    assert not AuthenticatorApp.objects.filter(confirmed=True).exists()
    assert not mails("factor_added")


@pytest.mark.parametrize(("seconds", "ended"), [(-1, False), (1, True)])
def test_setting_up_ends(seen: Actor, person: User, seconds: int, ended: bool) -> None:
    pending = authenticator_apps.begin(seen, user=person)
    with time_machine.travel(timezone.now() + authenticator_apps.PENDING_FOR + timedelta(seconds=seconds), tick=False):
        if ended:
            with pytest.raises(Gone):
                authenticator_apps.pending(person, pending.pk)
        else:
            assert authenticator_apps.pending(person, pending.pk) == pending


def test_key_of_somebody_else_is_not_shown(seen: Actor, person: User, staff: User) -> None:
    pending = authenticator_apps.begin(seen, user=staff)
    with pytest.raises(Gone):
        authenticator_apps.pending(person, pending.pk)


def test_no_app_where_the_rule_wants_passkeys(seen: Actor, person: User, upstairs: Upstairs) -> None:
    authenticator_apps.begin(seen, user=person)
    upstairs.rule = FactorRule(required=True, kinds=frozenset({"passkey"}))
    with pytest.raises(NotAllowed):
        authenticator_apps.begin(seen, user=person)


def test_address_is_what_apps_read(person: User, app: AuthenticatorApp) -> None:
    address = authenticator_apps.address(app, person)
    assert address.startswith("otpauth://totp/")
    assert f":{person.user_id}?secret={app.key_text}&issuer=" in address


def test_owner_is_told_of_a_new_app(person: User) -> None:
    seen = acting(person, seen=Actor.anonymous(ip="198.51.100.1"))
    pending = authenticator_apps.begin(seen, user=person)
    authenticator_apps.confirm(seen, app=pending, code=code_of(pending), name="Phone")
    (mail,) = mails("factor_added")
    assert mail.to == person.email
    (event,) = events("accounts.factor.add")
    assert event.data["name"] == "Phone"
