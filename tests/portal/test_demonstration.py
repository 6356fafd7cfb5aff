"""The demonstration companies, and that they never come to production."""

from __future__ import annotations

import json
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, Scope, User
from accounts.services import access_tokens
from core import audit
from core.errors import SignInRequired
from mag_portal import demonstration
from mag_portal.management.commands import seed_demo
from orgs.models import Invitation, Organization
from sft.models import AccessGrant, Subscription
from tests.accounts.stages import enter


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(seed_demo, "PLACE", tmp_path / "demo.json")
    return tmp_path / "demo.json"


@pytest.mark.django_db
def test_everybody_can_sign_in_and_the_invitation_opens(client: Client) -> None:
    made = demonstration.seed()
    assert [account.role for account in made.accounts].count("Operator staff") == 2
    for account in made.accounts:
        assert enter(client, account.user_id, account.password)["Location"] == "/home/", account
        client.logout()
    assert client.get(made.invitation_url).status_code == 200


@pytest.mark.django_db
def test_one_company_is_subscribed_with_one_employee_who_still_has_to_ask() -> None:
    demonstration.seed()
    assert Organization.objects.filter(state="active").count() == 2
    assert Subscription.objects.filter(state="active").count() == 1
    with_access = AccessGrant.objects.filter(state="active").values_list("membership__user__first_name", flat=True)
    assert set(with_access) == {"Olivia", "Aaron", "Emma"}
    assert Invitation.objects.get().state == "sent"


@pytest.mark.django_db(transaction=True)
def test_it_is_all_or_nothing_and_the_audit_trail_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(demonstration, "_invite", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            demonstration.seed()
    assert not User.objects.exists()
    demonstration.seed()
    assert audit.verify().faults == ()


@pytest.mark.django_db
def test_the_passwords_are_written_for_the_owner_alone_and_a_second_call_changes_nothing(place: Path) -> None:
    call_command("seed_demo", stdout=StringIO())
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    written = json.loads(place.read_text())
    assert {"role", "organization", "user_id", "email", "password", "token"} == set(written["accounts"][0])
    call_command("seed_demo", stdout=StringIO())
    assert json.loads(place.read_text()) == written


def tokens_in(place: Path) -> dict[str, str]:
    """By the User ID of their owner; of those who have one."""
    accounts = json.loads(place.read_text())["accounts"]
    return {account["user_id"]: account["token"] for account in accounts if account["token"]}


def opens(token: str) -> bool:
    """Whether this token does all that there is to do with one."""
    try:
        for scope in Scope:
            access_tokens.authenticate(token, scope=scope, ip=None, request_id="")
    except SignInRequired:
        return False
    return True


@pytest.mark.django_db
def test_whoever_has_access_has_a_token_and_nobody_else(place: Path) -> None:
    said = StringIO()
    call_command("seed_demo", stdout=said)
    tokens = tokens_in(place)
    assert {User.objects.get(user_id=owner).first_name for owner in tokens} == {"Olivia", "Aaron", "Emma"}
    assert all(opens(token) for token in tokens.values())
    assert not any(token in said.getvalue() for token in tokens.values())


@pytest.mark.django_db
def test_a_token_that_has_ended_or_was_not_written_down_is_made_anew(place: Path) -> None:
    call_command("seed_demo", stdout=StringIO())
    (ended, forgotten, kept), before = tokens_in(place), tokens_in(place)
    AccessToken.objects.filter(user__user_id=ended).update(expires_at=timezone.now())
    content = json.loads(place.read_text())
    for account in content["accounts"]:
        if account["user_id"] == forgotten:
            del account["token"]
    place.write_text(json.dumps(content))
    call_command("seed_demo", stdout=StringIO())
    after = tokens_in(place)
    assert {owner for owner in before if after[owner] != before[owner]} == {ended, forgotten}
    assert all(opens(token) for token in after.values())
    assert [opens(before[owner]) for owner in (ended, forgotten, kept)] == [False, False, True]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.django_db
def test_production_refuses_it(place: Path, settings: LazySettings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="never in production"):
        call_command("seed_demo")
    assert not User.objects.exists()
