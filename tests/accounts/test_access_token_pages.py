"""My Account, Access tokens, and what the operator's staff see of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import AccessToken, Scope, User
from accounts.services import access_tokens
from tests.accounts.stages import Invited, activate, enter, events, is_signed_in
from tests.accounts.test_access_tokens import acting, make, refused_with, token_of, use

LIST, NEW = "/account/access-tokens/", "/account/access-tokens/new/"
FILLED = {"name": "Build server", "scopes": ["files:send"], "lifetime": "90"}
SECRET = re.compile(r"mag_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}")


@pytest.fixture
def here(person: User) -> Client:
    """Where ``person`` has just signed in with their password."""
    client = Client()
    assert enter(client, person.user_id).status_code == 302
    return client


@pytest.fixture
def office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    assert is_signed_in(client)
    return client


def text_of(client: Client, address: str = LIST) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_new_one_is_shown_this_once_and_works(here: Client, person: User) -> None:
    answer = here.post(NEW, FILLED)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert use(secret, Scope.FILES_SEND).proofs == {"password"}
    for address in (LIST, NEW, "/account/history/", "/account/"):
        assert secret not in text_of(here, address)
    token = token_of(secret)
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)


def test_sending_the_form_again_makes_no_second_one(here: Client) -> None:
    here.post(NEW, FILLED)
    again = here.post(NEW, FILLED)
    assert again.status_code == 422
    assert not SECRET.search(again.content.decode())
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Give it a name"),
        ({"name": "x" * 61}, "60"),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["files:all"]}, "files:all"),
        ({"lifetime": "0"}, "between 1 and 365"),
        ({"lifetime": "366"}, "between 1 and 365"),
        ({"lifetime": "soon"}, "between 1 and 365"),
        ({"lifetime": ""}, "between 1 and 365"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(here: Client, wrong: dict[str, object], said: str) -> None:
    answer = here.post(NEW, {**FILLED, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not AccessToken.objects.exists()
    assert here.post(NEW, FILLED).status_code == 200


def test_making_one_takes_a_fresh_proof(here: Client) -> None:
    with time_machine.travel(timezone.now() + settings.CONFIRMED_FOR + timedelta(seconds=1)):
        for ask in (here.get, here.post):
            assert ask(NEW, FILLED)["Location"].startswith("/account/confirm/")
    assert not AccessToken.objects.exists()
    assert here.get(NEW).status_code == 200


def test_the_list_tells_what_is_known_of_each(here: Client, person: User) -> None:
    used, soon, revoked = (make(person, name=name, days=days) for name, days in (("A", 90), ("B", 7), ("C", 90)))
    use(used, ip="198.51.100.9")
    access_tokens.revoke(acting(person), token=token_of(revoked))
    page = text_of(here)
    assert "198.51.100.9" in page
    assert page.count("Never") == 2
    assert page.count("Ends soon") == 1
    assert page.count(access_tokens.BY_OWNER) == 1
    assert page.count("/revoke/") == 2
    for secret in (used, soon, revoked):
        assert f"…{secret[-4:]}" in page
        assert secret not in page


@pytest.mark.parametrize(("before", "is_told"), [(timedelta(seconds=-5), False), (timedelta(seconds=5), True)])
def test_its_end_is_announced_a_week_before(here: Client, person: User, before: timedelta, is_told: bool) -> None:
    make(person, days=7)
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(days=7) - before)
    assert ("Ends soon" in text_of(here)) is is_told


def test_those_that_ended_long_ago_are_listed_no_more(here: Client, person: User) -> None:
    make(person, name="Quite old", days=1)
    make(person, name="Revoked once", days=365)
    AccessToken.objects.filter(name="Quite old").update(expires_at=timezone.now() - timedelta(days=89))
    AccessToken.objects.filter(name="Revoked once").update(revoked_at=timezone.now() - timedelta(days=91))
    page = text_of(here)
    assert "Quite old" in page
    assert "Revoked once" not in page


def test_its_owner_revokes_it_at_once_and_nobody_elses(here: Client, person: User, invited_other: Invited) -> None:
    secret, of_other = make(person), make(activate(invited_other))
    assert here.post(f"{LIST}{token_of(of_other).pk}/revoke/").status_code == 404
    use(of_other)
    assert here.post(f"{LIST}{token_of(secret).pk}/revoke/")["Location"] == LIST
    assert refused_with(secret) == (401, "token_revoked")
    assert "is revoked. No program gets in with it any more" in text_of(here)


def test_many_are_listed_at_the_same_cost(here: Client, person: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(here)
        return len(captured)

    make(person, name="One")
    text_of(here)
    one = cost()
    for number in range(5):
        make(person, name=f"More {number}")
    assert cost() == one


def test_making_and_revoking_are_in_the_sign_in_history(here: Client, person: User) -> None:
    here.post(NEW, FILLED)
    here.post(f"{LIST}{AccessToken.objects.get().pk}/revoke/")
    page = text_of(here, "/account/history/")
    assert "Access token made" in page
    assert "Access token revoked" in page


def test_a_token_opens_no_page(person: User) -> None:
    """It is for the doors that ask for it: a browser's pages know sessions alone."""
    program = Client(headers={"Authorization": f"Bearer {make(person)}"})
    for address in (LIST, "/account/", "/home/", "/admin/"):
        assert program.get(address).status_code == 302


# --- The operator's staff ---------------------------------------------------------------------------------------------


def test_staff_are_told_why_they_have_none(office: Client) -> None:
    assert "Operator staff have no access tokens" in text_of(office)
    assert LIST not in text_of(office, "/account/")


def test_staff_see_all_of_them_and_no_secret(office: Client, person: User) -> None:
    secret = make(person)
    use(secret, ip="198.51.100.9")
    page = text_of(office, "/admin/accounts/accesstoken/")
    for seen in (person.user_id, "Build server", "Send files, Fetch files", "198.51.100.9"):
        assert seen in page
    assert secret not in page
    assert token_of(secret).digest.hex() not in page


def test_staff_revoke_one_with_a_reason_that_its_owner_reads(office: Client, here: Client, person: User) -> None:
    secret, other = make(person), make(person, name="Other")
    address = f"/admin/accounts/accesstoken/{token_of(secret).pk}/revoke/"
    assert "Build server" in text_of(office, address)
    assert office.post(address, {"reason": " "}).status_code == 422
    use(secret)
    assert office.post(address, {"reason": "Found in a public repository"}).status_code == 302
    assert refused_with(secret) == (401, "token_revoked")
    use(other)
    assert "Found in a public repository" in text_of(here)
    (event,) = events("accounts.access_token.revoke")
    assert event.reason == "Found in a public repository"


@pytest.mark.parametrize("page", ["change", "delete", "history", "add"])
def test_the_back_office_changes_none_otherwise(page: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:accounts_accesstoken_{page}", args=[] if page == "add" else ["x"])


def test_nobody_else_sees_the_list_of_the_back_office(here: Client) -> None:
    assert here.get("/admin/accounts/accesstoken/").status_code == 302
