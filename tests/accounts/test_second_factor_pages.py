"""The pages of second factors on the way in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AuthenticatorApp, RecoveryCode, User
from accounts.ports import FactorRule
from accounts.services.factors import authenticator_apps
from tests.accounts.factors import code_of, with_app, wrong_code_of
from tests.accounts.stages import Upstairs, enter, events, is_signed_in

pytestmark = pytest.mark.django_db


def _set_up(client: Client) -> AuthenticatorApp:
    """Up to the page that shows the key."""
    chosen = client.post("/sign-in/set-up/", {"choice": "authenticator_app"})
    assert chosen["Location"] == "/sign-in/set-up/authenticator-app/"
    app: AuthenticatorApp = AuthenticatorApp.objects.get(confirmed=False)
    return app


def _keep_codes(client: Client) -> list[str]:
    shown = client.post("/sign-in/recovery-codes/", {"choice": "show"})
    codes: list[str] = shown.context["codes"]
    client.post("/sign-in/recovery-codes/", {"choice": "keep", "code": codes, "kept": "on"})
    return codes


def test_app_and_recovery_codes_are_set_up_on_the_way_in(client: Client, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    assert enter(client, person.user_id)["Location"] == "/sign-in/set-up/"
    app = _set_up(client)
    page = client.get("/sign-in/set-up/authenticator-app/").content.decode()
    assert "data:image/svg+xml" in page
    assert app.key_text in page.replace(" ", "")
    taken = client.post("/sign-in/set-up/authenticator-app/", {"code": code_of(app), "name": "My phone"})
    assert taken["Location"] == "/sign-in/recovery-codes/"
    assert not is_signed_in(client)
    codes = _keep_codes(client)
    assert is_signed_in(client)
    assert len(codes) == len(set(codes)) == 10
    assert AuthenticatorApp.objects.get(user=person, confirmed=True).name == "My phone"


def test_code_of_the_app_opens_the_door(client: Client, person: User) -> None:
    app = with_app(person)
    assert enter(client, person.user_id)["Location"] == "/sign-in/second-factor/"
    assert not is_signed_in(client)
    assert client.post("/sign-in/second-factor/", {"code": code_of(app)}).status_code == 302
    assert is_signed_in(client)


def test_session_key_is_another_after_the_second_factor(client: Client, person: User) -> None:
    app = with_app(person)
    enter(client, person.user_id)
    before = client.session.session_key
    client.post("/sign-in/second-factor/", {"code": code_of(app)})
    assert client.session.session_key != before


def test_wrong_code_keeps_outside_and_the_right_one_lets_in(client: Client, person: User) -> None:
    app = with_app(person)
    enter(client, person.user_id)
    refused = client.post("/sign-in/second-factor/", {"code": wrong_code_of(app)})
    assert refused.status_code == 422
    assert authenticator_apps.WRONG in refused.content.decode().replace("&#x27;", "'")
    waiting = client.post("/sign-in/second-factor/", {"code": code_of(app)})
    assert (waiting.status_code, waiting["Retry-After"]) in {(429, "1"), (429, "2")}
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        client.post("/sign-in/second-factor/", {"code": code_of(app)})
        assert is_signed_in(client)


def test_right_password_alone_opens_nothing(client: Client, person: User) -> None:
    with_app(person)
    assert enter(client, person.user_id)["Location"] == "/sign-in/second-factor/"
    for page in ("/account/", "/account/security/", "/account/security/recovery-codes/"):
        assert client.get(page)["Location"].startswith("/sign-in/"), page


def test_setting_up_goes_on_where_it_was_left(client: Client, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    enter(client, person.user_id)
    app = _set_up(client)
    client.post("/sign-in/set-up/authenticator-app/", {"code": code_of(app), "name": "Phone"})
    client.post("/sign-in/recovery-codes/", {"choice": "show"})
    assert not RecoveryCode.objects.exists()
    later = Client()
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert enter(later, person.user_id)["Location"] == "/sign-in/second-factor/"
        answer = later.post("/sign-in/second-factor/", {"code": code_of(app)})
        assert answer["Location"] == "/sign-in/recovery-codes/"
        _keep_codes(later)
        assert is_signed_in(later)


def test_codes_are_not_given_before_the_box_is_ticked(client: Client, person: User) -> None:
    with_app(person, codes=False)
    app = AuthenticatorApp.objects.get()
    enter(client, person.user_id)
    client.post("/sign-in/second-factor/", {"code": code_of(app)})
    codes = client.post("/sign-in/recovery-codes/", {"choice": "show"}).context["codes"]
    unticked = client.post("/sign-in/recovery-codes/", {"choice": "keep", "code": codes})
    assert unticked.status_code == 422
    assert all(code in unticked.content.decode() for code in codes)
    assert not is_signed_in(client)
    client.post("/sign-in/recovery-codes/", {"choice": "keep", "code": codes, "kept": "on"})
    assert is_signed_in(client)


def test_looking_at_the_pages_changes_nothing(client: Client, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    enter(client, person.user_id)
    for page in ("/sign-in/set-up/", "/sign-in/set-up/authenticator-app/", "/sign-in/set-up/passkey/"):
        client.get(page)
    assert not AuthenticatorApp.objects.exists()


def test_key_is_shown_to_the_browser_that_asked_for_it_alone(client: Client, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    enter(client, person.user_id)
    _set_up(client)
    stranger = Client()
    enter(stranger, person.user_id)
    assert stranger.get("/sign-in/set-up/authenticator-app/")["Location"] == "/sign-in/set-up/"


def test_key_that_waited_too_long_is_replaced(client: Client, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    enter(client, person.user_id)
    app = _set_up(client)
    AuthenticatorApp.objects.update(created_at=timezone.now() - authenticator_apps.PENDING_FOR)
    ended = client.post("/sign-in/set-up/authenticator-app/", {"code": code_of(app), "name": "Phone"}, follow=True)
    assert authenticator_apps.ENDED in ended.content.decode()
    _set_up(client)
    assert client.get("/sign-in/set-up/authenticator-app/").status_code == 200


@pytest.mark.parametrize(("late", "again"), [(-1, True), (1, False)])
def test_factor_can_be_put_off_until_the_grace_is_over(
    client: Client, person: User, upstairs: Upstairs, late: int, again: bool
) -> None:
    upstairs.rule = FactorRule(required=True, grace=timedelta(days=14))
    enter(client, person.user_id)
    client.post("/sign-in/set-up/", {"choice": "later"})
    assert is_signed_in(client)
    assert len(events("accounts.factor.postpone")) == 1
    person.refresh_from_db()
    assert person.factor_asked_at
    with time_machine.travel(person.factor_asked_at + timedelta(days=14, seconds=late), tick=False):
        later = Client()
        assert enter(later, person.user_id)["Location"] == "/sign-in/set-up/"
        page = later.get("/sign-in/set-up/").content.decode()
        assert ("Not now" in page) is again
        later.post("/sign-in/set-up/", {"choice": "later"})
        assert is_signed_in(later) is again


def test_factor_that_is_required_cannot_be_put_off(client: Client, person: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    enter(client, person.user_id)
    assert client.post("/sign-in/set-up/", {"choice": "later"}).status_code == 200
    assert not is_signed_in(client)
    assert not events("accounts.factor.postpone")
