"""The pages of second factors on the way in."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AuthenticatorApp, User
from accounts.ports import FactorRule
from tests.accounts.factors import code_of, with_app
from tests.accounts.stages import Upstairs, enter, is_signed_in

pytestmark = pytest.mark.django_db


def _set_up(client: Client) -> AuthenticatorApp:
    """Up to the page that shows the key."""
    chosen = client.post("/sign-in/set-up/", {"choice": "authenticator_app"})
    assert chosen["Location"] == "/sign-in/set-up/authenticator-app/"
    return AuthenticatorApp.objects.get(confirmed=False)


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
