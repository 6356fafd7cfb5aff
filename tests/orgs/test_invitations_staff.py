"""Invitations in the back office."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from orgs.models import Invitation
from orgs.services import invitations
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
ADMIN = "/admin/orgs/invitation/"


def test_staff_invite_for_the_operator_or_for_an_organisation(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.staff)
    data = {"company_name": "Newco", "email": "kim@newco.example", "applications": [str(worlds.sft().pk)]}

    for number, organization in enumerate(("", world.aurora.organization_id, str(world.elsewhere.pk))):
        sent = {**data, "organization": organization, "email": f"kim{number}@newco.example"}
        page = browser.post(f"{ADMIN}add/", sent, follow=True)
        assert "is on its way to kim" in page.content.decode()

    made = Invitation.objects.order_by("email")
    assert [invitation.organization for invitation in made] == [None, world.aurora, world.elsewhere]
    assert {invitation.inviter for invitation in made} == {world.staff}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"organization": "ORG-0000-0000"}, "There is no active organisation with this ID"),
        ({"organization": "x"}, "There is no active organisation with this ID"),
        ({"organization": "ORG-\0"}, "There is no active organisation with this ID"),
        ({"email": "kim"}, "This is no e-mail address"),
        ({"company_name": ""}, "Enter the name of the company"),
    ],
)
def test_staff_are_told_what_is_wrong(
    world: World, browser_of: Callable[..., Client], changes: dict[str, str], sentence: str
) -> None:
    data = {"company_name": "Newco", "email": "kim@newco.example", "applications": [str(worlds.sft().pk)], **changes}

    answer = browser_of(world.staff).post(f"{ADMIN}add/", data)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Invitation.objects.exists()


def test_staff_extend_resend_and_revoke(world: World, browser_of: Callable[..., Client]) -> None:
    invitation, browser = worlds.invite(world), browser_of(world.staff)
    page = f"{ADMIN}{invitation.pk}/"

    extended = browser.post(f"{page}extend/", follow=True).content.decode()
    resent = browser.post(f"{page}resend/", follow=True).content.decode()
    revoked = browser.post(f"{page}revoke/", follow=True).content.decode()

    assert "good for the full time again" in extended
    assert "A new link is on its way" in resent
    assert "Nothing: the invitation has ended." in revoked
    assert "This invitation is" in browser.post(f"{page}resend/", follow=True).content.decode()
    assert browser.get(f"{page}revoke/").status_code == 405


def test_staff_extend_and_resend_several(world: World, browser_of: Callable[..., Client]) -> None:
    worlds.invite(world)
    gone = invitations.revoke(worlds.acting(world.inviter), worlds.invite(world, email="b@b.example"))
    chosen = {"_selected_action": [str(row.pk) for row in Invitation.objects.all()]}

    for action, words in (("extend_chosen", "1 extended."), ("resend_chosen", "1 sent again.")):
        answer = browser_of(world.staff).post(ADMIN, {**chosen, "action": action}, follow=True)
        assert words in answer.content.decode()
        assert gone.email in answer.content.decode()


def test_the_back_office_is_for_staff(world: World, browser_of: Callable[..., Client]) -> None:
    invitation = worlds.invite(world)

    for path in ("", "add/", f"{invitation.pk}/change/"):
        assert browser_of(world.inviter).get(f"{ADMIN}{path}").status_code == 302
        assert browser_of(world.staff).get(f"{ADMIN}{path}").status_code == 200
    assert browser_of(world.inviter).post(f"{ADMIN}{invitation.pk}/revoke/").status_code == 302
    assert browser_of(world.staff).get(f"{ADMIN}nothing/change/").status_code == 404


def test_staff_find_by_company_address_and_reference(world: World, browser_of: Callable[..., Client]) -> None:
    invitations.create(
        worlds.acting(world.inviter),
        company_name="Nordic Alloys",
        email="a@alloys.example",
        external_reference="V-4711",
    )
    worlds.invite(world)

    for search in ("nordic", "a@alloys", "V-4711"):
        page = browser_of(world.staff).get(ADMIN, {"q": search}).content.decode()
        assert "Nordic Alloys" in page
        assert "Newco Metals" not in page
