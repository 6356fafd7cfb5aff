"""My Account → Memberships: where somebody is a member, and the change from one organisation to another."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Session
from core.models import AuditEvent
from orgs.models import Membership, MembershipState, OrganizationState, Role
from orgs.services import memberships
from tests.orgs import world as worlds
from tests.orgs.browsing import Viewer
from tests.orgs.world import World


@pytest.fixture
def second(world: World) -> Membership:
    """``employee`` of Aurora is Organization Administrator elsewhere, too."""
    membership = Membership.objects.create(user=world.employee.user, organization=world.elsewhere)
    memberships.appoint(worlds.PEN, membership=membership, role=Role.OA)
    return membership


@pytest.fixture
def at_home(client: Client, world: World) -> Client:
    client.force_login(world.employee.user)
    return client


def change_to(client: Client, membership: Membership) -> int:
    return client.post(f"/account/memberships/{membership.pk}/").status_code


def company_of(client: Client) -> str:
    """For which organisation the page says that one works now."""
    page = client.get("/account/memberships/")
    (current,) = [shown for shown in page.context["memberships"] if shown.is_current]
    return str(current.membership.organization)


def test_the_page_names_every_organisation_and_the_roles_there(
    at_home: Client, world: World, second: Membership
) -> None:
    page = at_home.get("/account/memberships/")
    assert [(str(shown.membership.organization), shown.roles) for shown in page.context["memberships"]] == [
        ("Aurora Aerospace & Sons", []),
        ("Elsewhere Ltd", ["Organization Administrator"]),
    ]
    assert world.elsewhere.organization_id in page.content.decode()


def test_after_the_change_everything_is_seen_with_the_other_rights(
    at_home: Client, world: World, second: Membership
) -> None:
    assert company_of(at_home) == "Aurora Aerospace & Sons"
    assert at_home.get("/administration/users/").status_code == 403
    assert change_to(at_home, second) == 302
    assert company_of(at_home) == "Elsewhere Ltd"
    page = at_home.get("/administration/users/")
    assert page.status_code == 200
    assert world.inviter.user.user_id not in page.content.decode()
    assert change_to(at_home, world.employee) == 302
    assert at_home.get("/administration/users/").status_code == 403


def test_a_change_takes_a_new_session_key_and_ends_the_old_one(at_home: Client, second: Membership) -> None:
    at_home.get("/account/memberships/")
    before = at_home.session.session_key
    change_to(at_home, second)
    key = at_home.session.session_key
    assert key != before
    assert not Session.objects.filter(session_key=before).exists()
    at_home.get("/account/memberships/")
    assert at_home.session.session_key == key


def test_the_trail_of_the_organisation_tells_who_came_to_work_for_it(at_home: Client, second: Membership) -> None:
    change_to(at_home, second)
    (event,) = AuditEvent.objects.filter(action="orgs.membership.act_for")
    assert (event.organization_id, event.actor_id) == (second.organization_id, second.user_id)


def test_another_browser_works_on_for_the_first(at_home: Client, world: World, second: Membership) -> None:
    other = Client()
    other.force_login(world.employee.user)
    change_to(at_home, second)
    assert company_of(other) == "Aurora Aerospace & Sons"


def test_nobody_works_with_the_rights_of_somebody_else(at_home: Client, world: World, second: Membership) -> None:
    assert change_to(at_home, world.inviter) == 404
    assert change_to(at_home, world.stranger) == 404
    assert company_of(at_home) == "Aurora Aerospace & Sons"


@pytest.mark.parametrize("what", ["membership", "organisation"])
def test_what_is_not_active_cannot_be_chosen(at_home: Client, world: World, second: Membership, what: str) -> None:
    if what == "membership":
        second.state, second.suspension_reason = MembershipState.SUSPENDED, "Left the project."
        second.save()
    else:
        world.elsewhere.state = OrganizationState.SUSPENDED
        world.elsewhere.save()
    assert change_to(at_home, second) == 403
    assert company_of(at_home) == "Aurora Aerospace & Sons"
    assert b"Switch" not in at_home.get("/account/memberships/").content


def test_who_is_suspended_where_they_work_now_goes_on_for_the_other(
    at_home: Client, world: World, second: Membership
) -> None:
    change_to(at_home, second)
    Membership.objects.filter(pk=second.pk).update(state=MembershipState.SUSPENDED, suspension_reason="Left.")
    assert company_of(at_home) == "Aurora Aerospace & Sons"


def test_looking_changes_nothing(at_home: Client, second: Membership) -> None:
    assert at_home.get(f"/account/memberships/{second.pk}/").status_code == 405
    assert company_of(at_home) == "Aurora Aerospace & Sons"


def test_operator_staff_belong_to_no_organisation(client: Client, world: World) -> None:
    client.force_login(world.staff)
    page = client.get("/account/")
    assert "/account/memberships/" not in page.content.decode()
    assert b"You belong to no organization" in client.get("/account/memberships/").content


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_can_be_looked_at(viewer: Viewer, world: World, second: Membership) -> None:
    viewer.sign_in(world.employee)
    viewer.see("account-memberships", "/account/memberships/")
    viewer.press("Switch to Elsewhere Ltd")
    viewer.open("/account/memberships/")
    viewer.page.get_by_role("row", name="Elsewhere Ltd").get_by_text("You work for it now").wait_for()
