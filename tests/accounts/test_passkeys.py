"""Passkeys by their JSON doors: what is taken, and each way in which an answer can be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import Passkey, User
from accounts.ports import FactorRule
from accounts.services import people
from accounts.services.factors import passkeys, recovery_codes
from core.actor import Actor
from core.errors import Conflict, Invalid
from tests.accounts.soft_authenticator import SoftAuthenticator
from tests.accounts.stages import ADMINISTRATOR, Upstairs, enter, events, is_signed_in, mails

pytestmark = pytest.mark.django_db

UNREADABLE: tuple[object, ...] = (
    [],
    {},
    {"credential": 5},
    {"credential": {"id": "x"}},
    {
        "credential": {
            "id": "A",
            "rawId": "A",
            "type": "public-key",
            "response": {"clientDataJSON": "A", "authenticatorData": "****", "signature": ""},
        }
    },
)
JSON: dict[str, Any] = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


@pytest.fixture
def device(settings: LazySettings) -> SoftAuthenticator:
    return SoftAuthenticator(origin=settings.OTP_WEBAUTHN_ALLOWED_ORIGINS[0], rp_id=settings.OTP_WEBAUTHN_RP_ID)


@pytest.fixture
def holder(person: User, device: SoftAuthenticator) -> User:
    """Somebody whose ``device`` holds a passkey."""
    actor = people.acting(person, seen=Actor.anonymous(ip="198.51.100.1"))
    options, challenge = passkeys.registration_options(person)
    passkeys.register(actor, user=person, challenge=challenge, credential=device.create(options), name="Laptop")
    recovery_codes.issue(actor, user=person)
    person.refresh_from_db()
    return person


def _ask(client: Client, door: str) -> dict[str, Any]:
    answer = client.post(f"{door}options/", {}, **JSON)
    assert answer.status_code == 200, answer.content
    options: dict[str, Any] = answer.json()
    return options


def _show(client: Client, door: str, credential: object, **more: object) -> Any:
    return client.post(door, {"credential": credential, "system_use": "1", **more}, **JSON)


def _sign_in(client: Client, device: SoftAuthenticator, **more: object) -> Any:
    return _show(client, "/sign-in/passkey/", device.get(_ask(client, "/sign-in/passkey/")), **more)


def test_passkey_alone_signs_in(client: Client, holder: User, device: SoftAuthenticator) -> None:
    answer = _sign_in(client, device, next="/account/security/")
    assert answer.json() == {"location": "/account/security/"}
    assert is_signed_in(client)
    (event,) = events("accounts.session.begin")[-1:]
    assert event.data["proofs"] == ["passkey"]


def test_no_passkey_is_named_before_a_password_was_right(client: Client, holder: User) -> None:
    assert not _ask(client, "/sign-in/passkey/").get("allowCredentials")
    stranger = Client()
    stranger.post("/sign-in/", {"identifier": holder.user_id, "system_use": "1"})
    refused = stranger.post("/sign-in/second-factor/passkey/options/", {}, **JSON)
    assert refused.status_code == 302
    enter(client, holder.user_id)
    assert len(_ask(client, "/sign-in/second-factor/passkey/")["allowCredentials"]) == 1


def test_passkey_is_a_second_factor(client: Client, holder: User, device: SoftAuthenticator) -> None:
    assert enter(client, holder.user_id)["Location"] == "/sign-in/second-factor/"
    door = "/sign-in/second-factor/passkey/"
    assert _show(client, door, device.get(_ask(client, door))).status_code == 200
    assert is_signed_in(client)


def test_password_is_asked_for_too_where_the_rule_says_so(
    client: Client, holder: User, device: SoftAuthenticator, upstairs: Upstairs
) -> None:
    upstairs.rule = FactorRule(required=True, passkey_alone=False)
    assert _sign_in(client, device).json() == {"location": "/sign-in/password-too/"}
    assert not is_signed_in(client)


def test_session_key_is_another_after_the_passkey(client: Client, holder: User, device: SoftAuthenticator) -> None:
    options = _ask(client, "/sign-in/passkey/")
    before = client.session.session_key
    _show(client, "/sign-in/passkey/", device.get(options))
    assert client.session.session_key != before


def _wrong_origin(device: SoftAuthenticator) -> None:
    device.origin = "https://gateway.example.attacker.example"


def _wrong_rp_id(device: SoftAuthenticator) -> None:
    device.rp_id = "attacker.example"


def _unverified_user(device: SoftAuthenticator) -> None:
    device.verifies = False


def _other_key(device: SoftAuthenticator) -> None:
    device.key = SoftAuthenticator("", "").key


def _other_owner(device: SoftAuthenticator) -> None:
    device.user_handle = b"somebody else"


def _no_owner(device: SoftAuthenticator) -> None:
    device.user_handle = b""


def _unknown(device: SoftAuthenticator) -> None:
    device.credential_id = b"unknown"


@pytest.mark.parametrize(
    "spoil", [_wrong_origin, _wrong_rp_id, _unverified_user, _other_key, _other_owner, _no_owner, _unknown]
)
def test_wrong_answer_is_refused_with_one_sentence_and_one_event(
    client: Client, holder: User, device: SoftAuthenticator, spoil: Callable[[SoftAuthenticator], None]
) -> None:
    spoil(device)
    answer = _sign_in(client, device)
    assert (answer.status_code, answer.json()["message"]) == (422, passkeys.WRONG)
    assert not is_signed_in(client)
    assert len(events("accounts.factor.try")) == 1


def test_challenge_is_good_once(client: Client, holder: User, device: SoftAuthenticator) -> None:
    shown = device.get(_ask(client, "/sign-in/passkey/"))
    assert _show(client, "/sign-in/passkey/", shown).status_code == 200
    again = Client()
    _ask(again, "/sign-in/passkey/")
    assert _show(again, "/sign-in/passkey/", shown).status_code == 422
    assert _show(again, "/sign-in/passkey/", shown).status_code == 409


def test_challenge_in_two_requests_at_once_opens_one(holder: User, device: SoftAuthenticator) -> None:
    options, challenge = passkeys.authentication_options()
    visitor = Actor.anonymous(ip="203.0.113.5")
    assert passkeys.prove(visitor, challenge=challenge, credential=device.get(options)) == holder
    with pytest.raises(Conflict):
        passkeys.prove(visitor, challenge=challenge, credential=device.get(options))


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (1, 409)])
def test_challenge_ends(client: Client, holder: User, device: SoftAuthenticator, seconds: int, status: int) -> None:
    shown = device.get(_ask(client, "/sign-in/passkey/"))
    with time_machine.travel(timezone.now() + passkeys.GOOD_FOR + timedelta(seconds=seconds), tick=False):
        assert _show(client, "/sign-in/passkey/", shown).status_code == status


def test_challenge_for_one_thing_is_not_good_for_another(
    client: Client, holder: User, device: SoftAuthenticator
) -> None:
    enter(client, holder.user_id)
    shown = device.get(_ask(client, "/sign-in/second-factor/passkey/"))
    assert _show(client, "/sign-in/passkey/", shown).status_code == 409
    options, challenge = passkeys.registration_options(holder)
    with pytest.raises(Conflict):
        passkeys.prove(Actor.anonymous(), challenge=challenge, credential=device.get(options))


def test_passkey_of_somebody_else_is_no_second_factor(
    client: Client, holder: User, device: SoftAuthenticator, staff: User
) -> None:
    other = SoftAuthenticator(origin=device.origin, rp_id=device.rp_id)
    options, challenge = passkeys.registration_options(staff)
    passkeys.register(ADMINISTRATOR, user=staff, challenge=challenge, credential=other.create(options))
    enter(client, holder.user_id)
    door = "/sign-in/second-factor/passkey/"
    assert _show(client, door, other.get(_ask(client, door))).status_code == 422
    assert _show(client, door, device.get(_ask(client, door))).status_code == 200


def test_count_that_went_back_is_refused_and_told(client: Client, holder: User, device: SoftAuthenticator) -> None:
    assert _sign_in(client, device).status_code == 200
    stranger, copy = Client(), device
    copy.sign_count = 0
    assert _sign_in(stranger, copy).status_code == 422
    assert not is_signed_in(stranger)
    (event,) = events("accounts.factor.try")
    assert event.reason == "the count of signatures went back"
    (mail,) = mails("passkey_copied")
    assert mail.to == holder.email


def test_device_that_never_counts_is_taken(client: Client, holder: User, device: SoftAuthenticator) -> None:
    for _ in range(2):
        device.sign_count = -1
        assert _sign_in(Client(), device).status_code == 200


@pytest.mark.parametrize("state", ["suspended", "no organisation", "password taken away"])
def test_who_may_not_come_in_gets_the_sentence_of_a_wrong_passkey(
    client: Client, holder: User, device: SoftAuthenticator, upstairs: Upstairs, state: str
) -> None:
    if state == "suspended":
        people.suspend(ADMINISTRATOR, user=holder, reason="Left the company.")
    elif state == "password taken away":
        holder.set_unusable_password()
        holder.save()
    else:
        upstairs.shut_out.add(holder.user_id)
    answer = _sign_in(client, device)
    assert (answer.status_code, answer.json()["message"]) == (422, passkeys.WRONG)


def test_registration_needs_the_user_to_be_verified(person: User, device: SoftAuthenticator) -> None:
    options, challenge = passkeys.registration_options(person)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    device.verifies = False
    with pytest.raises(Invalid):
        passkeys.register(ADMINISTRATOR, user=person, challenge=challenge, credential=device.create(options))
    assert not Passkey.objects.exists()


def test_same_passkey_twice_is_refused(holder: User, device: SoftAuthenticator) -> None:
    options, challenge = passkeys.registration_options(holder)
    with pytest.raises(Invalid, match="already"):
        passkeys.register(ADMINISTRATOR, user=holder, challenge=challenge, credential=device.create(options))
    assert Passkey.objects.count() == 1


@pytest.mark.parametrize("body", ["", "nonsense", "[" * 5000, *map(json.dumps, UNREADABLE)])
def test_what_cannot_be_read_is_refused(client: Client, holder: User, body: str) -> None:
    _ask(client, "/sign-in/passkey/")
    answer = client.post("/sign-in/passkey/", body, **JSON)
    assert answer.status_code == 422


def test_passkey_on_the_way_in(client: Client, person: User, device: SoftAuthenticator, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    assert enter(client, person.user_id)["Location"] == "/sign-in/set-up/"
    assert client.get("/sign-in/set-up/passkey/").status_code == 200
    options = _ask(client, "/sign-in/set-up/passkey/")
    answer = _show(client, "/sign-in/set-up/passkey/finish/", device.create(options), name="Laptop")
    assert answer.json() == {"location": "/sign-in/recovery-codes/"}
    assert Passkey.objects.get().name == "Laptop"


def test_name_is_kept_as_it_can_be_shown(person: User, device: SoftAuthenticator) -> None:
    options, challenge = passkeys.registration_options(person)
    name = "\0My\r\n  laptop " + "x" * 100
    made = passkeys.register(
        ADMINISTRATOR, user=person, challenge=challenge, credential=device.create(options), name=name
    )
    assert made.name == "My laptop " + "x" * (64 - len("My laptop "))


def test_who_needs_a_passkey_where_none_is_possible_is_told_whom_to_ask(
    client: Client, person: User, upstairs: Upstairs, settings: LazySettings
) -> None:
    settings.PASSKEYS_POSSIBLE = False
    upstairs.rule = FactorRule(required=True, kinds=frozenset({"passkey"}))
    enter(client, person.user_id)
    assert "do not work at this address" in client.get("/sign-in/set-up/").content.decode()


def test_passkeys_are_not_offered_where_the_rule_wants_another_kind(
    client: Client, person: User, upstairs: Upstairs
) -> None:
    upstairs.rule = FactorRule(required=True, kinds=frozenset({"authenticator_app"}))
    enter(client, person.user_id)
    assert "Set up a passkey" not in client.get("/sign-in/set-up/").content.decode()
    assert client.get("/sign-in/set-up/passkey/").status_code == 403
    assert client.post("/sign-in/set-up/passkey/options/", {}, **JSON).status_code == 403


def test_without_the_store_of_limits_nobody_gets_in(
    client: Client, holder: User, device: SoftAuthenticator, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("no_redis")
    assert _sign_in(client, device).status_code == 503
    assert not is_signed_in(client)
