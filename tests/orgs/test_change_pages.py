"""The pages by which an organisation changes, for its administrators and for operator staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.models import AuditEvent
from core.throttles import FailMode, Limit
from orgs.models import ChangeRequest, ChangeRequestState, Organization, Role
from orgs.services import change_requests
from tests.orgs import world as worlds
from tests.orgs.changes import WHY, act, change_profile, with_profile
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

Browsers = Callable[..., Client]
PAGE, EDIT = "/administration/organization/", "/administration/organization/edit/"


@pytest.fixture
def world(world: World) -> World:
    return with_profile(world)


def filled(browser: Client, **changes: str) -> dict[str, str]:
    """What the form shows, with ``changes``."""
    form = browser.get(EDIT).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return {**{name: "" if value is None else str(value) for name, value in shown.items()}, **changes}


# --- The organisation's page --------------------------------------------------------------------------------------
def test_the_form_begins_with_what_holds_and_saving_it_changes_nothing(world: World, browser_of: Browsers) -> None:
    browser = browser_of(world.inviter)

    page = browser.post(EDIT, filled(browser), follow=True).content.decode()

    assert "nothing was changed" in page
    assert not ChangeRequest.objects.exists()
    assert not AuditEvent.objects.filter(action="orgs.organization.edit").exists()


def test_an_edit_says_what_is_saved_and_what_waits(world: World, browser_of: Browsers) -> None:
    browser = browser_of(world.inviter)

    page = browser.post(
        EDIT, filled(browser, website="aurora.example", city="York", message=WHY), follow=True
    ).content.decode()

    assert "Saved: Website." in page
    assert "Waiting for Exostar" in page
    assert "Asked for by Olivia Baker" in page
    assert WHY in page
    assert Organization.objects.get(pk=world.aurora.pk).city == "Wichita"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"city": "York", "message": ""}, "Say why, in a sentence or two"),
        ({"postal_code": "nonsense", "website": "https://typed.example", "message": WHY}, "This is no postal code of"),
        ({"phone": "+494036660123"}, "This is no phone number of"),
        ({"legal_name": ""}, "Enter the legal name"),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(
    world: World, browser_of: Browsers, changes: dict[str, str], sentence: str
) -> None:
    browser = browser_of(world.inviter)

    answer = browser.post(EDIT, filled(browser, doing_business_as="Typed By Hand", **changes))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Typed By Hand" in page
    assert sentence in page
    assert not ChangeRequest.objects.exists()
    assert Organization.objects.get(pk=world.aurora.pk).doing_business_as == ""


def test_while_a_request_waits_the_form_shows_it_and_replaces_it(world: World, browser_of: Browsers) -> None:
    change, browser = change_profile(world, city="York"), browser_of(world.inviter)

    assert filled(browser)["city"] == "York"
    assert "A change waits already" in browser.get(EDIT).content.decode()
    browser.post(EDIT, filled(browser, city="Leeds"))

    change.refresh_from_db()
    assert change.state == ChangeRequestState.WITHDRAWN
    [waiting] = ChangeRequest.objects.filter(state=ChangeRequestState.REQUESTED)
    assert waiting.profile["city"] == {"from": "Wichita", "to": "Leeds"}


def test_two_editors_at_once_are_told_and_lose_nothing(world: World, browser_of: Browsers) -> None:
    browser = browser_of(world.inviter)
    late = filled(browser, doing_business_as="Late")
    browser.post(EDIT, filled(browser, website="https://early.example"))

    refused = browser.post(EDIT, late)
    again = {**late, "seen": refused.context["form"]["seen"].value()}

    assert refused.status_code == 409
    assert "Somebody else changed the profile" in refused.content.decode()
    assert 'value="Late"' in refused.content.decode()
    assert browser.post(EDIT, again).status_code == 302
    assert Organization.objects.get(pk=world.aurora.pk).doing_business_as == "Late"


def test_too_many_requests_a_day_are_refused_and_lose_nothing(
    world: World, browser_of: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_requests, "REQUESTS_A_DAY", Limit("test", "1/day", FailMode.OPEN))
    browser = browser_of(world.inviter)
    browser.post(EDIT, filled(browser, city="York", message=WHY))

    refused = browser.post(EDIT, filled(browser, city="Leeds", message=WHY))

    assert refused.status_code == 429
    assert 'value="Leeds"' in refused.content.decode()
    [waiting] = ChangeRequest.objects.filter(state=ChangeRequestState.REQUESTED)
    assert waiting.profile["city"]["to"] == "York"


def test_fields_that_are_not_the_forms_own_change_nothing(world: World, browser_of: Browsers) -> None:
    browser = browser_of(world.inviter)

    browser.post(EDIT, filled(browser, website="https://x.example", state="closed", organization_id="ORG-1", id="1"))

    organization = Organization.objects.get(pk=world.aurora.pk)
    assert (organization.state, organization.organization_id) == ("active", world.aurora.organization_id)


def test_withdrawing_and_doing_so_twice(world: World, browser_of: Browsers) -> None:
    change, browser = change_profile(world, city="York"), browser_of(world.inviter)
    url = f"/administration/changes/{change.pk}/withdraw/"
    assert url in browser.get(PAGE).content.decode()

    first = browser.post(url, follow=True).content.decode()
    second = browser.post(url, follow=True).content.decode()

    assert "Withdrawn. Everything stays as it is." in first
    assert "This change request is now “Withdrawn”" in second


def test_a_denial_is_shown_with_its_reason(world: World, browser_of: Browsers) -> None:
    change = change_profile(world, city="York")
    browser_of(world.staff).post(act(change, "deny"), {"reason": "The register says otherwise."})

    page = browser_of(world.inviter).get(PAGE).content.decode()

    assert "Denied" in page
    assert "The register says otherwise." in page


@pytest.mark.parametrize(("who", "status"), [("employee", 403), ("approver", 403), ("inviter", 200), ("staff", 404)])
def test_who_edits(world: World, browser_of: Browsers, who: str, status: int) -> None:
    browser = browser_of(getattr(world, who))

    assert browser.get(EDIT).status_code == status
    assert browser.post(EDIT, {"legal_name": "x"}).status_code == (422 if status == 200 else status)


def test_an_application_administrator_sees_what_waits_and_touches_nothing(world: World, browser_of: Browsers) -> None:
    change = change_profile(world, city="York")
    browser = browser_of(world.approver)

    page = browser.get(PAGE).content.decode()

    assert "Waiting for Exostar" in page
    assert "withdraw/" not in page
    assert EDIT not in page
    assert browser.post(f"/administration/changes/{change.pk}/withdraw/").status_code == 403


def test_a_single_administrator_is_advised_to_ask_for_a_second(world: World, browser_of: Browsers) -> None:
    browser = browser_of(world.inviter)
    advice = "Only one Organization Administrator can act"

    assert advice in browser.get(PAGE).content.decode()
    worlds.member(world.aurora, "Second", Role.OA)
    assert advice not in browser.get(PAGE).content.decode()


# --- Asking for an administrator ----------------------------------------------------------------------------------
def test_asking_for_an_administrator(world: World, browser_of: Browsers) -> None:
    browser, user = browser_of(world.inviter), f"/administration/users/{world.employee.pk}/"
    url = f"{user}organization-administrator/"
    assert url in browser.get(user).content.decode()

    missing = browser.post(url, {"message": " "})
    page = browser.post(url, {"message": WHY}, follow=True).content.decode()

    assert (missing.status_code, "Say why, in a sentence or two" in missing.content.decode()) == (422, True)
    assert "to become Organization Administrator" in page
    assert url not in page
    [change] = ChangeRequest.objects.all()
    assert change.administrators == [{"membership": str(world.employee.pk), "name": "Emma Baker", "action": "appoint"}]


def test_asking_to_dismiss_the_last_one_is_answered_with_why_not(world: World, browser_of: Browsers) -> None:
    url = f"/administration/users/{world.inviter.pk}/organization-administrator/"

    page = browser_of(world.inviter).post(url, {"message": WHY}, follow=True).content.decode()

    assert "This is the last active Organization Administrator." in page
    assert not ChangeRequest.objects.exists()
