"""“Confirm it is you” inside an open session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from accounts.decorators import confirmed
from accounts.models import AuthenticatorApp, Session, User
from accounts.ports import FactorRule
from accounts.services.factors import recovery_codes
from core.http import Request
from core.models import Outcome
from mag_portal.urls import urlpatterns as portal
from tests.accounts.factors import code_of, with_app, wrong_code_of
from tests.accounts.stages import ADMINISTRATOR, PASSWORD, Upstairs, enter, events, is_signed_in

PAGE = "/vault/?drawer=2"
CONFIRM = "/account/confirm/?next=%2Fvault%2F%3Fdrawer%3D2"
ONE_SECOND = timedelta(seconds=1)


@confirmed
def vault(request: Request) -> HttpResponse:
    return HttpResponse(f"{request.method}: the vault")


urlpatterns = [path("vault/", vault), *portal]
pytestmark = pytest.mark.urls(__name__)


def confirm(client: Client, password: str = PASSWORD) -> Any:
    return client.post(CONFIRM, {"password": password})


def test_who_has_just_signed_in_need_not_confirm(client: Client, person: User) -> None:
    enter(client, person.user_id)
    assert client.get(PAGE).content == b"GET: the vault"


@pytest.mark.parametrize(("after", "opens"), [(-ONE_SECOND, True), (ONE_SECOND, False)])
def test_a_proof_is_fresh_for_a_while(
    client: Client, person: User, settings: LazySettings, after: timedelta, opens: bool
) -> None:
    signed_in = timezone.now()
    with time_machine.travel(signed_in, tick=False):
        enter(client, person.user_id)
    with time_machine.travel(signed_in + settings.CONFIRMED_FOR + after, tick=False):
        assert (client.get(PAGE).status_code == 200) is opens


def test_the_password_opens_the_page_that_was_asked_for(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get(PAGE)["Location"] == CONFIRM
    assert "Confirm it is you" in client.get(CONFIRM).content.decode()
    assert confirm(client)["Location"] == PAGE
    assert client.get(PAGE).status_code == 200
    (event,) = events("accounts.session.confirm")
    assert (event.outcome, event.actor_id, event.data) == (Outcome.DONE, person.id, {"proof": "password"})


def test_a_wrong_password_opens_nothing(client: Client, person: User) -> None:
    client.force_login(person)
    answer = confirm(client, "violet anchors drift at night")
    assert answer.status_code == 422
    assert "This is not your password." in answer.content.decode()
    assert client.get(PAGE).status_code == 302
    assert is_signed_in(client)
    assert [event.outcome for event in events("accounts.session.confirm")] == [Outcome.REFUSED]


def test_nothing_typed_is_a_mistake(client: Client, person: User) -> None:
    client.force_login(person)
    assert confirm(client, "").status_code == 422


def test_guesses_are_limited_and_the_session_goes_on(client: Client, person: User) -> None:
    client.force_login(person)
    statuses = [confirm(client, f"wrong guess {number}").status_code for number in range(11)]
    assert statuses == [422] * 10 + [429]
    assert confirm(client).status_code == 429
    assert is_signed_in(client)


def test_it_fails_closed(client: Client, person: User, no_redis: None) -> None:
    client.force_login(person)
    assert confirm(client).status_code == 503
    assert client.get(PAGE).status_code == 302


def test_the_session_gets_a_new_key_and_stays_the_same_session(client: Client, person: User) -> None:
    client.force_login(person)
    client.get(CONFIRM)
    before = Session.objects.get(user=person)
    confirm(client)
    after = Session.objects.get(user=person)
    assert (after.public_id, after.session_key != before.session_key) == (before.public_id, True)


def test_looking_at_the_page_confirms_nothing(client: Client, person: User) -> None:
    client.force_login(person)
    client.get(f"{CONFIRM}&password={PASSWORD}")
    assert client.get(PAGE).status_code == 302


def test_a_form_that_came_too_late_leads_back_to_its_page(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post("/vault/", HTTP_REFERER=f"http://testserver{PAGE}")
    assert answer["Location"] == CONFIRM


def test_a_program_is_told_by_code(client: Client, person: User) -> None:
    strange = client.get(PAGE, headers={"accept": "application/json"})
    assert (strange.status_code, strange.json()["code"]) == (401, "sign_in_required")
    client.force_login(person)
    answer = client.get(PAGE, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_required")
    confirm(client)
    assert client.get(PAGE, headers={"accept": "application/json"}).status_code == 200


def test_strangers_sign_in_first(client: Client, person: User) -> None:
    assert client.get(PAGE)["Location"] == "/sign-in/?next=/vault/%3Fdrawer%3D2"
    assert client.get(CONFIRM)["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_it_leads_nowhere_else(client: Client, person: User, elsewhere: str) -> None:
    client.force_login(person)
    answer = client.post(f"/account/confirm/?next={elsewhere}", {"password": PASSWORD})
    assert answer["Location"] == "/home/"


# --- With a second factor -----------------------------------------------------------------------------------------
@pytest.fixture
def app(person: User) -> AuthenticatorApp:
    return with_app(person)


def test_the_password_alone_is_not_enough_for_who_has_a_second_factor(
    client: Client, person: User, app: AuthenticatorApp
) -> None:
    client.force_login(person)
    assert confirm(client)["Location"] == CONFIRM
    assert client.get(PAGE)["Location"] == CONFIRM
    page = client.get(CONFIRM).content.decode()
    assert "Code from your app" in page
    assert "Use a recovery code" in page
    assert client.post(f"{CONFIRM}&with=authenticator_app", {"code": code_of(app)})["Location"] == PAGE
    assert client.get(PAGE).status_code == 200
    assert [event.data["proof"] for event in events("accounts.session.confirm")] == ["password", "authenticator_app"]


def test_a_wrong_code_opens_nothing(client: Client, person: User, app: AuthenticatorApp) -> None:
    client.force_login(person)
    confirm(client)
    answer = client.post(f"{CONFIRM}&with=authenticator_app", {"code": wrong_code_of(app)})
    assert answer.status_code == 422
    assert client.get(PAGE)["Location"] == CONFIRM


def test_a_recovery_code_stands_in_once(client: Client, person: User, app: AuthenticatorApp) -> None:
    code = recovery_codes.issue(ADMINISTRATOR, user=person)[0]
    with_code = f"{CONFIRM}&with=recovery_code"
    client.force_login(person)
    confirm(client)
    assert client.post(with_code, {"code": code})["Location"] == PAGE
    other = Client()
    other.force_login(person)
    confirm(other)
    assert other.post(with_code, {"code": code}).status_code == 422
    assert other.get(PAGE).status_code == 302


def test_the_second_factor_does_not_come_before_the_password(
    client: Client, person: User, app: AuthenticatorApp
) -> None:
    client.force_login(person)
    assert client.post(f"{CONFIRM}&with=authenticator_app", {"code": code_of(app)}).status_code == 422
    assert client.get(PAGE).status_code == 302


def test_an_application_takes_what_the_session_was_opened_with(
    client: Client, person: User, app: AuthenticatorApp, upstairs: Upstairs
) -> None:
    upstairs.rule = FactorRule(required=True)
    enter(client, person.user_id)
    client.post("/sign-in/second-factor/", {"code": code_of(app)})
    with time_machine.travel(timezone.now() + timedelta(minutes=40), tick=False):
        assert client.get(PAGE)["Location"] == CONFIRM
        assert client.get(f"{CONFIRM}&kinds=authenticator_app")["Location"] == PAGE


def test_an_application_asks_for_the_factor_alone(client: Client, person: User) -> None:
    enter(client, person.user_id)
    app = with_app(person)
    client.force_login(person)
    stronger = f"{CONFIRM}&kinds=authenticator_app"
    confirm(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=40), tick=False):
        page = client.get(stronger).content.decode()
        assert "asks for a stronger sign-in" in page
        assert "Code from your app" in page
        assert client.post(f"{stronger}&with=authenticator_app", {"code": code_of(app)})["Location"] == PAGE


def test_what_no_passkey_made_confirms_nothing(client: Client, person: User, app: AuthenticatorApp) -> None:
    client.force_login(person)
    sent: dict[str, Any] = {"content_type": "application/json", "headers": {"accept": "application/json"}}
    assert client.post("/account/confirm/passkey/", {"credential": {}}, **sent).status_code == 409
    assert client.post("/account/confirm/passkey/options/", **sent).status_code == 200
    assert client.post("/account/confirm/passkey/", {"credential": {"id": "x"}}, **sent).status_code == 422
    assert client.get(PAGE).status_code == 302
    assert Client().post("/account/confirm/passkey/options/", **sent).status_code == 401
