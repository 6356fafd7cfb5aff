"""Sessions of an organisation's users: ended by their administrator, by staff, and by losing a role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Session
from core import tokens
from core.models import AuditEvent, Token
from orgs.models import Membership, Role
from orgs.services import memberships, organizations
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[..., Client]
REASON = {"reason": "A laptop was stolen."}


def is_in(browser: Client) -> bool:
    return browser.get("/account/").status_code == 200


def upload_token(membership: Membership) -> Token:
    return tokens.issue("upload", uuid4(), lifetime=timedelta(hours=1), owner_id=membership.user_id)


def is_alive(token: Token) -> bool:
    token.refresh_from_db()
    return not tokens.ended_because(token)


# --- By somebody who looks after them -----------------------------------------------------------------------------
def test_the_administrator_signs_a_user_out(world: World, browser_of: BrowserOf) -> None:
    theirs, browser = browser_of(world.employee), browser_of(world.inviter)
    token = upload_token(world.employee)
    assert is_in(theirs)
    url = f"/administration/users/{world.employee.pk}/"
    assert "Signed in with 1 browser." in browser.get(url).content.decode()

    assert browser.post(f"{url}end-sessions/").status_code == 302

    assert not is_in(theirs)
    assert not is_alive(token)
    assert is_in(browser)
    assert "Not signed in at the moment." in browser.get(url).content.decode()


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("approver", 403), ("employee", 403)])
def test_others_do_not(world: World, browser_of: BrowserOf, who: str, status: int) -> None:
    theirs = browser_of(world.employee)

    response = browser_of(getattr(world, who)).post(f"/administration/users/{world.employee.pk}/end-sessions/")

    assert response.status_code == status
    assert is_in(theirs)


def test_looking_at_the_address_changes_nothing(world: World, browser_of: BrowserOf) -> None:
    theirs, browser = browser_of(world.employee), browser_of(world.inviter)

    assert browser.get(f"/administration/users/{world.employee.pk}/end-sessions/").status_code == 405
    assert browser.get("/administration/users/end-sessions/").status_code == 200
    assert is_in(theirs)


def test_everybody_of_the_organisation_but_the_one_who_asks(world: World, browser_of: BrowserOf) -> None:
    browser, stranger = browser_of(world.inviter), browser_of(world.stranger)
    theirs = [browser_of(world.employee), browser_of(world.approver)]
    assert all(is_in(each) for each in (browser, stranger, *theirs))

    assert browser.post("/administration/users/end-sessions/", {"reason": " "}).status_code == 422
    assert all(is_in(each) for each in theirs)
    assert browser.post("/administration/users/end-sessions/", REASON).status_code == 302

    assert [is_in(each) for each in (browser, stranger, *theirs)] == [True, True, False, False]
    [event] = AuditEvent.objects.filter(action="orgs.organization.end_sessions")
    assert (event.actor_id, event.organization_id, event.reason) == (
        world.inviter.user_id,
        world.aurora.pk,
        REASON["reason"],
    )


@pytest.mark.parametrize("who", ["approver", "employee"])
def test_only_its_administrators_sign_everybody_out(world: World, browser_of: BrowserOf, who: str) -> None:
    theirs = browser_of(world.inviter)

    assert browser_of(getattr(world, who)).post("/administration/users/end-sessions/", REASON).status_code == 403
    assert is_in(theirs)


def test_so_do_staff(world: World, browser_of: BrowserOf) -> None:
    theirs, stranger, office = browser_of(world.inviter), browser_of(world.stranger), browser_of(world.staff)
    page = f"/admin/orgs/organization/{world.aurora.pk}/"
    assert "Sign everybody out" in office.get(f"{page}change/").content.decode()

    assert office.post(f"{page}end_sessions/", REASON).status_code == 302

    assert [is_in(each) for each in (theirs, stranger, office)] == [False, True, True]


def test_a_suspended_organisation_has_no_session_left(world: World, browser_of: BrowserOf) -> None:
    theirs, stranger = browser_of(world.employee), browser_of(world.stranger)
    token = upload_token(world.employee)
    assert is_in(theirs)

    organizations.suspend(world.operator, world.aurora, reason="Fraud is suspected.")

    assert [is_in(each) for each in (theirs, stranger)] == [False, True]
    assert not is_alive(token)


# --- Roles --------------------------------------------------------------------------------------------------------
def test_losing_a_role_ends_sessions_and_tokens(world: World, browser_of: BrowserOf) -> None:
    theirs, browser = browser_of(world.approver), browser_of(world.inviter)
    token = upload_token(world.approver)
    assert is_in(theirs)

    browser.post(f"/administration/users/{world.approver.pk}/dismiss/", {"role": "aa:sft"})

    assert not is_in(theirs)
    assert not is_alive(token)
    assert is_in(browser)
    [event] = AuditEvent.objects.filter(action="accounts.session.end_all")
    assert event.reason == "No longer Application Administrator"


def test_a_role_that_is_given_takes_another_key(world: World, browser_of: BrowserOf) -> None:
    theirs, browser = browser_of(world.employee), browser_of(world.inviter)
    assert is_in(theirs)
    before = theirs.cookies["session"].value
    assert is_in(theirs)
    assert theirs.cookies["session"].value == before

    browser.post(f"/administration/users/{world.employee.pk}/appoint/", {"role": "aa:sft"})

    assert is_in(theirs)
    assert theirs.cookies["session"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_who_lays_a_role_down_goes_on_with_smaller_rights_and_another_key(world: World, browser_of: BrowserOf) -> None:
    memberships.appoint(worlds.PEN, membership=world.inviter, role=Role.AA, application=worlds.sft())
    browser = browser_of(world.inviter)
    assert is_in(browser)
    before = browser.cookies["session"].value

    browser.post(f"/administration/users/{world.inviter.pk}/dismiss/", {"role": "aa:sft"})

    assert is_in(browser)
    assert browser.cookies["session"].value != before
