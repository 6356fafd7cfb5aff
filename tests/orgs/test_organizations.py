"""An organisation as a whole: suspended, reactivated and closed by operator staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent
from core.outbox import render
from orgs.models import ChangeRequestState, Membership, OrganizationState
from orgs.services import organizations
from orgs.services.sign_in import MembersOnly
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.changes import change_profile
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

Browsers = Callable[..., Client]
REASON = "The register has deleted it."


def url(world: World, verb: str) -> str:
    return f"/admin/orgs/organization/{world.aurora.pk}/{verb}/"


def test_suspending_keeps_everybody_out_at_once_and_tells_the_administrators(
    world: World, browser_of: Browsers
) -> None:
    employee = browser_of(world.employee)
    assert employee.get("/account/").status_code == 200

    organizations.suspend(world.operator, world.aurora, reason=REASON)

    assert world.reloaded().state == OrganizationState.SUSPENDED
    assert employee.get("/account/").status_code == 302
    assert not MembersOnly().may_sign_in(world.employee.user)
    [mail] = worlds.mails("organization_suspended")
    assert mail.to == world.inviter.user.email
    assert REASON in render(mail).text
    event = AuditEvent.objects.get(action="orgs.organization.suspend")
    assert (event.reason, event.organization_id) == (REASON, world.aurora.pk)


def test_reactivating_lets_everybody_in_again(world: World) -> None:
    suspended = organizations.suspend(world.operator, world.aurora, reason=REASON)

    organizations.reactivate(world.operator, suspended, reason="Settled.")

    assert MembersOnly().may_sign_in(world.employee.user)
    assert [mail.to for mail in worlds.mails("organization_reactivated")] == [world.inviter.user.email]


def test_closing_ends_it_with_everything_that_waits(world: World) -> None:
    change = change_profile(world, city="York")
    suspended = organizations.suspend(world.operator, world.aurora, reason=REASON)

    closed = organizations.close(world.operator, suspended, reason=REASON)

    change.refresh_from_db()
    assert (closed.state, change.state) == (OrganizationState.CLOSED, ChangeRequestState.WITHDRAWN)
    assert [mail.to for mail in worlds.mails("organization_closed")] == [world.inviter.user.email]
    with pytest.raises(Conflict):
        organizations.reactivate(world.operator, closed, reason="Oh no.")


def test_only_what_is_suspended_is_closed(world: World) -> None:
    with pytest.raises(Conflict):
        organizations.close(world.operator, world.aurora, reason=REASON)
    assert world.reloaded().state == OrganizationState.ACTIVE


@pytest.mark.parametrize("who", ["employee", "approver", "inviter", "stranger"])
def test_members_suspend_no_organisation(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        organizations.suspend(worlds.acting(getattr(world, who)), world.aurora, reason=REASON)


def test_staff_with_a_membership_in_it_leave_it_to_a_colleague(world: World) -> None:
    Membership.objects.create(user=world.staff, organization=world.aurora)

    with pytest.raises(NotAllowed):
        organizations.suspend(world.operator, world.aurora, reason=REASON)


def test_it_takes_a_reason(world: World) -> None:
    with pytest.raises(Invalid):
        organizations.suspend(world.operator, world.aurora, reason=" ")


@pytest.mark.django_db(transaction=True)
def test_suspending_many_times_at_once_is_once(world: World) -> None:
    outcomes = at_once([lambda: organizations.suspend(world.operator, world.aurora, reason=REASON)] * 6)

    assert sum(outcome is None for outcome in outcomes) == 1
    assert len(worlds.mails("organization_suspended")) == 1


# --- The pages ----------------------------------------------------------------------------------------------------
def test_the_buttons_lead_through_a_reason(world: World, browser_of: Browsers) -> None:
    staff, page = browser_of(world.staff), url(world, "change")
    assert url(world, "suspend") in staff.get(page).content.decode()
    assert url(world, "close") not in staff.get(page).content.decode()
    assert "signed out at once" in staff.get(url(world, "suspend")).content.decode()

    missing = staff.post(url(world, "suspend"), {"reason": ""})
    after = staff.post(url(world, "suspend"), {"reason": REASON}, follow=True).content.decode()

    assert missing.status_code == 422
    assert "is suspended and its users are signed out." in after
    assert REASON in after
    assert url(world, "close") in after
    assert url(world, "reactivate") in after


def test_a_step_that_is_no_longer_open_says_so(world: World, browser_of: Browsers) -> None:
    staff = browser_of(world.staff)
    staff.post(url(world, "suspend"), {"reason": REASON})

    again = staff.post(url(world, "suspend"), {"reason": REASON})

    assert again.status_code == 409
    assert "This organisation is now “Suspended”" in again.content.decode()


def test_an_organisation_that_does_not_exist_is_not_found(world: World, browser_of: Browsers) -> None:
    staff = browser_of(world.staff)

    for verb in ("suspend", "close", "reactivate", "administrators"):
        assert staff.get(f"/admin/orgs/organization/{world.staff.pk}/{verb}/").status_code == 404
