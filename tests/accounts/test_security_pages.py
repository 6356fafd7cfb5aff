"""My Account, Security: factors added, named, removed; recovery codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import AuthenticatorApp, RecoveryCode, User
from accounts.ports import FactorRule
from accounts.services.factors import overview, recovery_codes
from tests.accounts.factors import code_of, with_app
from tests.accounts.stages import Upstairs, enter, events, is_signed_in, mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client, person: User) -> User:
    """Somebody with an app, who has just signed in with it in ``client``."""
    _come_in(client, person, with_app(person))
    return person


def _come_in(client: Client, person: User, app: AuthenticatorApp) -> None:
    enter(client, person.user_id)
    client.post("/sign-in/second-factor/", {"code": code_of(app)})
    AuthenticatorApp.objects.filter(pk=app.pk).update(last_step=-1)
    assert is_signed_in(client)


def _app_of(user: User) -> AuthenticatorApp:
    app: AuthenticatorApp = AuthenticatorApp.objects.get(user=user, confirmed=True)
    return app


def test_page_lists_every_factor_and_how_many_codes_are_left(client: Client, owner: User) -> None:
    page = client.get("/account/security/").content.decode()
    assert "Phone" in page
    assert "10 codes are left" in page


def test_app_is_added_and_the_owner_told(client: Client, owner: User) -> None:
    before = len(mails("factor_added"))
    client.post("/account/security/authenticator-app/", {"choice": "begin"})
    app = AuthenticatorApp.objects.get(confirmed=False)
    assert app.key_text in client.get("/account/security/authenticator-app/").content.decode().replace(" ", "")
    added = client.post("/account/security/authenticator-app/", {"code": code_of(app), "name": "Tablet"})
    assert added["Location"] == "/account/security/"
    assert {factor.name for factor in overview(owner)} == {"Phone", "Tablet"}
    assert len(mails("factor_added")) == before + 1
    assert is_signed_in(client)


def test_every_change_asks_first_who_sits_there(client: Client, owner: User) -> None:
    app = _app_of(owner)
    pages = (
        "/account/security/authenticator-app/",
        "/account/security/passkey/",
        "/account/security/recovery-codes/",
        f"/account/security/{app.pk}/name/",
        f"/account/security/{app.pk}/remove/",
    )
    for page in pages:
        assert client.get(page).status_code == 200, page
    with time_machine.travel(timezone.now() + settings.CONFIRMED_FOR + timedelta(seconds=1), tick=False):
        for page in pages:
            assert client.get(page)["Location"].startswith("/account/confirm/"), page
            assert client.post(page)["Location"].startswith("/account/confirm/"), page
        for page in ("/account/security/passkey/options/", "/account/security/passkey/finish/"):
            answer = client.post(page, headers={"Accept": "application/json"})
            assert answer.json()["code"] == "confirmation_required", page
    assert _app_of(owner).name == "Phone"


def test_factor_is_renamed(client: Client, owner: User) -> None:
    app = _app_of(owner)
    client.post(f"/account/security/{app.pk}/name/", {"name": "  Work   phone "})
    assert _app_of(owner).name == "Work phone"
    assert events("accounts.factor.rename")


def test_two_factors_cannot_have_one_name(client: Client, owner: User) -> None:
    app = _app_of(owner)
    with_app(owner, name="Tablet", codes=False, staying=client.session.session_key)
    refused = client.post(f"/account/security/{app.pk}/name/", {"name": "TABLET"})
    assert refused.status_code == 422
    assert "another one of this name" in refused.content.decode()


def test_removing_the_last_factor_takes_the_codes_along_and_ends_other_sessions(client: Client, owner: User) -> None:
    elsewhere = Client()
    _come_in(elsewhere, owner, _app_of(owner))
    removed = client.post(f"/account/security/{_app_of(owner).pk}/remove/")
    assert removed["Location"] == "/account/security/"
    assert overview(owner) == []
    assert not RecoveryCode.objects.filter(user=owner).exists()
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert len(mails("factor_removed")) == len(events("accounts.factor.remove")) == 1


def test_last_factor_stays_while_one_is_required(client: Client, owner: User, upstairs: Upstairs) -> None:
    upstairs.rule = FactorRule(required=True)
    page = f"/account/security/{_app_of(owner).pk}/remove/"
    assert "Set up another one first" in client.get(page).content.decode()
    assert client.post(page).status_code == 403
    assert len(overview(owner)) == 1


def test_factor_of_somebody_else_is_not_there(client: Client, owner: User, staff: User) -> None:
    mine, theirs = _app_of(owner), with_app(staff)
    for verb in ("name", "remove"):
        assert client.get(f"/account/security/{mine.pk}/{verb}/").status_code == 200
        assert client.get(f"/account/security/{theirs.pk}/{verb}/").status_code == 404
        assert client.post(f"/account/security/{theirs.pk}/{verb}/", {"name": "Mine now"}).status_code == 404
    assert [factor.name for factor in overview(staff)] == ["Phone"]


def test_new_codes_replace_the_old_ones_only_when_they_are_kept(client: Client, owner: User) -> None:
    old = set(RecoveryCode.objects.filter(user=owner).values_list("digest", flat=True))
    shown = client.post("/account/security/recovery-codes/", {"choice": "show"})
    codes = shown.context["codes"]
    assert {bytes(code.digest) for code in RecoveryCode.objects.filter(user=owner)} == {bytes(code) for code in old}
    unticked = client.post("/account/security/recovery-codes/", {"choice": "keep", "code": codes})
    assert unticked.status_code == 422
    assert all(code in unticked.content.decode() for code in codes)
    kept = client.post("/account/security/recovery-codes/", {"choice": "keep", "code": codes, "kept": "on"})
    assert kept["Location"] == "/account/security/"
    assert recovery_codes.left(owner) == 10
    assert not RecoveryCode.objects.filter(user=owner, digest__in=old).exists()


def test_codes_that_were_not_drawn_here_are_refused(client: Client, owner: User) -> None:
    codes = client.post("/account/security/recovery-codes/", {"choice": "show"}).context["codes"]
    forged = [*codes[:-1], "AAAA-AAAA-AAAA-AAAA"]
    answer = client.post("/account/security/recovery-codes/", {"choice": "keep", "code": forged, "kept": "on"})
    assert answer.status_code == 409


def test_codes_can_be_saved_as_a_text_file(client: Client, owner: User) -> None:
    codes = client.post("/account/security/recovery-codes/", {"choice": "show"}).context["codes"]
    file = client.post("/account/security/recovery-codes/", {"choice": "download", "code": codes})
    assert file["Content-Disposition"] == f'attachment; filename="recovery-codes-{owner.user_id}.txt"'
    assert all(code in file.content.decode() for code in codes)
