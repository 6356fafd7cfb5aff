"""The operator's pages for changes of organisations, and those on which staff ask for one themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from orgs.models import ChangeRequest, ChangeRequestState, Organization, Role
from orgs.services import actors, change_requests
from tests.orgs import world as worlds
from tests.orgs.changes import QUEUE, WHY, act, ask_for, change_profile, with_profile
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

Browsers = Callable[..., Client]


@pytest.fixture
def world(world: World) -> World:
    return with_profile(world)


def test_the_queue_shows_what_waits_and_the_index_counts_it(world: World, browser_of: Browsers) -> None:
    change_profile(world, city="York", uei="ZQGGHJH74DW7")
    staff = browser_of(world.staff)

    page, index = staff.get(QUEUE).content.decode(), staff.get("/admin/").content.decode()

    assert "City, UEI" in page
    assert "Olivia Baker" in page
    assert "Changes to decide" in index
    for queue in ("overdue", "mine", "approved", "denied", "withdrawn", "all"):
        assert ("City, UEI" in staff.get(QUEUE, {"queue": queue}).content.decode()) == (queue == "all"), queue


def test_the_queue_takes_as_many_queries_for_many_as_for_one(
    world: World, browser_of: Browsers, django_assert_max_num_queries: Any
) -> None:
    worlds.member(world.aurora, "Second", Role.OA)
    change_profile(world, city="York")
    for name in ("Ana", "Bea", "Cem", "Dan"):
        ask_for(world, appoint=[worlds.member(world.aurora, name)])
    staff = browser_of(world.staff)

    with django_assert_max_num_queries(10):
        assert staff.get(QUEUE).content.decode().count("Administrators: ") == 4


def test_the_page_has_old_and_new_of_the_changed_fields_only(world: World, browser_of: Browsers) -> None:
    Organization.objects.filter(pk=world.elsewhere.pk).update(uei="ZQGGHJH74DW7")
    change = change_profile(world, city="York", uei="ZQGGHJH74DW7")

    page = browser_of(world.staff).get(f"{QUEUE}{change.pk}/change/").content.decode()

    for text in ("Wichita", "York", "ZQGGHJH74DW7", WHY, "Same UEI", "Elsewhere Ltd", "Approve", "Deny"):
        assert text in page, text
    assert "1200 Skyline Drive" not in page


def test_approving_by_the_button(world: World, browser_of: Browsers) -> None:
    change, staff = change_profile(world, city="York"), browser_of(world.staff)

    first = staff.post(act(change, "approve"), follow=True).content.decode()
    second = staff.post(act(change, "approve"))

    assert "Approved. The mails are on their way." in first
    assert second.status_code == 409
    assert "This change request is now “Approved”" in second.content.decode()
    assert Organization.objects.get(pk=world.aurora.pk).city == "York"


def test_denying_takes_a_reason(world: World, browser_of: Browsers) -> None:
    change, staff = change_profile(world, city="York"), browser_of(world.staff)

    missing = staff.post(act(change, "deny"), {"reason": " "})
    staff.post(act(change, "deny"), {"reason": "No."})

    assert missing.status_code == 422
    assert "Say why, in a sentence" in missing.content.decode()
    change.refresh_from_db()
    assert (change.state, change.decision_reason) == (ChangeRequestState.DENIED, "No.")


def test_what_no_longer_fits_is_a_conflict_in_clear_words(world: World, browser_of: Browsers) -> None:
    change, staff = change_profile(world, city="York"), browser_of(world.staff)
    Organization.objects.filter(pk=world.aurora.pk).update(city="Leeds")

    answer = staff.post(act(change, "approve"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "“City” has changed since this was asked for: it was “Wichita” and is now “Leeds”." in page
    assert "cannot be approved as it is" in page
    assert act(change, "approve") not in page


def test_claiming_and_taking_over_by_the_buttons(world: World, browser_of: Browsers) -> None:
    change, tess = change_profile(world, city="York"), worlds.user("Tess", staff=True)
    browser_of(world.staff).post(act(change, "claim"))

    refused = browser_of(tess).post(act(change, "claim"))
    assert "Sam Baker has claimed this" in refused.content.decode()
    browser_of(tess).post(act(change, "claim"), {"force": "1"})
    change.refresh_from_db()
    assert change.assigned_to == tess
    browser_of(tess).post(act(change, "release"))
    change.refresh_from_db()
    assert change.assigned_to is None


@pytest.mark.parametrize("who", ["employee", "approver", "inviter", "stranger"])
def test_the_operators_pages_are_closed_to_members(world: World, browser_of: Browsers, who: str) -> None:
    change, browser = change_profile(world, city="York"), browser_of(getattr(world, who))
    organization = f"/admin/orgs/organization/{world.aurora.pk}/"

    for verb in ("approve", "deny", "claim", "release", "withdraw"):
        assert browser.post(act(change, verb), {"reason": "x"}).status_code == 302
    for verb in ("suspend", "close", "reactivate", "administrators"):
        assert browser.post(f"{organization}{verb}/", {"reason": "x"}).status_code == 302
    change.refresh_from_db()
    assert (change.state, change.assigned_to) == (ChangeRequestState.REQUESTED, None)
    assert Organization.objects.get(pk=world.aurora.pk).state == "active"


def test_deciding_takes_a_post(world: World, browser_of: Browsers) -> None:
    change, staff = change_profile(world, city="York"), browser_of(world.staff)

    assert {staff.get(act(change, verb)).status_code for verb in ("approve", "deny", "claim", "withdraw")} == {405}


# --- A change of administrator ------------------------------------------------------------------------------------
def test_a_change_of_administrator_takes_two_of_the_staff(world: World, browser_of: Browsers) -> None:
    staff, tess = browser_of(world.staff), browser_of(worlds.user("Tess", staff=True))
    url = f"/admin/orgs/organization/{world.aurora.pk}/administrators/"
    assert url in staff.get(f"/admin/orgs/organization/{world.aurora.pk}/change/").content.decode()
    posted = {"email": world.employee.user.email, "dismiss": [str(world.inviter.pk)], "message": WHY}

    page = staff.post(url, posted, follow=True).content.decode()
    [change] = ChangeRequest.objects.all()

    assert "You asked for this change, so somebody else has to decide it." in page
    assert staff.post(act(change, "approve")).status_code == 403
    assert tess.post(act(change, "approve")).status_code == 302
    assert "oa" in actors.roles_of(world.employee)
    assert "oa" not in actors.roles_of(world.inviter)


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"message": WHY}, "email"),
        ({"email": "nina@aurora.example", "message": WHY}, "first_name"),
        ({"email": "nonsense", "message": WHY}, "email"),
        ({"email": "nina@aurora.example", "first_name": "Nina", "last_name": "North"}, "message"),
        ({"dismiss": ["00000000-0000-0000-0000-000000000000"], "message": WHY}, "dismiss"),
    ],
)
def test_a_change_of_administrator_that_lacks_something_says_what(
    world: World, browser_of: Browsers, posted: dict[str, Any], field: str
) -> None:
    answer = browser_of(world.staff).post(f"/admin/orgs/organization/{world.aurora.pk}/administrators/", posted)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not ChangeRequest.objects.exists()


def test_staff_edit_a_profile_with_the_consent_of_a_colleague(world: World, browser_of: Browsers) -> None:
    staff, url = browser_of(world.staff), f"/admin/orgs/organization/{world.aurora.pk}/profile/"
    form = staff.get(url).context["form"]
    shown = {name: form[name].value() or "" for name in form.fields}

    page = staff.post(url, {**shown, "website": "https://x.example", "city": "York", "message": WHY}, follow=True)

    [change] = ChangeRequest.objects.all()
    assert (change.requested_by_staff, set(change.profile)) == (world.staff, {"city"})
    assert Organization.objects.get(pk=world.aurora.pk).website == "https://x.example"
    assert "Saved: Website." in page.content.decode()
    assert staff.post(act(change, "approve")).status_code == 403
    assert staff.post(url, {**shown, "legal_name": ""}).status_code == 422


def test_members_and_staff_do_not_replace_what_the_other_asked_for(world: World, browser_of: Browsers) -> None:
    change, staff = change_profile(world, city="York"), browser_of(world.staff)
    url = f"/admin/orgs/organization/{world.aurora.pk}/profile/"
    form = staff.get(url).context["form"]
    shown = {name: form[name].value() or "" for name in form.fields}

    refused = staff.post(url, {**shown, "city": "Leeds"})

    assert refused.status_code == 409
    assert "It has to be decided or withdrawn first." in refused.content.decode()
    change.refresh_from_db()
    assert change.state == ChangeRequestState.REQUESTED


def test_the_administrators_hear_of_it_before_it_is_decided(world: World) -> None:
    change_requests.ask_for_administrators(
        world.operator, organization=world.aurora, appoint=[world.employee], dismiss=[world.inviter], message=WHY
    )

    assert [mail.to for mail in worlds.mails("change_received")] == [world.inviter.user.email]
    assert worlds.mails("change_received")[0].context["asked_by"] == "Exostar"
